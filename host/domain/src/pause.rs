//! A pause: a person says that a schedule shall not run for a while.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::json_time;

/// A time in which nothing of a schedule begins. A due time in it ends as `paused` and is never caught up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// From.
    #[serde(serialize_with = "json_time::serialize")]
    pub from: Timestamp,
    /// Up to, exclusive; `None`: until somebody resumes it.
    #[serde(serialize_with = "json_time::serialize")]
    pub until: Option<Timestamp>,
    /// Who paused it.
    pub person: String,
    /// Why.
    pub reason: String,
}

impl Pause {
    /// Whether a moment lies in it.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// Why a due time in it does not run, in words.
    #[must_use]
    pub fn explain(&self) -> String {
        format!(
            "paused by {} since {}: {}",
            self.person, self.from, self.reason
        )
    }
}
