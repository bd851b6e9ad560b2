//! The registry of plugin files.

use serde_json::{Map, Value};
use sqlx::{Row, SqlitePool};

use super::SqliteLedger;
use super::columns::{count, get_count, get_time, get_word, ms};
use crate::audit::AuditEntry;
use crate::error::LedgerError;
use crate::plugin::PluginRow;

pub(super) async fn register(
    ledger: &SqliteLedger,
    plugin: PluginRow,
) -> Result<bool, LedgerError> {
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    let done = sqlx::query(
        "INSERT INTO plugins (digest, name, version, size, description, first_seen) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (digest) DO NOTHING",
    )
    .bind(&plugin.digest)
    .bind(plugin.name.as_str())
    .bind(&plugin.version)
    .bind(count("size", plugin.size)?)
    .bind(&plugin.description_json)
    .bind(ms(plugin.first_seen))
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

pub(super) async fn all(readers: &SqlitePool) -> Result<Vec<PluginRow>, LedgerError> {
    let rows = sqlx::query("SELECT * FROM plugins ORDER BY name, first_seen, digest")
        .fetch_all(readers)
        .await?;
    let plugins = rows.iter().map(|row| {
        Ok(PluginRow {
            digest: row.try_get("digest")?,
            name: get_word(row, "name")?,
            version: row.try_get("version")?,
            size: get_count(row, "size")?,
            description_json: row.try_get("description")?,
            first_seen: get_time(row, "first_seen")?,
        })
    });
    plugins.collect()
}
