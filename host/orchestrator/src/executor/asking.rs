//! What an attempt asks of a plugin.
//!
//! Never: calls it.

use strongroom_domain::retry::Failure;
use strongroom_ledger::OperationRow;
use strongroom_sandbox::Role;
use strongroom_sandbox::call::Request;

use super::{Errand, copying};
use crate::access::Access;

/// What the plugin is asked: to begin, or how far what it began has come.
pub(super) async fn request(
    access: &Access,
    errand: &Errand<'_>,
    operation: Option<&OperationRow>,
) -> Result<Request, Failure> {
    let off_site = errand.prepared.schedule.off_site();
    Ok(match (errand.prepared.role, operation) {
        (Role::Snapshots, None) => match off_site.filter(|off_site| off_site.copy) {
            None => Request::StartCreate,
            Some(off_site) => Request::StartCopy {
                reference: copying::choose(access, errand, off_site).await?.reference,
            },
        },
        (Role::Snapshots, Some(operation)) => Request::PollSnapshots {
            handle: operation.handle.clone(),
        },
        (Role::Task, None) => Request::Run,
        (Role::Task, Some(operation)) => Request::PollTask {
            handle: operation.handle.clone(),
        },
    })
}
