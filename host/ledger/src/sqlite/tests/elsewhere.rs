//! Beside others: what another process wrote is noticed; what is thrown away is not forced to disk.

use super::*;
use crate::error::LedgerError;

#[tokio::test]
async fn what_another_wrote_is_noticed_once_and_own_writing_is_not() {
    let fixture = Fixture::new().await;
    let open = async |mode| {
        SqliteLedger::open(fixture.folder.path(), mode)
            .await
            .unwrap()
    };
    let (visitor, reader) = (open(OpenMode::Visitor).await, open(OpenMode::Reader).await);
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

#[tokio::test]
async fn a_scratch_ledger_is_locked_like_a_hosts_and_forces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path(), OpenMode::Scratch)
        .await
        .unwrap();
    let second = SqliteLedger::open(folder.path(), OpenMode::Host).await;
    assert!(matches!(second.err(), Some(LedgerError::InUse { .. })));
    {
        let mut writer = ledger.writer().await.unwrap();
        let mut write = writer.write().await.unwrap();
        let off: i64 = sqlx::query_scalar("PRAGMA synchronous")
            .fetch_one(write.connection())
            .await
            .unwrap();
        assert_eq!(off, 0);
    }
    let plan = Plan {
        occurrences: vec![occurrence("a", "acme", 0)],
        watermarks: Vec::new(),
    };
    assert_eq!(ledger.plan(plan, at(0)).await.unwrap().waiting, 1);
}

#[tokio::test]
async fn a_ledger_used_alone_is_signed_when_it_is_asked_for_and_gone_when_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let open = async |mode| SqliteLedger::open(folder.path(), mode).await;
    let ledger = open(OpenMode::Alone).await.unwrap();
    let second = open(OpenMode::Host).await;
    assert!(matches!(second.err(), Some(LedgerError::InUse { .. })));
    let missed = |name: &str| NewOccurrence {
        ends: Some((Outcome::Missed, "late".into())),
        ..occurrence(name, "acme", 0)
    };
    let plan = async |name: &str| {
        let plan = Plan {
            occurrences: vec![missed(name)],
            watermarks: Vec::new(),
        };
        ledger.plan(plan, at(0)).await.unwrap()
    };
    assert_eq!(plan("a").await.ended, 1);
    assert_eq!(ledger.audit_state().await.unwrap().size, 1);
    assert_eq!(plan("b").await.ended, 1);
    let stored: String = {
        let mut writer = ledger.writer().await.unwrap();
        // Given up on the way: the head is read again, though it is not signed yet.
        drop(writer.write().await.unwrap());
        let mut write = writer.write().await.unwrap();
        sqlx::query_scalar("SELECT checkpoint FROM audit_head")
            .fetch_one(write.connection())
            .await
            .unwrap()
    };
    assert_eq!(
        stored.lines().nth(1),
        Some("1"),
        "signed when asked for only"
    );
    assert_eq!(plan("c").await.ended, 1);
    let export = folder.path().join("export");
    ledger.export_audit(&export).await.unwrap();
    let key = ledger.audit_state().await.unwrap().verifier;
    let verified = crate::verify_export(&export, &key, None).unwrap();
    assert_eq!(verified.size, 3);
    ledger.close().await;
    assert!(!folder.path().join("ledger.sqlite").exists());
    let ledger = open(OpenMode::Host).await.unwrap();
    assert_eq!(ledger.audit_state().await.unwrap().size, 0, "it is gone");
}

#[tokio::test]
async fn a_transaction_that_is_given_up_is_undone_at_once() {
    let fixture = Fixture::new().await;
    let visitor = SqliteLedger::open(fixture.folder.path(), OpenMode::Visitor)
        .await
        .unwrap();
    let nothing = crate::snapshot::CatalogChange::Release {
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
