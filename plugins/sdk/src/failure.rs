//! Why a call did not succeed, by what the host does next.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::bindings::{state, types};
use crate::files;

/// A failure. Details are for a person: one sentence, no secrets.
///
/// It can be kept in an operation's handle until what was begun is cleared away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Failure {
    /// The request is wrong: the host stops and tells the operator.
    Invalid(String),
    /// Refused by the provider or the host: stops, a security event.
    Denied(String),
    /// What was named does not exist: success when deleting.
    NotFound(String),
    /// The provider's state does not allow it now: stops.
    Conflict(String),
    /// A quota or a full disk: alerts, retries only slowly.
    Quota(String),
    /// Too many requests: waits at least so long, then retries.
    Throttled(String, Duration),
    /// Out of reach for now: retries with back-off.
    Unavailable(String),
    /// Data is damaged: never retried silently.
    Corrupt(String),
    /// Anything else: the host stops.
    Other(String),
}

impl Failure {
    /// The request is wrong.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::Invalid(detail.into())
    }

    /// The provider or the host refused.
    pub fn denied(detail: impl Into<String>) -> Self {
        Self::Denied(detail.into())
    }

    /// What was named does not exist.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::NotFound(detail.into())
    }

    /// The provider's state does not allow it now.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::Conflict(detail.into())
    }

    /// A quota or a full disk.
    pub fn quota(detail: impl Into<String>) -> Self {
        Self::Quota(detail.into())
    }

    /// Too many requests; `retry_after` is the least time to wait.
    pub fn throttled(detail: impl Into<String>, retry_after: Duration) -> Self {
        Self::Throttled(detail.into(), retry_after)
    }

    /// Out of reach for now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::Unavailable(detail.into())
    }

    /// Data is damaged.
    pub fn corrupt(detail: impl Into<String>) -> Self {
        Self::Corrupt(detail.into())
    }

    /// Anything else.
    pub fn other(detail: impl Into<String>) -> Self {
        Self::Other(detail.into())
    }

    /// The sentence for a person.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Invalid(detail)
            | Self::Denied(detail)
            | Self::NotFound(detail)
            | Self::Conflict(detail)
            | Self::Quota(detail)
            | Self::Throttled(detail, _)
            | Self::Unavailable(detail)
            | Self::Corrupt(detail)
            | Self::Other(detail) => detail,
        }
    }

    /// The same failure with another sentence for a person.
    #[must_use]
    pub fn instead(mut self, sentence: impl Into<String>) -> Self {
        match &mut self {
            Self::Invalid(detail)
            | Self::Denied(detail)
            | Self::NotFound(detail)
            | Self::Conflict(detail)
            | Self::Quota(detail)
            | Self::Throttled(detail, _)
            | Self::Unavailable(detail)
            | Self::Corrupt(detail)
            | Self::Other(detail) => *detail = sentence.into(),
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl std::error::Error for Failure {}

impl From<files::Error> for Failure {
    fn from(error: files::Error) -> Self {
        error.at("a file")
    }
}

impl From<state::Error> for Failure {
    fn from(error: state::Error) -> Self {
        match error {
            state::Error::Changed => {
                Self::Conflict("another call changed the stored value".to_owned())
            }
            state::Error::Limit(detail) => Self::Quota(detail),
            state::Error::Unavailable(detail) => Self::Unavailable(detail),
            state::Error::NotGranted => Self::Denied("`state` is not granted".to_owned()),
            state::Error::Other(detail) => Self::Other(detail),
        }
    }
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        use types::FailureKind as Kind;
        let mut retry_after = None;
        let (kind, detail) = match failure {
            Failure::Invalid(detail) => (Kind::Invalid, detail),
            Failure::Denied(detail) => (Kind::Denied, detail),
            Failure::NotFound(detail) => (Kind::NotFound, detail),
            Failure::Conflict(detail) => (Kind::Conflict, detail),
            Failure::Quota(detail) => (Kind::Quota, detail),
            Failure::Throttled(detail, wait) => {
                retry_after = Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
                (Kind::Throttled, detail)
            }
            Failure::Unavailable(detail) => (Kind::Unavailable, detail),
            Failure::Corrupt(detail) => (Kind::Corrupt, detail),
            Failure::Other(detail) => (Kind::Other(String::new()), detail),
        };
        Self {
            kind,
            detail,
            retry_after,
            extra: Vec::new(),
        }
    }
}
