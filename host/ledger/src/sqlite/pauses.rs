//! Pauses of schedules, on record with who and why.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use strongroom_domain::ScheduleName;
use strongroom_domain::pause::Pause;

use super::SqliteLedger;
use super::columns::{get_optional_time, get_time, get_word, ms, whole_ms};
use crate::audit::AuditEntry;
use crate::error::LedgerError;

pub(super) async fn pause(
    ledger: &SqliteLedger,
    schedule: &ScheduleName,
    pause: Pause,
) -> Result<(), LedgerError> {
    if pause.until.is_some_and(|until| ms(until) <= ms(pause.from)) {
        return Err(LedgerError::Invalid(
            "a pause must end after it begins".to_owned(),
        ));
    }
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    let other = sqlx::query(
        "SELECT began, until, person, reason FROM pauses WHERE schedule = $1 AND (until IS NULL OR until > $2) \
         AND ($3 IS NULL OR began < $3) ORDER BY began LIMIT 1",
    )
    .bind(schedule.as_str())
    .bind(ms(pause.from))
    .bind(pause.until.map(ms))
    .fetch_optional(write.connection())
    .await?;
    if let Some(other) = other {
        return Err(LedgerError::Conflict(format!(
            "schedule `{schedule}` is {}",
            read(&other)?.explain()
        )));
    }
    // One that was resumed in the millisecond it began paused nothing, and gives way.
    sqlx::query(
        "INSERT INTO pauses (schedule, began, until, person, reason) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (schedule, began) DO UPDATE SET until = excluded.until, person = excluded.person, \
         reason = excluded.reason",
    )
    .bind(schedule.as_str())
    .bind(ms(pause.from))
    .bind(pause.until.map(ms))
    .bind(&pause.person)
    .bind(&pause.reason)
    .execute(write.connection())
    .await?;
    let mut entry = entry("schedule-paused", schedule, &pause.person, &pause.reason);
    let until = pause.until.map_or(Value::Null, |until| {
        Value::String(whole_ms(until).to_string())
    });
    entry.fields.insert("until".to_owned(), until);
    write.log.append(&entry, pause.from)?;
    write.commit().await
}

pub(super) async fn resume(
    ledger: &SqliteLedger,
    schedule: &ScheduleName,
    person: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Pause, LedgerError> {
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    let row = sqlx::query(
        "UPDATE pauses SET until = $2 WHERE schedule = $1 AND began <= $2 AND (until IS NULL OR until > $2) \
         RETURNING began, until, person, reason",
    )
    .bind(schedule.as_str())
    .bind(ms(now))
    .fetch_optional(write.connection())
    .await?;
    let Some(row) = row else {
        return Err(LedgerError::NotFound(format!(
            "pause of schedule `{schedule}`"
        )));
    };
    let ended = read(&row)?;
    let entry = entry("schedule-resumed", schedule, person, reason);
    write.log.append(&entry, now)?;
    write.commit().await?;
    Ok(ended)
}

pub(super) async fn since(
    reader: &mut SqliteConnection,
    since: Timestamp,
) -> Result<BTreeMap<ScheduleName, Vec<Pause>>, LedgerError> {
    let rows = sqlx::query(
        "SELECT schedule, began, until, person, reason FROM pauses \
         WHERE until IS NULL OR (until > $1 AND until > began) ORDER BY schedule, began",
    )
    .bind(ms(since))
    .fetch_all(reader)
    .await?;
    let mut pauses: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in &rows {
        let schedule = get_word(row, "schedule")?;
        pauses.entry(schedule).or_default().push(read(row)?);
    }
    Ok(pauses)
}

fn read(row: &SqliteRow) -> Result<Pause, LedgerError> {
    Ok(Pause {
        from: get_time(row, "began")?,
        until: get_optional_time(row, "until")?,
        person: row.try_get("person")?,
        reason: row.try_get("reason")?,
    })
}

fn entry(kind: &str, schedule: &ScheduleName, person: &str, reason: &str) -> AuditEntry {
    let mut fields = Map::new();
    let mut set = |name: &str, text: String| fields.insert(name.to_owned(), Value::String(text));
    set("schedule", schedule.to_string());
    set("person", person.to_owned());
    set("reason", reason.to_owned());
    AuditEntry {
        kind: kind.to_owned(),
        fields,
    }
}
