//! The registry of plugin files.

use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::SqliteLedger;
use super::columns::{count, get_count, get_time, get_word, misfit, ms};
use crate::audit::AuditEntry;
use crate::error::LedgerError;
use crate::plugin::{PluginRow, PluginState};

pub(super) async fn register(
    ledger: &SqliteLedger,
    plugin: PluginRow,
) -> Result<bool, LedgerError> {
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    let done = sqlx::query(
        "INSERT INTO plugins (digest, name, version, size, description, first_seen, state, since, person, reason) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (digest) DO NOTHING",
    )
    .bind(&plugin.digest)
    .bind(plugin.name.as_str())
    .bind(&plugin.version)
    .bind(count("size", plugin.size)?)
    .bind(&plugin.description_json)
    .bind(ms(plugin.first_seen))
    .bind(plugin.state.as_str())
    .bind(ms(plugin.since))
    .bind(&plugin.person)
    .bind(&plugin.reason)
    .execute(write.connection())
    .await?;
    let new = done.rows_affected() > 0;
    if new {
        let mut fields = Map::new();
        fields.insert("digest".into(), Value::String(plugin.digest));
        fields.insert("plugin".into(), Value::String(plugin.name.to_string()));
        fields.insert("version".into(), Value::String(plugin.version));
        fields.insert("size".into(), Value::from(plugin.size));
        write.log.append(
            &AuditEntry {
                kind: "plugin-registered".to_owned(),
                fields,
            },
            plugin.first_seen,
        )?;
    }
    write.commit().await?;
    Ok(new)
}

pub(super) async fn set_state(
    ledger: &SqliteLedger,
    digest: &str,
    new: PluginState,
    person: &str,
    reason: &str,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    let row = sqlx::query("SELECT name, state, reason FROM plugins WHERE digest = $1")
        .bind(digest)
        .fetch_optional(write.connection())
        .await?;
    let row = row.ok_or_else(|| LedgerError::NotFound(format!("plugin file {digest}")))?;
    if state(&row)? == new && row.try_get::<&str, _>("reason")? == reason {
        return Ok(());
    }
    sqlx::query(
        "UPDATE plugins SET state = $2, since = $3, person = $4, reason = $5 WHERE digest = $1",
    )
    .bind(digest)
    .bind(new.as_str())
    .bind(ms(now))
    .bind(person)
    .bind(reason)
    .execute(write.connection())
    .await?;
    let mut fields = Map::new();
    let mut set = |name: &str, text: &str| fields.insert(name.to_owned(), text.into());
    set("digest", digest);
    set("plugin", row.try_get("name")?);
    set("state", new.as_str());
    set("person", person);
    set("reason", reason);
    let entry = AuditEntry {
        kind: "plugin-state".to_owned(),
        fields,
    };
    write.log.append(&entry, now)?;
    write.commit().await
}

fn state(row: &SqliteRow) -> Result<PluginState, LedgerError> {
    let word: &str = row.try_get("state")?;
    PluginState::ALL
        .into_iter()
        .find(|state| state.as_str() == word)
        .ok_or_else(|| misfit("state"))
}

pub(super) async fn all(reader: &mut SqliteConnection) -> Result<Vec<PluginRow>, LedgerError> {
    let rows = sqlx::query("SELECT * FROM plugins ORDER BY name, first_seen, digest")
        .fetch_all(reader)
        .await?;
    let plugins = rows.iter().map(|row| {
        Ok(PluginRow {
            digest: row.try_get("digest")?,
            name: get_word(row, "name")?,
            version: row.try_get("version")?,
            size: get_count(row, "size")?,
            description_json: row.try_get("description")?,
            first_seen: get_time(row, "first_seen")?,
            state: state(row)?,
            since: get_time(row, "since")?,
            person: row.try_get("person")?,
            reason: row.try_get("reason")?,
        })
    });
    plugins.collect()
}
