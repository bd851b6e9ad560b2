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
}
