//! Plugin files by digest: what ran can be named for ever.

use async_trait::async_trait;
use jiff::Timestamp;
use strongroom_domain::PluginName;

use crate::error::LedgerError;

/// The registry of plugin files.
#[async_trait]
pub trait Plugins: Send + Sync {
    /// Remembers a plugin file by its digest; true: it is new, and that is on record as `plugin-registered`.
    async fn register_plugin(&self, plugin: PluginRow) -> Result<bool, LedgerError>;

    /// Sets what a registered plugin file is to the host; it goes on record if it is another state.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when no file of that digest was registered.
    async fn set_plugin_state(
        &self,
        digest: &str,
        state: PluginState,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError>;

    /// Reads every plugin file ever registered, by name, then first seen.
    async fn plugins(&self) -> Result<Vec<PluginRow>, LedgerError>;
}

/// A plugin file as first seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginRow {
    /// SHA-256 of the file, hexadecimal.
    pub digest: String,
    /// Its name, as it describes itself.
    pub name: PluginName,
    /// Its version, as it describes itself.
    pub version: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its whole description.
    pub description_json: String,
    /// When it was seen first.
    pub first_seen: Timestamp,
    /// What it is to the host now.
    pub state: PluginState,
    /// Since when it is in that state.
    pub since: Timestamp,
    /// Who put it into that state: a person, or `host`.
    pub person: String,
    /// Why; may be empty.
    pub reason: String,
}

/// What a plugin file is to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginState {
    /// New attempts run on it.
    Active,
    /// Another file of the same plugin took its place; attempts that began on it finish on it.
    Replaced,
    /// It wants more than is granted, or did not pass its probing run; the reason says which.
    Refused,
}

impl PluginState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Active, Self::Replaced, Self::Refused];

    /// The word stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Replaced => "replaced",
            Self::Refused => "refused",
        }
    }
}
