//! What an owner writes about its claims: attempts, ends, and what belongs to them.

use jiff::Timestamp;
use strongroom_domain::retry::Failure;
use strongroom_domain::{Evidence, Outcome};
use uuid::Uuid;

use super::claim::OperationRow;
use super::plan::NewOccurrence;
use crate::audit::AuditEntry;
use crate::catalog::CatalogChange;

/// What one claim came to.
#[derive(Debug, Clone)]
pub struct Transition {
    /// The occurrence.
    pub occurrence: Uuid,
    /// The fence of the claim.
    pub fence: i64,
    /// What was tried; an attempt that goes on (a poll) replaces what was written under its number.
    pub attempt: Option<AttemptRecord>,
    /// What follows.
    pub next: Next,
    /// Changes of the catalog, in order.
    pub catalog: Vec<CatalogChange>,
    /// Further audit entries.
    pub audit: Vec<AuditEntry>,
    /// What follows this end on other schedules.
    pub follow: Vec<NewOccurrence>,
}

/// One try.
#[derive(Debug, Clone)]
pub struct AttemptRecord {
    /// 1 for the first.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Digest of the plugin file.
    pub digest: String,
    /// How it ended, as a word: `done`, `running`, `failed`, …
    pub ending: String,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// What a person is shown.
    pub detail: String,
}

/// What follows a claim. Each one gives the claim up.
#[derive(Debug, Clone)]
pub enum Next {
    /// The occurrence is tried again; an operation is forgotten.
    Retry {
        /// The moment before which it is not tried.
        at: Timestamp,
        /// Why again.
        reason: String,
    },
    /// The operation is asked after.
    Poll {
        /// The moment before which it is not asked after.
        at: Timestamp,
        /// The operation.
        operation: OperationRow,
    },
    /// The occurrence is over.
    End {
        /// How.
        outcome: Outcome,
        /// Why; may be empty.
        reason: String,
        /// What proves it.
        evidence: Evidence,
    },
    /// Anybody may take it up at once; the attempt does not count.
    HandBack,
}

/// What recording came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordReport {
    /// In order. False: the fence was lost (another host claimed it, or it was recorded before), and nothing of that
    /// transition was written.
    pub written: Vec<bool>,
    /// What [`crate::Occurrences::next_wake`] says after this; `None`: not looked for.
    pub next_wake: Option<Option<Timestamp>>,
}
