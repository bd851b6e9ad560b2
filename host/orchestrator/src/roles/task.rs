//! The role `task`: whatever it answers is what it came to.

use jiff::Timestamp;
use strongroom_domain::TenantName;
use strongroom_ledger::{Claim, LedgerError, OperationRow};
use strongroom_sandbox::call::{CallResult, Step};
use strongroom_sandbox::role::task::Action;

use super::Driver;
use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;
use crate::call::prepared::Prepared;
use crate::call::result::{AttemptResult, done};

/// The driver.
pub(super) struct Task<'a> {
    pub(super) context: &'a CallContext,
}

/// Begins, or asks after what goes on.
pub(super) async fn ask(
    context: &CallContext,
    call: &PluginCall<'_>,
    operation: Option<&OperationRow>,
) -> CallResult<Step> {
    let action = match operation {
        None => Action::Run,
        Some(operation) => Action::Poll {
            handle: operation.handle.clone(),
        },
    };
    call.send(context, action).await
}

impl Driver for Task<'_> {
    /// What it makes up for is what it is about.
    fn due(&self, claim: &Claim) -> Timestamp {
        claim.effective_due()
    }

    async fn ask(
        &self,
        call: &PluginCall<'_>,
        operation: Option<&OperationRow>,
    ) -> CallResult<Step> {
        ask(self.context, call, operation).await
    }

    async fn judge(&self, _: &PluginCall<'_>, answer: CallResult<Step>) -> AttemptResult {
        match done(answer) {
            Ok(evidence) => AttemptResult::Done(evidence, Vec::new()),
            Err(result) => result,
        }
    }

    /// Nobody can be asked what became of it.
    async fn search(&self, _: &PluginCall<'_>, result: AttemptResult, _: bool) -> AttemptResult {
        result
    }

    async fn follow_up(
        &self,
        _: &Prepared,
        _: &TenantName,
        _: Option<Timestamp>,
    ) -> Result<(), LedgerError> {
        Ok(())
    }
}
