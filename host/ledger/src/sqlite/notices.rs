//! Standing notices, on record when they change.

use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::{Row, SqliteConnection};

use super::SqliteLedger;
use super::columns::{get_time, ms};
use crate::audit::AuditEntry;
use crate::error::LedgerError;
use crate::notice::Notice;

/// Characters of a notice that go on record: enough to know it again, and no entry becomes too long.
const RECORDED: usize = 2_000;

pub(super) async fn put(ledger: &SqliteLedger, notice: Notice) -> Result<(), LedgerError> {
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    // The same text again changes nothing: it stands since it was put up first.
    let done = sqlx::query(
        "INSERT INTO notices (name, since, text) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET \
         since = excluded.since, text = excluded.text WHERE notices.text <> excluded.text",
    )
    .bind(&notice.name)
    .bind(ms(notice.since))
    .bind(&notice.text)
    .execute(write.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    let text: String = notice.text.chars().take(RECORDED).collect();
    let entry = entry("notice-put", [("name", &notice.name), ("text", &text)]);
    write.log.append(&entry, notice.since)?;
    write.commit().await
}

pub(super) async fn take(
    ledger: &SqliteLedger,
    name: &str,
    person: &str,
    reason: &str,
    now: Timestamp,
) -> Result<bool, LedgerError> {
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    let done = sqlx::query("DELETE FROM notices WHERE name = $1")
        .bind(name)
        .execute(write.connection())
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let fields = [("name", name), ("person", person), ("reason", reason)];
    write.log.append(&entry("notice-taken", fields), now)?;
    write.commit().await?;
    Ok(true)
}

pub(super) async fn all(reader: &mut SqliteConnection) -> Result<Vec<Notice>, LedgerError> {
    let rows = sqlx::query("SELECT name, since, text FROM notices ORDER BY name")
        .fetch_all(reader)
        .await?;
    let notices = rows.iter().map(|row| {
        Ok(Notice {
            name: row.try_get("name")?,
            since: get_time(row, "since")?,
            text: row.try_get("text")?,
        })
    });
    notices.collect()
}

fn entry<const N: usize>(kind: &str, fields: [(&str, &str); N]) -> AuditEntry {
    let fields = fields
        .into_iter()
        .map(|(name, text)| (name.to_owned(), Value::String(text.to_owned())));
    AuditEntry {
        kind: kind.to_owned(),
        fields: Map::from_iter(fields),
    }
}
