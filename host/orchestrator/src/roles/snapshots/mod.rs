//! The role `snapshots`: makes them, believes only what is read back, keeps, proves, restores and deletes them.
//!
//! Owns: the driver of the role, and what a person asks of a shelf.
//! Never: the rules themselves (`domain::retention`, `domain::age`, `domain::swap`).
//! Read next: `first_request`, `answer`, `search_before_giving_up`, `retention`; then `drill`, `reconcile`, `restore`.

mod absence;
mod answer;
pub mod comparison;
mod copy;
pub(super) mod drill;
mod first_request;
mod location;
mod orphans;
mod read_back;
pub mod reconcile;
pub mod restore;
pub mod retention;
mod search_before_giving_up;
pub mod shelf;
mod staleness;
pub mod verify;

use jiff::Timestamp;
use strongroom_domain::{Evidence, TenantName};
use strongroom_ledger::{
    CatalogChange, Claim, LedgerError, OperationRow, SnapshotRow, SnapshotState,
};
use strongroom_sandbox::call::{CallResult, Step};
use strongroom_sandbox::role::snapshots::SnapshotInfo;

use super::{Driver, Watch};
use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;
use crate::call::prepared::Prepared;
use crate::call::result::AttemptResult;
use crate::setup::Setup;
pub use orphans::SHELVES_NOTICE;

/// The driver.
pub(super) struct Snapshots<'a> {
    pub(super) context: &'a CallContext,
    pub(super) setup: &'a Setup,
}

impl Driver for Snapshots<'_> {
    /// What makes up for a past due time cannot hold what was there then, and must not say so.
    fn due(&self, claim: &Claim) -> Timestamp {
        claim.due
    }

    async fn ask(
        &self,
        call: &PluginCall<'_>,
        operation: Option<&OperationRow>,
    ) -> CallResult<Step> {
        first_request::ask(self.context, call, operation).await
    }

    async fn judge(&self, call: &PluginCall<'_>, answer: CallResult<Step>) -> AttemptResult {
        let judged = answer::judge(self.context, call, answer).await;
        self.located(call, judged).await
    }

    async fn search(
        &self,
        call: &PluginCall<'_>,
        result: AttemptResult,
        began: bool,
    ) -> AttemptResult {
        let found =
            search_before_giving_up::search_before_giving_up(self.context, call, result, began);
        self.located(call, found.await).await
    }

    async fn follow_up(
        &self,
        prepared: &Prepared,
        tenant: &TenantName,
        succeeded_at: Option<Timestamp>,
    ) -> Result<(), LedgerError> {
        let (context, setup) = (self.context, self.setup);
        let deleted = match succeeded_at {
            Some(at) => retention::apply(context, setup, prepared, tenant, at).await?,
            None => retention::resume(context, setup, prepared, tenant).await?,
        };
        if deleted > 0 {
            let schedule = &prepared.schedule.name;
            tracing::info!(%schedule, %tenant, deleted, "retention deleted snapshots");
        }
        Ok(())
    }
}

impl Snapshots<'_> {
    /// The result of a run whose snapshot is there, if it is where it may be.
    async fn located(
        &self,
        call: &PluginCall<'_>,
        made: Result<(Evidence, SnapshotInfo), AttemptResult>,
    ) -> AttemptResult {
        let located = match made {
            Ok((evidence, info)) => {
                location::check(self.context, self.setup, call, evidence, info).await
            }
            Err(result) => Err(result),
        };
        match located {
            Ok((evidence, info)) => {
                let row = row(call, info, evidence.clone(), self.context.clock.now());
                AttemptResult::Done(evidence, vec![CatalogChange::Added(Box::new(row))])
            }
            Err(result) => result,
        }
    }
}

/// How a run's snapshot is kept in the catalog.
fn row(
    call: &PluginCall<'_>,
    info: SnapshotInfo,
    evidence: Evidence,
    now: Timestamp,
) -> SnapshotRow {
    let schedule = &call.prepared.schedule;
    SnapshotRow {
        id: call.run,
        occurrence: call.run,
        schedule: schedule.name.clone(),
        tenant: call.tenant.clone(),
        // Not the one it was planned with: an edit may have come between.
        plugin: schedule.plugin.clone(),
        plugin_digest: call.prepared.digest().to_owned(),
        reference: info.reference,
        taken_at: info.taken_at,
        recorded_at: now,
        state: SnapshotState::Assumed,
        size: info.size,
        files: evidence.get("files").and_then(|text| text.parse().ok()),
        evidence,
        holds: Vec::new(),
        last_error: None,
        verified_at: None,
        gone_at: None,
        shadow_of: None,
    }
}

/// What a run would do; nothing can be changed through the call.
pub(super) async fn dry_run(context: &CallContext, call: &PluginCall<'_>) -> CallResult<Step> {
    if call.prepared.schedule.drill_of().is_none() {
        return first_request::ask(context, call, None).await;
    }
    match drill::would_drill(context, call).await {
        Ok(evidence) => CallResult::Answered(Step::Done(evidence)),
        Err(failure) => CallResult::Failed(failure),
    }
}

/// What the host looks after as long as it runs.
pub(super) fn watches() -> Vec<Box<dyn Watch>> {
    vec![
        Box::new(orphans::Orphans),
        Box::new(staleness::Staleness::default()),
    ]
}
