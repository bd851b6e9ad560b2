//! The capabilities: WIT interfaces that the host offers and a plugin imports.
//!
//! Owns: their names, and which of them an operator grants. Never: what is behind them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An interface that the host offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Granted trees by name.
    Files,
    /// Requests to granted services, through the host.
    Http,
    /// Log lines; needs no grant.
    Log,
    /// How far a call has come; needs no grant.
    Progress,
    /// Small values that outlive a call.
    State,
}

impl Capability {
    /// Every capability.
    pub const ALL: [Self; 5] = [
        Self::Files,
        Self::Http,
        Self::Log,
        Self::Progress,
        Self::State,
    ];

    /// The short name, in messages and in schedule files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Http => "http",
            Self::Log => "log",
            Self::Progress => "progress",
            Self::State => "state",
        }
    }

    /// The capability of that name; `None`: this host offers no such thing.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|capability| capability.as_str() == name)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
