//! Dry runs: a plugin is asked what it would do, and nothing can be changed through the call.
//!
//! Owns: that a dry run answers at once. Never: writes anything to the ledger. Read next: `roles`.

use std::time::Duration;

use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_domain::{Evidence, TenantName};
use strongroom_sandbox::call::{CallResult, Step};

use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;
use crate::call::prepared::Prepared;
use crate::roles;

/// How long a probing run may take.
const PROBE: Duration = Duration::from_secs(60);

/// Asks the plugin what a run would do. Nothing is changed or recorded anywhere.
///
/// # Errors
/// What the plugin answered, or how it failed.
pub async fn dry_run(
    context: &CallContext,
    prepared: &Prepared,
    tenant: &TenantName,
) -> Result<Evidence, Failure> {
    let answer = ask(context, prepared, tenant, prepared.schedule.timeout).await;
    match answer.or_failure("it was not finished in time")? {
        Step::Done(evidence) => Ok(evidence),
        Step::Running(_) => Err(Failure::broken_contract("began something in a dry run")),
    }
}

/// Whether a plugin keeps the contract in a dry run. Any answer that does is a pass, also a failure: a source that is
/// away today says nothing about the plugin.
///
/// # Errors
/// What it did instead, in half a sentence.
pub async fn probe(
    context: &CallContext,
    prepared: &Prepared,
    tenant: &TenantName,
) -> Result<(), String> {
    match ask(context, prepared, tenant, PROBE).await {
        CallResult::Answered(Step::Done(_)) => Ok(()),
        CallResult::Answered(Step::Running(_)) => Err("it began something in a dry run".to_owned()),
        CallResult::Failed(failure) if failure.kind == FailureKind::Crashed => Err(failure.detail),
        CallResult::Failed(_) => Ok(()),
        CallResult::TimedOut => Err(format!("it did not answer within {} s", PROBE.as_secs())),
        CallResult::Refused(detail) => Err(detail),
    }
}

async fn ask(
    context: &CallContext,
    prepared: &Prepared,
    tenant: &TenantName,
    time: Duration,
) -> CallResult<Step> {
    let call = PluginCall::now(context, prepared, tenant, time).dry();
    roles::dry_run(context, &call).await
}
