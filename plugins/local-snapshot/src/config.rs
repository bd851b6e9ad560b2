//! What an operator writes under `config` in a schedule.

use schemars::JsonSchema;
use serde::Deserialize;

/// The configuration of `local-snapshot`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Names of the granted trees that go into a snapshot; each becomes a folder in it.
    pub sources: Vec<String>,
    /// What to do with SQLite databases.
    pub sqlite: Sqlite,
    /// What to do when something in a source cannot be read.
    pub on_unreadable: OnUnreadable,
}

/// How SQLite databases are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sqlite {
    /// Through SQLite's own backup: the copy is of one moment, also while it is written.
    #[default]
    Consistent,
    /// As the bytes are, with what lies beside them.
    Bytes,
}

/// What happens when something cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnUnreadable {
    /// The run fails and keeps no snapshot.
    #[default]
    Fail,
    /// The snapshot is kept without it, and the run warns.
    Report,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sources: vec!["data".to_owned()],
            sqlite: Sqlite::default(),
            on_unreadable: OnUnreadable::default(),
        }
    }
}
