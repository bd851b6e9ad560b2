//! Dry runs: a plugin is asked what it would do, and nothing can be changed through the call.
//!
//! Owns: that a dry run answers at once. Never: writes anything to the ledger. Read next: `executor`.

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_domain::{Evidence, TenantName};
use strongroom_sandbox::Role;
use strongroom_sandbox::call::{Answer, Request, Step};
use uuid::Uuid;

use crate::context::CallContext;
use crate::executor::{PluginCall, Reached, copy};
use crate::setup::Prepared;
use crate::workflows::drill;

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
    if prepared.schedule.drill_of.is_some() {
        return drill::dry_run(context, prepared, tenant).await;
    }
    match ask(context, prepared, tenant, prepared.schedule.timeout).await {
        Reached::Answer(Answer::Step(Step::Done(evidence))) => Ok(evidence),
        Reached::Answer(_) => Err(Failure::broken_contract("began something in a dry run")),
        Reached::Failed(failure) => Err(failure),
        Reached::TimedOut => Err(Failure::unavailable("it was not finished in time")),
        Reached::Refused(detail) => Err(Failure::broken_contract(&detail)),
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
        Reached::Answer(Answer::Step(Step::Done(_))) => Ok(()),
        Reached::Answer(_) => Err("it began something in a dry run".to_owned()),
        Reached::Failed(failure) if failure.kind == FailureKind::Crashed => {
            Err(failure.detail.clone())
        }
        Reached::Failed(_) => Ok(()),
        Reached::TimedOut => Err(format!("it did not answer within {} s", PROBE.as_secs())),
        Reached::Refused(detail) => Err(detail),
    }
}

async fn ask(
    context: &CallContext,
    prepared: &Prepared,
    tenant: &TenantName,
    time: Duration,
) -> Reached {
    let now = context.clock.now();
    let call = PluginCall {
        prepared,
        tenant,
        run: Uuid::now_v7(),
        attempt: 1,
        due: now,
        deadline: now.checked_add(time).unwrap_or(Timestamp::MAX),
        dry_run: true,
    };
    let copied = prepared.schedule.off_site().filter(|off| off.copy);
    let request = match (prepared.role, copied) {
        (Role::Snapshots, Some(off_site)) => match copy::choose(context, &call, off_site).await {
            Ok(row) => Request::StartCopy {
                reference: row.reference,
            },
            Err(failure) => return Reached::Failed(failure),
        },
        (Role::Snapshots, None) => Request::StartCreate,
        (Role::Task, _) => Request::Run,
    };
    call.send(context, request).await
}
