//! Facts that prove what was done.

use serde::{Deserialize, Serialize};

/// Pairs of kind and value, in the order they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Evidence(pub Vec<(String, String)>);

impl Evidence {
    /// The first value of a kind.
    #[must_use]
    pub fn get(&self, kind: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(k, _)| k == kind)
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a kind, in order.
    pub fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(k, _)| k == kind)
            .map(|(_, value)| value.as_str())
    }

    /// Adds a fact.
    pub fn push(&mut self, kind: &str, value: impl Into<String>) {
        self.0.push((kind.to_owned(), value.into()));
    }
}
