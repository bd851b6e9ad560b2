//! What an attempt asks of a plugin.
//!
//! Never: calls it.

use strongroom_domain::retry::Failure;
use strongroom_ledger::OperationRow;
use strongroom_sandbox::Role;
use strongroom_sandbox::call::Request;

use super::{PluginCall, copy};
use crate::context::CallContext;

/// What the plugin is asked: to begin, or how far what it began has come.
pub(super) async fn request(
    context: &CallContext,
    call: &PluginCall<'_>,
    operation: Option<&OperationRow>,
) -> Result<Request, Failure> {
    let off_site = call.prepared.schedule.off_site();
    Ok(match (call.prepared.role, operation) {
        (Role::Snapshots, None) => match off_site.filter(|off_site| off_site.copy) {
            None => Request::StartCreate,
            Some(off_site) => Request::StartCopy {
                reference: copy::choose(context, call, off_site).await?.reference,
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
