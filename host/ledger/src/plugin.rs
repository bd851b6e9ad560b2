//! Plugin files by digest: what ran can be named for ever.

use jiff::Timestamp;
use strongroom_domain::PluginName;

/// A plugin file as first seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginRow {
    /// SHA-256 of the file, hexadecimal.
    pub digest: String,
    /// As it describes itself.
    pub name: PluginName,
    /// As it describes itself.
    pub version: String,
    /// Bytes.
    pub size: u64,
    /// Its whole description.
    pub description_json: String,
    /// When.
    pub first_seen: Timestamp,
    /// What it is now.
    pub state: PluginState,
    /// Since when it is that.
    pub since: Timestamp,
    /// Who made it so: a person, or `host`.
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
