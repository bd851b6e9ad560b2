//! How an occurrence ends: an exhaustive list.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! outcomes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// How an occurrence ended. Every occurrence ends in exactly one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Outcome { $($(#[$doc])* $variant),+ }

        impl Outcome {
            /// Every outcome, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word stored and shown.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

outcomes! {
    /// Done, with evidence that was read back. Next: retention and whatever runs after it.
    Succeeded = "succeeded",
    /// The last attempt failed. Next: an alert; the following due time runs as usual.
    Failed = "failed",
    /// Not run in time: the host was down, or a later due time took its place. Next: an alert.
    Missed = "missed",
    /// The run before it was still going. Next: nothing.
    SkippedOverlap = "skipped-overlap",
    /// It fell into a blackout. Next: nothing.
    SkippedBlackout = "skipped-blackout",
    /// The schedule was paused. Next: nothing until it is resumed.
    Paused = "paused",
    /// An approval or a gate held it until its time ran out. Next: an alert.
    Blocked = "blocked",
    /// The host would not run it: grant, signature or configuration. Next: an alert; the operator edits.
    Refused = "refused",
    /// Another run replaced it. Next: nothing.
    Superseded = "superseded",
    /// A person or a shutdown stopped it. Next: nothing.
    Cancelled = "cancelled",
    /// It did not finish within its deadline, and the provider has nothing of it or was not asked. Next: an alert.
    TimedOut = "timed-out",
    /// Whether it was done is not known: it could not be read back either. Next: an alert; reconciliation shows what is there.
    Unknown = "unknown",
}

impl Outcome {
    /// Whether somebody must be told: something that was promised did not happen, or may not have.
    #[must_use]
    pub fn alerts(self) -> bool {
        match self {
            Self::Failed
            | Self::Missed
            | Self::Blocked
            | Self::Refused
            | Self::TimedOut
            | Self::Unknown => true,
            Self::Succeeded
            | Self::SkippedOverlap
            | Self::SkippedBlackout
            | Self::Paused
            | Self::Superseded
            | Self::Cancelled => false,
        }
    }
}

/// A word that is no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an outcome")]
pub struct UnknownOutcome(pub String);

impl FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, UnknownOutcome> {
        Self::ALL
            .iter()
            .copied()
            .find(|outcome| outcome.as_str() == text)
            .ok_or_else(|| UnknownOutcome(text.to_owned()))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
