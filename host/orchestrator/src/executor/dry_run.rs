//! What a run would do: the plugin is asked, and nothing is changed or recorded anywhere.

use jiff::Timestamp;
use strongroom_domain::retry::Failure;
use strongroom_domain::{Evidence, TenantName};
use strongroom_sandbox::Role;
use strongroom_sandbox::call::{Answer, Request, Step};
use uuid::Uuid;

use super::{Errand, Reached, broken_contract, copying};
use crate::access::Access;
use crate::setup::Prepared;
use crate::workflows::drill;

/// Asks the plugin what a run would do. Nothing is changed or recorded anywhere.
///
/// # Errors
/// What the plugin answered, or how it failed.
pub async fn dry_run(
    access: &Access,
    prepared: &Prepared,
    tenant: &TenantName,
) -> Result<Evidence, Failure> {
    if prepared.schedule.drill_of.is_some() {
        return drill::dry_run(access, prepared, tenant).await;
    }
    let now = access.clock.now();
    let errand = Errand {
        prepared,
        tenant,
        run: Uuid::now_v7(),
        attempt: 1,
        due: now,
        deadline: now
            .checked_add(prepared.schedule.timeout)
            .unwrap_or(Timestamp::MAX),
        dry_run: true,
    };
    let copied = prepared.schedule.off_site().filter(|off| off.copy);
    let request = match (prepared.role, copied) {
        (Role::Snapshots, Some(off_site)) => Request::StartCopy {
            reference: copying::choose(access, &errand, off_site).await?.reference,
        },
        (Role::Snapshots, None) => Request::StartCreate,
        (Role::Task, _) => Request::Run,
    };
    match errand.call(access, request).await {
        Reached::Answer(Answer::Step(Step::Done(evidence))) => Ok(evidence),
        Reached::Answer(_) => Err(broken_contract("began something in a dry run")),
        Reached::Failed(failure) => Err(failure),
        Reached::TimedOut => Err(Failure::Unavailable {
            detail: "it was not finished in time".into(),
        }),
        Reached::Refused(detail) => Err(broken_contract(&detail)),
    }
}
