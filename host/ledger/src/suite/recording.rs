//! Recording: one transaction, one outcome, one entry.

use super::*;
use crate::catalog::{CatalogChange, SnapshotFilter};
use crate::error::LedgerError;
use strongroom_domain::retry::Failure;

on_every_engine!(
    an_end_is_written_with_everything_that_belongs_to_it,
    a_failure_is_kept_until_the_end_and_with_its_attempt,
    of_several_transitions_only_those_with_their_fence_are_written,
    one_transition_that_cannot_be_written_undoes_all,
    a_future_that_is_dropped_midway_leaves_nothing_and_harms_nothing,
    an_entry_that_cannot_be_on_record_stops_what_it_records,
);

async fn an_end_is_written_with_everything_that_belongs_to_it(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture.plan(vec![occurrence("daily", "acme", 0)], 0).await;
    let claim = fixture.claim_one(0).await;
    let mut end = transition(&claim, succeeded());
    end.catalog
        .push(CatalogChange::Added(Box::new(snapshot(7, 1))));
    end.audit.push(entry("snapshot-taken"));
    assert_eq!(fixture.record_all(vec![end], 3).await, [true]);
    let row = fixture.row(claim.id).await;
    assert_eq!(
        (row.outcome, row.ended_at, row.attempts),
        (Some(Outcome::Succeeded), Some(at(3)), 1)
    );
    assert_eq!(row.evidence.get("snapshot"), Some("s-1"));
    assert_eq!(
        fixture.snapshots(SnapshotFilter::default()).await,
        [snapshot(7, 1)]
    );
    assert_eq!(fixture.size().await, 2);
    assert_eq!(fixture.next_wake().await, None);
    assert_eq!(
        fixture
            .ledger
            .next_wake(Some(claim.id), None)
            .await
            .unwrap(),
        None
    );
}

async fn a_failure_is_kept_until_the_end_and_with_its_attempt(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture.plan(vec![occurrence("daily", "acme", 0)], 0).await;
    let claim = fixture.claim_one(0).await;
    let failure = Failure::throttled("slow down", 30_000);
    let mut failed = transition(
        &claim,
        Next::Retry {
            at: at(30),
            reason: "throttled".into(),
        },
    );
    failed.attempt = Some(AttemptRecord {
        failure: Some(failure.clone()),
        ..attempt(1, "failed")
    });
    assert_eq!(fixture.record_all(vec![failed], 1).await, [true]);
    let row = fixture.row(claim.id).await;
    assert_eq!(
        (row.failure.clone(), row.reason.as_deref(), row.ready_at),
        (Some(failure.clone()), Some("throttled"), at(30))
    );
    let again = fixture.claim_one(30).await;
    assert!(fixture.record(&again, succeeded(), 31).await);
    let attempts = fixture.attempts(claim.id).await;
    assert_eq!(
        attempts
            .iter()
            .map(|row| (row.number, row.ending.as_str()))
            .collect::<Vec<_>>(),
        [(1, "failed"), (2, "done")]
    );
    assert_eq!(attempts[0].failure, Some(failure.clone()));
    let row = fixture.row(claim.id).await;
    assert_eq!((row.failure, row.attempts), (Some(failure), 2));
}

async fn of_several_transitions_only_those_with_their_fence_are_written(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture
        .plan(
            vec![occurrence("a", "acme", 0), occurrence("b", "acme", 0)],
            0,
        )
        .await;
    let claims = fixture.claim(0).await;
    let mut stale = claims[0].clone();
    stale.fence = 0;
    let twice = transition(&claims[1], succeeded());
    let mut unknown = transition(&claims[0], succeeded());
    unknown.occurrence = Uuid::from_u128(404);
    let all = vec![
        transition(&stale, succeeded()),
        twice.clone(),
        twice,
        unknown,
        transition(&claims[0], succeeded()),
    ];
    assert_eq!(
        fixture.record_all(all, 1).await,
        [false, true, false, false, true]
    );
    assert_eq!(fixture.size().await, 2);
}

async fn one_transition_that_cannot_be_written_undoes_all(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture
        .plan(
            vec![occurrence("a", "acme", 0), occurrence("b", "acme", 0)],
            0,
        )
        .await;
    let claims = fixture.claim(0).await;
    let mut impossible = transition(&claims[1], succeeded());
    let missing = Uuid::from_u128(404);
    impossible.catalog.push(CatalogChange::Release {
        id: missing,
        name: "legal".into(),
    });
    let both = vec![transition(&claims[0], succeeded()), impossible];
    let error = fixture.ledger.record(both, at(1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotFound(_)), "{error}");
    assert_eq!(fixture.row(claims[0].id).await.outcome, None);
    assert_eq!(fixture.size().await, 0);
    // The tree in memory went back with the transaction: what follows fits.
    assert!(fixture.record(&claims[0], succeeded(), 2).await);
    let export = tempfile::tempdir().unwrap();
    let report = fixture.ledger.export_audit(export.path()).await.unwrap();
    assert_eq!(
        crate::verify_export(export.path(), &report.verifier, None)
            .unwrap()
            .size,
        1
    );
}

async fn a_future_that_is_dropped_midway_leaves_nothing_and_harms_nothing(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture.plan(vec![occurrence("a", "acme", 0)], 0).await;
    let claim = fixture.claim_one(0).await;
    // Dropped after one, two, three … steps: wherever that is, the next write finds a ledger in order.
    for steps in 1..40 {
        let change = fixture.ledger.append_audit(entry("dropped"), at(1));
        let mut change = Box::pin(change);
        for _ in 0..steps {
            let waker = std::task::Waker::noop();
            let polled = change
                .as_mut()
                .poll(&mut std::task::Context::from_waker(waker));
            if polled.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(change);
        let before = fixture.size().await;
        fixture
            .ledger
            .append_audit(entry("kept"), at(1))
            .await
            .unwrap();
        assert!((before..=before + 2).contains(&fixture.size().await));
    }
    assert!(fixture.record(&claim, succeeded(), 1).await);
    let export = tempfile::tempdir().unwrap();
    let report = fixture.ledger.export_audit(export.path()).await.unwrap();
    let verified = crate::verify_export(export.path(), &report.verifier, None).unwrap();
    assert!(verified.size >= 40, "{verified:?}");
}

async fn an_entry_that_cannot_be_on_record_stops_what_it_records(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture.plan(vec![occurrence("a", "acme", 0)], 0).await;
    let claim = fixture.claim_one(0).await;
    let mut end = transition(&claim, succeeded());
    end.audit.push(entry(&"x".repeat(70_000)));
    let error = fixture.ledger.record(vec![end], at(1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::Invalid(_)), "{error}");
    assert_eq!(fixture.row(claim.id).await.outcome, None);
}
