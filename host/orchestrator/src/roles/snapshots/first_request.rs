//! What a run asks of a provider first: to make a snapshot or a copy, or how far what was begun has come.

use strongroom_domain::retry::Failure;
use strongroom_ledger::OperationRow;
use strongroom_sandbox::call::{CallResult, Step};
use strongroom_sandbox::role::snapshots::Action;

use super::copy;
use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;

/// Begins, or asks after what goes on.
pub(super) async fn ask(
    context: &CallContext,
    call: &PluginCall<'_>,
    operation: Option<&OperationRow>,
) -> CallResult<Step> {
    match action(context, call, operation).await {
        Ok(action) => call.send(context, action).await,
        Err(failure) => CallResult::Failed(failure),
    }
}

async fn action(
    context: &CallContext,
    call: &PluginCall<'_>,
    operation: Option<&OperationRow>,
) -> Result<Action, Failure> {
    if let Some(operation) = operation {
        let handle = operation.handle.clone();
        return Ok(Action::Poll { handle });
    }
    let off_site = call.prepared.schedule.off_site();
    match off_site.filter(|off_site| off_site.copy) {
        None => Ok(Action::Create),
        Some(off_site) => {
            let reference = copy::choose(context, call, off_site).await?.reference;
            Ok(Action::Copy { reference })
        }
    }
}
