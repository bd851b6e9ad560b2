//! Small durable values of one plugin for one tenant (`wit/state.wit`).

use async_trait::async_trait;
use strongroom_domain::{PluginName, TenantName};

use crate::error::LedgerError;

/// The values that plugins keep from one run to the next.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// Reads a plugin's value for a tenant.
    async fn state_get(
        &self,
        plugin: &PluginName,
        tenant: &TenantName,
        key: &str,
    ) -> Result<Option<StateValue>, StateError>;

    /// Writes a value if its stored version is still `expected` (`None`: the key must not exist); returns the new version.
    async fn state_set(
        &self,
        plugin: &PluginName,
        tenant: &TenantName,
        key: &str,
        value: &[u8],
        expected: Option<u64>,
    ) -> Result<u64, StateError>;

    /// Deletes a value if its stored version is still `expected`.
    async fn state_delete(
        &self,
        plugin: &PluginName,
        tenant: &TenantName,
        key: &str,
        expected: u64,
    ) -> Result<(), StateError>;
}

/// The most keys of one plugin for one tenant.
pub(crate) const KEYS: i64 = 256;
/// The longest key, in bytes.
pub(crate) const KEY_BYTES: usize = 128;
/// The largest value, in bytes.
pub(crate) const VALUE_BYTES: usize = 64 << 10;

/// A value as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateValue {
    /// The plugin's bytes, which the host does not read.
    pub bytes: Vec<u8>,
    /// Grows with every write, also across a deletion.
    pub version: u64,
}

/// Why a value was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another call changed the value since it was read.
    #[error("another call changed the value")]
    Changed,
    /// A limit was exceeded.
    #[error("{0}")]
    Limit(String),
    /// Nothing was written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<sqlx::Error> for StateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Ledger(error.into())
    }
}

/// Checks what a plugin hands over, before anything is asked of the ledger.
pub(crate) fn check(key: &str, value: &[u8]) -> Result<(), StateError> {
    if key.is_empty() || key.len() > KEY_BYTES {
        return Err(StateError::Limit(format!(
            "a key has 1 to {KEY_BYTES} bytes, this one has {}",
            key.len()
        )));
    }
    if value.len() > VALUE_BYTES {
        return Err(StateError::Limit(format!(
            "a value has at most {VALUE_BYTES} bytes, this one has {}",
            value.len()
        )));
    }
    Ok(())
}
