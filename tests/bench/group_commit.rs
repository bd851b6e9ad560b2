//! The limit of what SQLite can do with the rows of a finished run: the same rows, in groups, from one database file
//! into another, without anything of Strongroom between. Settings as the ledger's: WAL, synchronous=FULL.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection};

/// Occurrences in one transaction: what the engine takes together at most.
const GROUP: i64 = 256;

/// What was reached, in occurrences per second.
pub(crate) struct Limit {
    /// Three commits for each group: planned; claimed; ended with attempt and audit entry.
    pub(crate) transitions_per_second: f64,
    /// One commit for each group: every row once, as it is in the end.
    pub(crate) rows_per_second: f64,
}

const PLANNED: &str = "INSERT INTO occurrences \
    (id, schedule, tenant, plugin, due, deadline, person, planned_at, ready_at, fence, attempts) \
    SELECT id, schedule, tenant, plugin, due, deadline, person, planned_at, due, 0, 0 \
    FROM source.occurrences WHERE rowid >= ?1 AND rowid < ?1 + ?2";

const CLAIMED: &str = "UPDATE occurrences SET host = randomblob(16), fence = fence + 1, ready_at = ready_at + 60000 \
    WHERE rowid >= ?1 AND rowid < ?1 + ?2";

const ENDED: &str = "UPDATE occurrences SET host = NULL, attempts = ended.attempts, outcome = ended.outcome, \
    reason = ended.reason, evidence = ended.evidence, ended_at = ended.ended_at \
    FROM source.occurrences AS ended \
    WHERE occurrences.rowid >= ?1 AND occurrences.rowid < ?1 + ?2 AND ended.rowid = occurrences.rowid";

const WHOLE: &str = "INSERT INTO occurrences SELECT * FROM source.occurrences WHERE rowid >= ?1 AND rowid < ?1 + ?2";

const ATTEMPTS: &str =
    "INSERT INTO attempts SELECT * FROM source.attempts WHERE rowid >= ?1 AND rowid < ?1 + ?2";

const AUDIT: &str = "INSERT INTO audit_entries SELECT * FROM source.audit_entries WHERE rowid >= ?1 AND rowid < ?1 + ?2";

/// The longest of the three tables decides how many groups there are.
const LAST: &str = "SELECT MAX((SELECT MAX(rowid) FROM source.occurrences), \
    (SELECT MAX(rowid) FROM source.attempts), (SELECT MAX(rowid) FROM source.audit_entries))";

/// Writes the rows of a ledger into a new file, both ways.
pub(crate) fn limit(ledger: &Path, fresh: &Path) -> Limit {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let rate = |groups: &[&[&'static str]]| {
        let rate = runtime
            .block_on(rate(ledger, fresh, groups))
            .expect("SQLite can write the rows");
        for suffix in ["", "-wal", "-shm"] {
            let file = format!("{}{suffix}", fresh.display());
            assert!(
                std::fs::remove_file(&file).is_ok() || !Path::new(&file).exists(),
                "{file} stays"
            );
        }
        rate
    };
    Limit {
        transitions_per_second: rate(&[&[PLANNED], &[CLAIMED], &[ENDED, ATTEMPTS, AUDIT]]),
        rows_per_second: rate(&[&[WHOLE, ATTEMPTS, AUDIT]]),
    }
}

/// Each inner list is one transaction, for each group of occurrences.
async fn rate(ledger: &Path, fresh: &Path, transactions: &[&[&'static str]]) -> sqlx::Result<f64> {
    let mut connection = SqliteConnectOptions::new()
        .filename(fresh)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // Attempts are numbered as they ended, not as they were planned: a group's may come before its occurrences.
        .foreign_keys(false)
        .pragma("wal_autocheckpoint", "4096")
        .connect()
        .await?;
    sqlx::query("ATTACH ?1 AS source")
        .bind(ledger.to_string_lossy())
        .execute(&mut connection)
        .await?;
    same_tables(&mut connection).await?;
    let last: i64 = sqlx::query_scalar(LAST).fetch_one(&mut connection).await?;
    // Once through, so that the rows come from memory and not from the disk.
    sqlx::query("SELECT SUM(LENGTH(entry)) FROM source.audit_entries")
        .execute(&mut connection)
        .await?;

    let began = crate::measure::now();
    let mut first = 0;
    while first <= last {
        for statements in transactions {
            sqlx::query("BEGIN IMMEDIATE")
                .execute(&mut connection)
                .await?;
            for statement in *statements {
                sqlx::query(*statement)
                    .bind(first)
                    .bind(GROUP)
                    .execute(&mut connection)
                    .await?;
            }
            sqlx::query("COMMIT").execute(&mut connection).await?;
        }
        first += GROUP;
    }
    let time = began.elapsed().as_secs_f64();
    let ended =
        |place| format!("SELECT COUNT(*) FROM {place}.occurrences WHERE outcome IS NOT NULL");
    let [written, expected] = ["main", "source"].map(ended);
    let written: i64 = sqlx::query_scalar(AssertSqlSafe(written))
        .fetch_one(&mut connection)
        .await?;
    let expected: i64 = sqlx::query_scalar(AssertSqlSafe(expected))
        .fetch_one(&mut connection)
        .await?;
    assert_eq!(written, expected, "every occurrence was written");
    connection.close().await?;
    Ok(written as f64 / time)
}

/// Tables and indexes as the ledger has them.
async fn same_tables(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    let statements = sqlx::query(
        "SELECT sql FROM source.sqlite_schema WHERE sql IS NOT NULL \
         AND tbl_name IN ('occurrences', 'attempts', 'audit_entries') ORDER BY type DESC",
    )
    .fetch_all(&mut *connection)
    .await?;
    for statement in statements {
        let statement: String = statement.get(0);
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
