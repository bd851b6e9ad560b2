//! Several processes on one ledger, one after another or side by side: what each of them sees of the others.

use super::*;
use crate::error::LedgerError;

on_every_engine!(
    what_another_wrote_is_noticed_once_and_own_writing_is_not,
    a_transaction_that_is_given_up_is_undone_at_once,
    what_was_acknowledged_survives_a_crash,
    a_reader_looks_while_a_host_runs_and_writes_nothing,
);

async fn what_another_wrote_is_noticed_once_and_own_writing_is_not(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let visitor = fixture.join(OpenMode::Visitor).await;
    let reader = fixture.join(OpenMode::Reader).await;
    for ledger in [&fixture.ledger, &visitor, &reader] {
        assert!(!ledger.changed_elsewhere().await.unwrap());
    }
    fixture.plan(vec![occurrence("a", "acme", 0)], 0).await;
    assert!(!fixture.ledger.changed_elsewhere().await.unwrap());
    for ledger in [&visitor, &reader] {
        assert!(ledger.changed_elsewhere().await.unwrap());
        assert!(!ledger.changed_elsewhere().await.unwrap());
    }
    assert_eq!(visitor.claim(request(0)).await.unwrap().claims.len(), 1);
    assert!(fixture.ledger.changed_elsewhere().await.unwrap());
    assert!(!fixture.ledger.changed_elsewhere().await.unwrap());
    assert!(!visitor.changed_elsewhere().await.unwrap());
}

async fn a_transaction_that_is_given_up_is_undone_at_once(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let visitor = fixture.join(OpenMode::Visitor).await;
    let nothing = crate::catalog::CatalogChange::Release {
        id: Uuid::nil(),
        name: "case".into(),
    };
    let refused = fixture
        .ledger
        .change_catalog(vec![nothing], vec![entry("released")], at(0));
    assert!(matches!(refused.await, Err(LedgerError::NotFound(_))));
    // Nobody has to wait for the lock, and the next one begins anew.
    let plan = |name: &str| Plan {
        occurrences: vec![occurrence(name, "acme", 0)],
        watermarks: Vec::new(),
    };
    assert_eq!(visitor.plan(plan("a"), at(0)).await.unwrap().waiting, 1);
    assert_eq!(fixture.claim(0).await.len(), 1);
    assert_eq!(
        fixture.ledger.claim(request(0)).await.unwrap(),
        Default::default()
    );
    assert_eq!(visitor.plan(plan("b"), at(0)).await.unwrap().waiting, 1);
    assert_eq!(fixture.size().await, 0);
}

async fn what_was_acknowledged_survives_a_crash(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture
        .plan(
            vec![occurrence("a", "acme", 0), occurrence("b", "acme", 0)],
            0,
        )
        .await;
    let claims = fixture.claim(0).await;
    assert!(fixture.record(&claims[0], succeeded(), 1).await);
    let head = fixture.ledger.audit_state().await.unwrap();
    let place = fixture.crash();
    let ledger = place.open(OpenMode::Host).await.unwrap();
    assert_eq!(ledger.audit_state().await.unwrap(), head);
    let again = ledger.claim(request(60)).await.unwrap().claims;
    assert_eq!(
        again
            .iter()
            .map(|claim| (claim.id, claim.fence, claim.reclaimed))
            .collect::<Vec<_>>(),
        [(claims[1].id, 2, true)]
    );
    let end = vec![transition(&again[0], succeeded())];
    assert_eq!(ledger.record(end, at(61)).await.unwrap().written, [true]);
    assert_eq!(ledger.audit_state().await.unwrap().size, head.size + 1);
}

async fn a_reader_looks_while_a_host_runs_and_writes_nothing(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let reader = fixture.join(OpenMode::Reader).await;
    assert_eq!(
        reader
            .occurrences(OccurrenceFilter::default())
            .await
            .unwrap(),
        []
    );
    fixture.plan(vec![occurrence("a", "acme", 0)], 0).await;
    assert_eq!(
        reader
            .occurrences(OccurrenceFilter::default())
            .await
            .unwrap()
            .len(),
        1
    );
    let plan = Plan {
        occurrences: vec![occurrence("b", "acme", 0)],
        watermarks: Vec::new(),
    };
    assert!(matches!(
        reader.plan(plan, at(0)).await,
        Err(LedgerError::ReadOnly)
    ));
    assert!(matches!(
        reader.claim(request(0)).await,
        Err(LedgerError::ReadOnly)
    ));
    let none = reader.append_audit(entry("x"), at(0)).await;
    assert!(matches!(none, Err(LedgerError::ReadOnly)));
    // A reader's export too is whole, and the host goes on.
    let export = tempfile::tempdir().unwrap();
    reader.export_audit(export.path()).await.unwrap();
    assert_eq!(fixture.claim(0).await.len(), 1);
}
