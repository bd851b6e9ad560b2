//! Occurrences in SQLite.
//!
//! Read next: `plan`, `overlap`, `claim`, `record`.

mod claim;
mod ending;
mod lease;
mod origin;
mod overlap;
mod plan;
#[cfg(test)]
mod query_plans;
mod read;
mod record;
mod room;
mod search;
mod wake;

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use strongroom_domain::ScheduleName;
use uuid::Uuid;

use super::SqliteLedger;
use crate::error::LedgerError;
use crate::occurrences::{
    AttemptRow, ClaimReport, ClaimRequest, OccurrenceFilter, OccurrenceRow, Occurrences, Plan,
    PlanReport, RecordReport, Renewal, Tally, Transition, Watermark,
};

pub(super) use ending::{Ending, Stop, ask, end, with_operation};
pub(super) use lease::given;

#[async_trait]
impl Occurrences for SqliteLedger {
    async fn plan(&self, plan: Plan, now: Timestamp) -> Result<PlanReport, LedgerError> {
        plan::plan(self, plan, now).await
    }

    async fn watermarks(&self) -> Result<BTreeMap<ScheduleName, Watermark>, LedgerError> {
        plan::watermarks(&mut *self.reader().await?).await
    }

    async fn claim(&self, request: ClaimRequest<'_>) -> Result<ClaimReport, LedgerError> {
        claim::claim(self, request).await
    }

    async fn renew(
        &self,
        claims: &[(Uuid, i64)],
        lease_until: Timestamp,
    ) -> Result<Vec<Renewal>, LedgerError> {
        lease::renew(self, claims, lease_until).await
    }

    async fn record(
        &self,
        transitions: Vec<Transition>,
        now: Timestamp,
    ) -> Result<RecordReport, LedgerError> {
        record::record(self, transitions, now).await
    }

    async fn next_wake(
        &self,
        only: Option<Uuid>,
        after: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, LedgerError> {
        wake::next_wake(self, only, after).await
    }

    async fn occurrences(
        &self,
        filter: OccurrenceFilter,
    ) -> Result<Vec<OccurrenceRow>, LedgerError> {
        read::occurrences(&mut *self.reader().await?, &filter).await
    }

    async fn tally(&self) -> Result<Vec<Tally>, LedgerError> {
        read::tally(&mut *self.reader().await?).await
    }

    async fn attempts(&self, occurrence: Uuid) -> Result<Vec<AttemptRow>, LedgerError> {
        read::attempts(&mut *self.reader().await?, occurrence).await
    }
}
