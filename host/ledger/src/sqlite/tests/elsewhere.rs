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
