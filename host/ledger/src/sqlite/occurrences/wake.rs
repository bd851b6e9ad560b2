//! When to look again: the next moment at which time alone changes something, or another process wrote.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row;
use uuid::Uuid;

use crate::error::LedgerError;
use crate::sqlite::SqliteLedger;
use crate::sqlite::batch::{Answer, Batch};
use crate::sqlite::columns::{corrupt, get_optional_time, get_time, id, ms};
use crate::sqlite::writer::Write;

/// What waits behind one that began does not wake anybody: that one does.
const BLOCKS: &str = "other.outcome IS NULL AND other.schedule = mine.schedule AND other.tenant = mine.tenant \
     AND other.id <> mine.id AND mine.turn > 0 AND other.fence > 0 AND (mine.fence = 0 OR other.due < mine.due)";

/// The earliest of each priority that is not blocked, and the earliest that may not begin any more a millisecond later.
pub(super) fn earliest(batch: &mut Batch, after: Timestamp) {
    let query = batch.add("SELECT MIN(at) AS at FROM (");
    for priority in 0..3_i64 {
        query
            .push("SELECT * FROM (SELECT ready_at AS at FROM occurrences mine WHERE outcome IS NULL AND priority = ")
            .push(priority)
            .push(" AND ready_at > ")
            .push_bind(ms(after))
            .push(" AND NOT EXISTS (SELECT 1 FROM occurrences other WHERE ")
            .push(BLOCKS)
            .push(") ORDER BY ready_at LIMIT 1) AS waiting UNION ALL ");
    }
    query.push(
        "SELECT * FROM (SELECT deadline + 1 AS at FROM occurrences WHERE outcome IS NULL AND fence = 0 \
         ORDER BY deadline LIMIT 1) AS begins) AS wakes",
    );
}

pub(super) async fn next_wake(
    ledger: &SqliteLedger,
    only: Option<Uuid>,
    after: Option<Timestamp>,
) -> Result<Option<Timestamp>, LedgerError> {
    if let Some(only) = only {
        return one(ledger, only).await;
    }
    let mut batch = Batch::new();
    earliest(&mut batch, after.unwrap_or(Timestamp::MIN));
    found(&ledger.ask(batch).await?.next())
}

fn found(answer: &Answer) -> Result<Option<Timestamp>, LedgerError> {
    match answer.rows.first() {
        Some(row) => get_optional_time(row, "at"),
        None => Ok(None),
    }
}

/// Runs the last statements of a transaction and commits it; in the same message, what [`next_wake`] says after it.
pub(super) async fn commit(
    write: Write<'_>,
    mut last: Batch,
    after: Option<Timestamp>,
) -> Result<Option<Timestamp>, LedgerError> {
    let before = last.len();
    earliest(&mut last, after.unwrap_or(Timestamp::MIN));
    let mut answers = write.commit_with(last).await?;
    answers.skip(before);
    found(&answers.next())
}

async fn one(ledger: &SqliteLedger, only: Uuid) -> Result<Option<Timestamp>, LedgerError> {
    let mut batch = Batch::new();
    let query =
        batch.add("SELECT COALESCE((SELECT MAX(other.ready_at) FROM occurrences other WHERE ");
    query.push(BLOCKS).push(
        "), ready_at) AS ready_at, deadline, fence FROM occurrences mine WHERE outcome IS NULL AND id = ",
    );
    query.push_bind(id(only));
    let answer = ledger.ask(batch).await?.next();
    let Some(row) = answer.rows.first() else {
        return Ok(None);
    };
    let ready_at = get_time(row, "ready_at")?;
    if row.try_get::<i64, _>("fence")? > 0 {
        return Ok(Some(ready_at));
    }
    let missed = get_time(row, "deadline")?.checked_add(SignedDuration::from_millis(1));
    let missed = missed.map_err(|_| corrupt("column `deadline` holds what it cannot"))?;
    Ok(Some(ready_at.min(missed)))
}
