//! Opening: two hosts, newer files, keys that do not fit.

use super::*;
use crate::catalog::SnapshotFilter;
use crate::occurrences::{NewOccurrence, OccurrenceFilter, Plan};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::os::unix::fs::PermissionsExt;
use strongroom_domain::Outcome;

async fn refused(folder: &Path, mode: OpenMode) -> LedgerError {
    open(folder, mode).await.err().expect("a refusal")
}

async fn raw(folder: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(folder.join("ledger.sqlite"))
        .connect()
        .await
        .unwrap()
}

async fn change_behind_its_back(folder: &Path, sql: &'static str) {
    let mut connection = raw(folder).await;
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn two_hosts_on_one_ledger_are_refused_with_the_process() {
    let fixture = fixture().await;
    let error = refused(fixture.place.path(), OpenMode::Host).await;
    assert!(
        matches!(&error, LedgerError::InUse { pid: Some(pid), .. } if *pid == std::process::id()),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains(&format!("process {}", std::process::id()))
    );
    assert!(error.hint().is_some());
    fixture.ledger.close().await;
    open(fixture.place.path(), OpenMode::Host).await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_was_not_committed_left_nothing() {
    let fixture = fixture().await;
    fixture.plan(vec![occurrence("a", "acme", 0)], 0).await;
    let claim = fixture.claim_one(0).await;
    {
        let mut writer = fixture.ledger.writer().await.unwrap();
        let mut write = writer.write().await.unwrap();
        sqlx::query("UPDATE occurrences SET outcome = 'succeeded'")
            .execute(write.connection())
            .await
            .unwrap();
        write.log.append(&entry("never"), at(1)).unwrap();
    }
    let folder = fixture.crash();
    let ledger = open(folder.path(), OpenMode::Host).await.unwrap();
    let filter = OccurrenceFilter {
        id: Some(claim.id),
        ..OccurrenceFilter::default()
    };
    assert_eq!(ledger.occurrences(filter).await.unwrap()[0].outcome, None);
    assert_eq!(ledger.audit_state().await.unwrap().size, 0);
}

#[tokio::test]
async fn a_reader_looks_at_a_ledger_at_rest_or_left_by_a_crash() {
    let fixture = fixture().await;
    fixture.plan(vec![occurrence("a", "acme", 0)], 0).await;
    fixture.ledger.close().await;
    assert!(
        !fixture.place.path().join("ledger.sqlite-wal").exists(),
        "closing tidies up"
    );
    let reader = open(fixture.place.path(), OpenMode::Reader).await.unwrap();
    assert_eq!(
        reader
            .occurrences(OccurrenceFilter::default())
            .await
            .unwrap()
            .len(),
        1
    );
    // A host may come while the reader looks.
    let host = open(fixture.place.path(), OpenMode::Host).await.unwrap();
    assert_eq!(host.claim(request(0)).await.unwrap().claims.len(), 1);
    drop(host);
    let later = open(fixture.place.path(), OpenMode::Reader).await.unwrap();
    assert!(
        later
            .occurrences(OccurrenceFilter::default())
            .await
            .unwrap()[0]
            .owner
            .is_some()
    );
    assert_eq!(
        reader.snapshots(SnapshotFilter::default()).await.unwrap(),
        []
    );
}

#[tokio::test]
async fn a_reader_makes_no_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(folder.path(), OpenMode::Reader).await;
    assert!(matches!(error, LedgerError::NotFound(_)), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_ledger_of_a_newer_version_is_refused_and_left_as_it_was() {
    let fixture = fixture().await;
    let folder = fixture.place.path();
    fixture.ledger.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (99, 'from the future', 1, x'00', 0)";
    change_behind_its_back(folder, newer).await;
    let before = std::fs::read(folder.join("ledger.sqlite")).unwrap();
    for mode in [OpenMode::Host, OpenMode::Reader] {
        let error = refused(folder, mode).await;
        assert!(
            matches!(
                error,
                LedgerError::Newer {
                    found: 99,
                    known: 6
                }
            ),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("upgrade"));
    }
    assert_eq!(std::fs::read(folder.join("ledger.sqlite")).unwrap(), before);
}

#[tokio::test]
async fn a_reader_refuses_a_ledger_that_is_not_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteConnectOptions::new()
        .filename(folder.path().join("ledger.sqlite"))
        .create_if_missing(true);
    file.connect().await.unwrap().close().await.unwrap();
    let error = refused(folder.path(), OpenMode::Reader).await;
    assert!(
        matches!(error, LedgerError::Older { found: 0, known: 6 }),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_ledger_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.sqlite");
    std::fs::write(
        &file,
        "this is not a database, however long it may be".repeat(100),
    )
    .unwrap();
    let before = std::fs::read(&file).unwrap();
    for mode in [OpenMode::Host, OpenMode::Reader] {
        let error = refused(folder.path(), mode).await;
        assert!(matches!(error, LedgerError::Corrupt { .. }), "{error}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn the_key_of_the_record_must_be_there_and_be_the_right_one() {
    let fixture = fixture().await;
    let folder = fixture.place.path();
    fixture.ledger.close().await;
    let key = folder.join("audit.key");
    let seed = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    assert!(matches!(
        refused(folder, OpenMode::Host).await,
        LedgerError::AuditKey { .. }
    ));
    assert!(!key.exists(), "a lost key is not replaced in silence");
    for wrong in [vec![7; 32], vec![7; 31], vec![]] {
        std::fs::write(&key, wrong).unwrap();
        assert!(matches!(
            refused(folder, OpenMode::Host).await,
            LedgerError::AuditKey { .. }
        ));
    }
    std::fs::write(&key, seed).unwrap();
    open(folder, OpenMode::Host).await.unwrap();
}

#[tokio::test]
async fn a_record_changed_behind_the_ledgers_back_is_found() {
    for (sql, at_opening) in [
        ("UPDATE audit_head SET size = size - 1", true),
        ("UPDATE audit_head SET edge = x'00'", true),
        (
            "UPDATE audit_head SET checkpoint = replace(checkpoint, char(10) || '3', char(10) || '4')",
            true,
        ),
        (
            "UPDATE audit_entries SET entry = replace(entry, 'one', 'two')",
            false,
        ),
        ("DELETE FROM audit_entries WHERE sequence = 0", false),
    ] {
        let fixture = fixture().await;
        let entries = vec![entry("one"), entry("one"), entry("one")];
        fixture
            .ledger
            .change_catalog(Vec::new(), entries, at(0))
            .await
            .unwrap();
        fixture.ledger.close().await;
        change_behind_its_back(fixture.place.path(), sql).await;
        let error = if at_opening {
            refused(fixture.place.path(), OpenMode::Host).await
        } else {
            // The whole log is read for an export only.
            let ledger = open(fixture.place.path(), OpenMode::Host).await.unwrap();
            let export = tempfile::tempdir().unwrap();
            ledger.export_audit(export.path()).await.unwrap_err()
        };
        assert!(
            matches!(error, LedgerError::Corrupt { .. }),
            "{sql}: {error}"
        );
    }
}

#[tokio::test]
async fn those_that_open_a_new_ledger_together_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let open = || open(folder.path(), OpenMode::Visitor);
    let (one, two, three) = tokio::join!(open(), open(), open());
    for opened in [one, two, three] {
        assert!(opened.is_ok(), "{:?}", opened.err());
    }
}

#[tokio::test]
async fn nobody_else_may_look_into_the_folder() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("deep/ledger");
    let ledger = open(&folder, OpenMode::Host).await.unwrap();
    ledger.append_audit(entry("x"), at(0)).await.unwrap();
    let mode = |name: &str| {
        std::fs::metadata(folder.join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(""), 0o700);
    for file in [
        "ledger.sqlite",
        "ledger.sqlite-wal",
        "audit.key",
        "host.lock",
    ] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_full_disk_is_told_as_such_and_writes_nothing() {
    let fixture = fixture().await;
    {
        let mut writer = fixture.ledger.writer().await.unwrap();
        let mut write = writer.write().await.unwrap();
        sqlx::query("PRAGMA max_page_count = 1")
            .execute(write.connection())
            .await
            .unwrap();
    }
    let entries = (0..50).map(|_| entry(&"x".repeat(2_000))).collect();
    let error = fixture
        .ledger
        .change_catalog(Vec::new(), entries, at(0))
        .await
        .unwrap_err();
    assert!(matches!(error, LedgerError::Full), "{error}");
    assert_eq!(fixture.size().await, 0);
    {
        let mut writer = fixture.ledger.writer().await.unwrap();
        let mut write = writer.write().await.unwrap();
        sqlx::query("PRAGMA max_page_count = 1000000")
            .execute(write.connection())
            .await
            .unwrap();
    }
    fixture
        .ledger
        .append_audit(entry("again"), at(0))
        .await
        .unwrap();
    assert_eq!(fixture.size().await, 1);
}

#[tokio::test]
async fn a_scratch_ledger_is_locked_like_a_hosts_and_forces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path(), OpenMode::Scratch).await.unwrap();
    let second = open(folder.path(), OpenMode::Host).await;
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
    let open = async |mode| open(folder.path(), mode).await;
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
