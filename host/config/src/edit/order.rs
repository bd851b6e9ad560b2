//! The order in which keys stand: that in which `raw` lists them, what an entry is before what it does.

use crate::raw::FILE;
use crate::section::{Kind, Section};

/// Which order the keys of a table have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    /// That of the section.
    Listed(&'static Section),
    /// None: they are names, each with a table of this section.
    Names(&'static Section),
    /// None: they are the operator's own, such as those of `[schedule.config]`, and stay where they are.
    Own,
}

impl Order {
    pub(super) fn of_file() -> Self {
        Self::Listed(&FILE)
    }

    /// The order in the table under a key.
    pub(super) fn below(self, key: &str) -> Self {
        match self {
            Self::Listed(section) => match section.key(key).map(|key| key.kind) {
                Some(Kind::Table(below) | Kind::Entries(below, _)) => Self::Listed(below),
                Some(Kind::Named(below)) => Self::Names(below),
                _ => Self::Own,
            },
            Self::Names(below) => Self::Listed(below),
            Self::Own => Self::Own,
        }
    }

    /// Where a key stands among those of its table; keys that are not listed come after, as they were.
    pub(super) fn rank(self, key: &str) -> usize {
        match self {
            Self::Listed(section) => {
                let place = section.keys.iter().position(|listed| listed.name == key);
                place.unwrap_or(section.keys.len())
            }
            Self::Names(_) | Self::Own => 0,
        }
    }

    /// Whether its keys have no order.
    pub(super) fn is_free(self) -> bool {
        matches!(self, Self::Names(_) | Self::Own)
    }
}
