//! Values of plugins: compare and set, within the limits of the contract.

use async_trait::async_trait;
use sqlx::SqliteConnection;
use strongroom_domain::{PluginName, TenantName};

use super::SqliteLedger;
use super::columns::{corrupt, count};
use crate::error::LedgerError;
use crate::state::{KEYS, StateError, StateStore, StateValue, check};

#[async_trait]
impl StateStore for SqliteLedger {
    async fn state_get(
        &self,
        plugin: &PluginName,
        tenant: &TenantName,
        key: &str,
    ) -> Result<Option<StateValue>, StateError> {
        check(key, &[])?;
        let row: Option<(Vec<u8>, i64)> = sqlx::query_as(
            "SELECT value, version FROM state_values WHERE plugin = $1 AND tenant = $2 AND name = $3",
        )
        .bind(plugin.as_str())
        .bind(tenant.as_str())
        .bind(key)
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        row.map(|(bytes, version)| {
            Ok(StateValue {
                bytes,
                version: given(version)?,
            })
        })
        .transpose()
    }

    async fn state_set(
        &self,
        plugin: &PluginName,
        tenant: &TenantName,
        key: &str,
        value: &[u8],
        expected: Option<u64>,
    ) -> Result<u64, StateError> {
        check(key, value)?;
        let expected = expected.map(stored).transpose()?;
        let mut writer = self.writer().await?;
        let mut write = writer.write().await?;
        let version = next_version(write.connection(), plugin, tenant).await?;
        let done = match expected {
            Some(expected) => {
                sqlx::query(
                    "UPDATE state_values SET value = $4, version = $5 \
                     WHERE plugin = $1 AND tenant = $2 AND name = $3 AND version = $6",
                )
                .bind(plugin.as_str())
                .bind(tenant.as_str())
                .bind(key)
                .bind(value)
                .bind(version)
                .bind(expected)
                .execute(write.connection())
                .await?
            }
            None => {
                sqlx::query(
                    "INSERT INTO state_values (plugin, tenant, name, value, version) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT DO NOTHING",
                )
                .bind(plugin.as_str())
                .bind(tenant.as_str())
                .bind(key)
                .bind(value)
                .bind(version)
                .execute(write.connection())
                .await?
            }
        };
        if done.rows_affected() == 0 {
            return Err(StateError::Changed);
        }
        let keys: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM state_values WHERE plugin = $1 AND tenant = $2",
        )
        .bind(plugin.as_str())
        .bind(tenant.as_str())
        .fetch_one(write.connection())
        .await?;
        if keys > KEYS {
            return Err(StateError::Limit(format!(
                "a plugin has at most {KEYS} keys a tenant"
            )));
        }
        write.commit().await?;
        Ok(given(version)?)
    }

    async fn state_delete(
        &self,
        plugin: &PluginName,
        tenant: &TenantName,
        key: &str,
        expected: u64,
    ) -> Result<(), StateError> {
        check(key, &[])?;
        let mut writer = self.writer().await?;
        let mut write = writer.write().await?;
        let done = sqlx::query(
            "DELETE FROM state_values WHERE plugin = $1 AND tenant = $2 AND name = $3 AND version = $4",
        )
        .bind(plugin.as_str())
        .bind(tenant.as_str())
        .bind(key)
        .bind(stored(expected)?)
        .execute(write.connection())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StateError::Changed);
        }
        Ok(write.commit().await?)
    }
}

fn given(version: i64) -> Result<u64, LedgerError> {
    u64::try_from(version).map_err(|_| corrupt("column `version` holds what it cannot"))
}

/// A version nobody was ever given is expected by nobody.
fn stored(version: u64) -> Result<i64, StateError> {
    count("version", version).map_err(|_| StateError::Changed)
}

/// Counts on across deletions: a version that was read once never comes back for another value.
async fn next_version(
    connection: &mut SqliteConnection,
    plugin: &PluginName,
    tenant: &TenantName,
) -> Result<i64, StateError> {
    let version = sqlx::query_scalar(
        "INSERT INTO state_versions (plugin, tenant, last) VALUES ($1, $2, 1) \
         ON CONFLICT (plugin, tenant) DO UPDATE SET last = state_versions.last + 1 RETURNING last",
    )
    .bind(plugin.as_str())
    .bind(tenant.as_str())
    .fetch_one(connection)
    .await?;
    Ok(version)
}
