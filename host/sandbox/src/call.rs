//! One call of a plugin: what it is told, what it may use, and every way in which it can end.

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::retry::Failure;
use strongroom_domain::{Evidence, TenantName};
use uuid::Uuid;

use crate::capability::Capabilities;

/// One call (`call` in `wit/types.wit`).
#[derive(Debug, Clone)]
pub struct Call {
    /// The same for every attempt of one occurrence.
    pub run_id: Uuid,
    /// 1 for the first.
    pub attempt: u32,
    /// Whose data.
    pub tenant: TenantName,
    /// The nominal time.
    pub due: Timestamp,
    /// When the host gives up.
    pub deadline: Timestamp,
    /// Change nothing.
    pub dry_run: bool,
    /// JSON text, valid against the plugin's schema.
    pub config: String,
}

/// How far an action came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Finished, with proof.
    Done(Evidence),
    /// Goes on at the provider.
    Running(Operation),
}

/// A long action at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// At most 4 KiB.
    pub handle: Vec<u8>,
    /// At least 100 ms.
    pub poll_after: Duration,
    /// 0 to 100.
    pub percent: Option<u8>,
    /// For a person.
    pub note: String,
}

/// What a call came to: exhaustive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallResult<A> {
    /// The plugin answered.
    Answered(A),
    /// The plugin answered with a failure, or did not return: then the failure is of kind `crashed`.
    Failed(Failure),
    /// The deadline passed; the instance is gone, what it began may have happened.
    TimedOut,
    /// It does not export the role, or broke a limit of the contract; says which.
    Refused(String),
}

impl<A> CallResult<A> {
    /// The same with another answer.
    pub fn map<B>(self, answer: impl FnOnce(A) -> B) -> CallResult<B> {
        match self {
            Self::Answered(given) => CallResult::Answered(answer(given)),
            Self::Failed(failure) => CallResult::Failed(failure),
            Self::TimedOut => CallResult::TimedOut,
            Self::Refused(rule) => CallResult::Refused(rule),
        }
    }

    /// The answer, or why there is none; `timed_out` is said of a deadline that passed.
    ///
    /// # Errors
    /// Everything but an answer is a failure.
    pub fn or_failure(self, timed_out: &str) -> Result<A, Failure> {
        match self {
            Self::Answered(answer) => Ok(answer),
            Self::Failed(failure) => Err(failure),
            Self::TimedOut => Err(Failure::unavailable(timed_out)),
            Self::Refused(rule) => Err(Failure::broken_contract(&rule)),
        }
    }
}

/// The failure of a plugin that stopped; `seen`: what the sandbox saw.
#[must_use]
pub fn crash(seen: &str) -> Failure {
    Failure::crashed(format!("the plugin stopped: {seen}"))
}

/// What one call may use.
#[derive(Clone)]
pub struct Context {
    /// Total linear memory, bytes.
    pub memory: u64,
    /// From entry to answer, instantiation included.
    pub time: Duration,
    /// What the guest's wall clock says at entry; it moves on with real time.
    pub now: Timestamp,
    /// What was made for this call and its grants.
    pub capabilities: Capabilities,
}
