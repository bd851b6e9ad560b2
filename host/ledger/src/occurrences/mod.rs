//! Occurrences on their way: planned, claimed, attempted, ended.
//!
//! Owns: the trait `Occurrences` and the rows that it takes and gives.
//! Read next: `plan`, `claim`, `record` in the order of a run, then `read`.

mod claim;
mod plan;
mod read;
mod record;

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use strongroom_domain::ScheduleName;
use uuid::Uuid;

use crate::error::LedgerError;

pub use claim::{Claim, ClaimReport, ClaimRequest, OperationRow, Renewal};
pub use plan::{NewOccurrence, Origin, Plan, PlanReport, Watermark};
pub use read::{AttemptRow, OccurrenceFilter, OccurrenceRow, Tally};
pub use record::{AttemptRecord, Next, RecordReport, Transition};

/// Due times from the moment they are planned until they end.
#[async_trait]
pub trait Occurrences: Send + Sync {
    /// Writes occurrences and how far each schedule is planned.
    ///
    /// An occurrence of the same schedule, tenant and due time that exists already is left alone, so nothing runs twice.
    async fn plan(&self, plan: Plan, now: Timestamp) -> Result<PlanReport, LedgerError>;

    /// Reads up to which due time each schedule was planned, and by which timetable.
    async fn watermarks(&self) -> Result<BTreeMap<ScheduleName, Watermark>, LedgerError>;

    /// Takes occurrences that wait for nobody, within the limits: those that are due, and those whose lease ran out; by
    /// priority, then the longest waiting first. Those whose turn did not come in time end as `missed` in the same
    /// transaction.
    ///
    /// Of one schedule and tenant at most one is ever under way, unless its overlap is allowed: one that began goes on
    /// before a new one begins, and due times of the timetable go before a backfill.
    async fn claim(&self, request: ClaimRequest<'_>) -> Result<ClaimReport, LedgerError>;

    /// Prolongs leases, given as id and fence; answers in order. Each thousand is a transaction of its own.
    async fn renew(
        &self,
        claims: &[(Uuid, i64)],
        lease_until: Timestamp,
    ) -> Result<Vec<Renewal>, LedgerError>;

    /// Writes what attempts came to, with their catalog changes and audit entries, all in ONE transaction.
    ///
    /// Every end also gets the audit entry `occurrence-ended`.
    async fn record(
        &self,
        transitions: Vec<Transition>,
        now: Timestamp,
    ) -> Result<RecordReport, LedgerError>;

    /// Finds the earliest moment at which something unfinished can be claimed (or a lease runs out); with `only`, that
    /// occurrence alone.
    ///
    /// With `after`, what was ready by then is passed over: it waits for something else than time.
    async fn next_wake(
        &self,
        only: Option<Uuid>,
        after: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, LedgerError>;

    /// Reads occurrences, by due time.
    async fn occurrences(
        &self,
        filter: OccurrenceFilter,
    ) -> Result<Vec<OccurrenceRow>, LedgerError>;

    /// Counts the occurrences of each schedule and tenant in each state, with the time at which the last of them ended.
    async fn tally(&self) -> Result<Vec<Tally>, LedgerError>;

    /// Reads the attempts at one occurrence, first to last.
    async fn attempts(&self, occurrence: Uuid) -> Result<Vec<AttemptRow>, LedgerError>;
}
