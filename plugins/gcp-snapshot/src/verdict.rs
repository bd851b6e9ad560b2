//! A failure that is kept in a handle until what it leaves behind is cleared away.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strongroom_plugin::Failure;

/// Handles have 4 KiB.
const LONGEST: usize = 1000;

/// What will be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    kind: Kind,
    detail: String,
    wait_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Invalid,
    Denied,
    NotFound,
    Conflict,
    Quota,
    Throttled,
    Unavailable,
    Corrupt,
    Other,
}

impl Verdict {
    pub(crate) fn of(failure: &Failure) -> Self {
        let mut wait = Duration::ZERO;
        let kind = match failure {
            Failure::Invalid(_) => Kind::Invalid,
            Failure::Denied(_) => Kind::Denied,
            Failure::NotFound(_) => Kind::NotFound,
            Failure::Conflict(_) => Kind::Conflict,
            Failure::Quota(_) => Kind::Quota,
            Failure::Throttled(_, least) => {
                wait = *least;
                Kind::Throttled
            }
            Failure::Unavailable(_) => Kind::Unavailable,
            Failure::Corrupt(_) => Kind::Corrupt,
            _ => Kind::Other,
        };
        let verdict = Self {
            kind,
            detail: String::new(),
            wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        };
        verdict.instead(failure.detail())
    }

    /// With more to say.
    pub(crate) fn and(mut self, more: &str) -> Self {
        self.detail = format!("{}; {more}", self.detail);
        self
    }

    /// With something else to say.
    pub(crate) fn instead(mut self, detail: &str) -> Self {
        self.detail = detail.chars().take(LONGEST).collect();
        self
    }

    pub(crate) fn failure(self) -> Failure {
        let detail = self.detail;
        match self.kind {
            Kind::Invalid => Failure::invalid(detail),
            Kind::Denied => Failure::denied(detail),
            Kind::NotFound => Failure::not_found(detail),
            Kind::Conflict => Failure::conflict(detail),
            Kind::Quota => Failure::quota(detail),
            Kind::Throttled => Failure::throttled(detail, Duration::from_millis(self.wait_ms)),
            Kind::Unavailable => Failure::unavailable(detail),
            Kind::Corrupt => Failure::corrupt(detail),
            Kind::Other => Failure::other(detail),
        }
    }
}
