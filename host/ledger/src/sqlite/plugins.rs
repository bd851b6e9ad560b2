//! The registry of plugin files.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::SqliteLedger;
use super::columns::{count, get_count, get_time, get_word, misfit, ms};
use crate::audit::AuditEntry;
use crate::error::LedgerError;
use crate::plugins::{PluginRow, PluginState, Plugins};

#[async_trait]
impl Plugins for SqliteLedger {
    async fn register_plugin(&self, plugin: PluginRow) -> Result<bool, LedgerError> {
        let mut writer = self.writer().await?;
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
            let entry = AuditEntry::plugin_registered(&plugin);
            write.log.append(&entry, plugin.first_seen)?;
        }
        write.commit().await?;
        Ok(new)
    }

    async fn set_plugin_state(
        &self,
        digest: &str,
        state: PluginState,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let mut writer = self.writer().await?;
        let mut write = writer.write().await?;
        let row = sqlx::query("SELECT name, state, reason FROM plugins WHERE digest = $1")
            .bind(digest)
            .fetch_optional(write.connection())
            .await?;
        let row = row.ok_or_else(|| LedgerError::NotFound(format!("plugin file {digest}")))?;
        if state_of(&row)? == state && row.try_get::<&str, _>("reason")? == reason {
            return Ok(());
        }
        sqlx::query(
            "UPDATE plugins SET state = $2, since = $3, person = $4, reason = $5 WHERE digest = $1",
        )
        .bind(digest)
        .bind(state.as_str())
        .bind(ms(now))
        .bind(person)
        .bind(reason)
        .execute(write.connection())
        .await?;
        let entry = AuditEntry::plugin_state(digest, row.try_get("name")?, state, person, reason);
        write.log.append(&entry, now)?;
        write.commit().await
    }

    async fn plugins(&self) -> Result<Vec<PluginRow>, LedgerError> {
        let rows = sqlx::query("SELECT * FROM plugins ORDER BY name, first_seen, digest")
            .fetch_all(&mut *self.reader().await?)
            .await?;
        let plugins = rows.iter().map(|row| {
            Ok(PluginRow {
                digest: row.try_get("digest")?,
                name: get_word(row, "name")?,
                version: row.try_get("version")?,
                size: get_count(row, "size")?,
                description_json: row.try_get("description")?,
                first_seen: get_time(row, "first_seen")?,
                state: state_of(row)?,
                since: get_time(row, "since")?,
                person: row.try_get("person")?,
                reason: row.try_get("reason")?,
            })
        });
        plugins.collect()
    }
}

fn state_of(row: &SqliteRow) -> Result<PluginState, LedgerError> {
    let word: &str = row.try_get("state")?;
    PluginState::ALL
        .into_iter()
        .find(|state| state.as_str() == word)
        .ok_or_else(|| misfit("state"))
}
