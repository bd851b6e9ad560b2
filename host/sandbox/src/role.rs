//! The roles: WIT interfaces that a plugin exports and the host calls.
//!
//! Owns: their names. Never: their functions (`plugin`). Read next: `offers`.

use std::fmt;

use crate::contract::{CONTRACT, PACKAGE};

/// A WIT interface that the host calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Keeps snapshots.
    Snapshots,
    /// Runs anything else.
    Task,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 2] = [Self::Snapshots, Self::Task];

    /// The name of the interface without package and version.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Snapshots => "snapshots",
            Self::Task => "task",
        }
    }

    /// The full name under which a component exports it.
    pub(crate) fn export(self) -> String {
        format!("{PACKAGE}/{self}@{CONTRACT}")
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
