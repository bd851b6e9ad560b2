//! The roles, one driver each: what the host asks of a plugin, and what it makes of the answers.
//!
//! Owns: the trait by which the engine sees every role alike, and the dispatch from a role to its driver.
//! Never: a decision about time (`domain::retry`), or when something runs (`engine`).
//! Read next: `attempt`, then `task` and `snapshots`.

pub(crate) mod attempt;
pub mod snapshots;
mod task;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use strongroom_domain::role::Role;
use strongroom_domain::{Outcome, TenantName};
use strongroom_ledger::{Claim, LedgerError, OperationRow, Transition};
use strongroom_sandbox::call::{CallResult, Step};

use crate::call::context::CallContext;
use crate::call::defect::caught;
use crate::call::plugin_call::PluginCall;
use crate::call::prepared::Prepared;
use crate::call::result::AttemptResult;
use crate::setup::Setup;
use attempt::{ended, given_up};
use snapshots::Snapshots;
use task::Task;

/// What the host does for one role, at four moments of a run.
pub(crate) trait Driver: Sync {
    /// The due time that the plugin is told.
    fn due(&self, claim: &Claim) -> Timestamp;

    /// The first request: to begin, or how far what was begun has come.
    fn ask(
        &self,
        call: &PluginCall<'_>,
        operation: Option<&OperationRow>,
    ) -> impl Future<Output = CallResult<Step>> + Send;

    /// What the answer means.
    fn judge(
        &self,
        call: &PluginCall<'_>,
        answer: CallResult<Step>,
    ) -> impl Future<Output = AttemptResult> + Send;

    /// What is looked for before a run is given up; `began`: an earlier call may have begun something.
    fn search(
        &self,
        call: &PluginCall<'_>,
        result: AttemptResult,
        began: bool,
    ) -> impl Future<Output = AttemptResult> + Send;

    /// What follows an end: of a success then, or of the last one on record.
    fn follow_up(
        &self,
        prepared: &Prepared,
        tenant: &TenantName,
        succeeded_at: Option<Timestamp>,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;
}

/// What a role looks after as long as the engine runs.
#[async_trait]
pub(crate) trait Watch: Send {
    /// Takes up a set: at a start, and with every new one.
    async fn begin(&mut self, context: &CallContext, setup: &Setup) -> Result<(), LedgerError>;

    /// The next moment at which there may be something to tell.
    fn next(&self) -> Option<Timestamp> {
        None
    }

    /// Something was made, or written by somebody else.
    fn wake(&mut self, _now: Timestamp) {}

    /// Looks and tells; `stays`: the engine goes on until it is stopped.
    async fn look(&mut self, _context: &CallContext, _stays: bool) -> Result<(), LedgerError> {
        Ok(())
    }
}

/// What all roles look after.
pub(crate) fn watches() -> Vec<Box<dyn Watch>> {
    let of = |role| match role {
        Role::Snapshots => snapshots::watches(),
        Role::Task => Vec::new(),
    };
    Role::ALL.into_iter().flat_map(of).collect()
}

/// Runs one attempt of a claimed occurrence to its transition, also if the host itself fails at it.
pub(crate) async fn attempt(
    context: &CallContext,
    setup: &Setup,
    prepared: Option<&Prepared>,
    claim: &Claim,
) -> Transition {
    let started_at = context.clock.now();
    let Some(prepared) = prepared else {
        let reason = format!(
            "schedule `{}` is no longer in the schedule files",
            claim.schedule
        );
        return ended(claim, Outcome::Refused, reason);
    };
    let tried = async {
        match prepared.role {
            Role::Snapshots if prepared.schedule.drill_of().is_some() => {
                snapshots::drill::attempt(context, prepared, claim).await
            }
            Role::Snapshots => {
                attempt::drive(&Snapshots { context, setup }, context, prepared, claim).await
            }
            Role::Task => attempt::drive(&Task { context }, context, prepared, claim).await,
        }
    };
    match caught(tried).await {
        Ok(transition) => transition,
        Err(panic) => {
            let reason = format!(
                "the host failed at it, which is a bug in strongroom ({panic}); the plugin may have acted"
            );
            let attempt = (Some(prepared), started_at);
            given_up(context, claim, attempt, Outcome::Unknown, reason)
        }
    }
}

/// Asks what a run would do; nothing can be changed through the call.
pub(crate) async fn dry_run(context: &CallContext, call: &PluginCall<'_>) -> CallResult<Step> {
    match call.prepared.role {
        Role::Snapshots => snapshots::dry_run(context, call).await,
        Role::Task => task::ask(context, call, None).await,
    }
}

/// Whether anything follows an end of this schedule.
pub(crate) fn has_follow_up(prepared: &Prepared) -> bool {
    match prepared.role {
        Role::Snapshots => prepared.schedule.retention().is_some(),
        Role::Task => false,
    }
}

/// Does what follows an end, also if the host itself fails at it; see [`Driver::follow_up`].
pub(crate) async fn follow_up(
    context: &CallContext,
    setup: &Arc<Setup>,
    prepared: &Prepared,
    tenant: &TenantName,
    succeeded_at: Option<Timestamp>,
) -> Result<(), LedgerError> {
    let work = async {
        match prepared.role {
            Role::Snapshots => {
                let driver = Snapshots { context, setup };
                driver.follow_up(prepared, tenant, succeeded_at).await
            }
            Role::Task => {
                let driver = Task { context };
                driver.follow_up(prepared, tenant, succeeded_at).await
            }
        }
    };
    caught(work).await.unwrap_or_else(|panic| {
        let schedule = &prepared.schedule.name;
        tracing::error!(%schedule, %tenant, panic, "what follows a success broke off, which is a bug in strongroom; the next success begins it again");
        Ok(())
    })
}
