//! What becomes of an attempt: one type for what its driver makes of an answer.

use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use strongroom_ledger::CatalogChange;
use strongroom_sandbox::call::{CallResult, Operation, Step};

/// What an attempt came to.
pub(crate) enum AttemptResult {
    /// Done, with what the catalog takes of it.
    Done(Evidence, Vec<CatalogChange>),
    /// It goes on at the provider.
    Running(Operation),
    /// It failed.
    Failed(Failure, Trace),
    /// Its time was up.
    TimedOut {
        /// The provider was asked afterwards, and has nothing of it.
        searched: bool,
    },
    /// The host would not go on.
    Refused(String),
    /// Whether it was done cannot be found out.
    Unknown(String, Option<Failure>),
}

/// What is known of a failed attempt at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trace {
    /// Nothing but the failure.
    None,
    /// The plugin said before that it had done something.
    Acted,
    /// What there is was read back: nothing more can be found out.
    Known,
}

impl AttemptResult {
    /// A failure of which nothing else is known.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self::Failed(failure, Trace::None)
    }
}

/// The evidence of an action that is done, or what else became of it.
pub(crate) fn done(answer: CallResult<Step>) -> Result<Evidence, AttemptResult> {
    match answer {
        CallResult::Answered(Step::Done(evidence)) => Ok(evidence),
        CallResult::Answered(Step::Running(operation)) => Err(AttemptResult::Running(operation)),
        CallResult::Failed(failure) => Err(AttemptResult::failed(failure)),
        CallResult::TimedOut => Err(AttemptResult::TimedOut { searched: false }),
        CallResult::Refused(detail) => Err(AttemptResult::Refused(detail)),
    }
}
