//! Deleted means looked for and not found.
//!
//! Owns: how long a provider may go on showing what it deleted.
//! Never: deletes.

use std::time::Duration;

use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_sandbox::role::snapshots::SnapshotState;

use super::read_back::read_back;
use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;

/// How long before each further look: what was deleted may be shown for some seconds more.
const WAITS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
];

/// Looks whether a snapshot that the plugin reported as deleted is gone.
///
/// # Errors
/// It is still there, or nobody can tell.
pub(super) async fn prove(
    context: &CallContext,
    call: &PluginCall<'_>,
    reference: &str,
) -> Result<(), Failure> {
    let mut waits = WAITS.iter();
    loop {
        let what = match read_back(context, call, reference).await {
            Err(failure) if failure.kind == FailureKind::NotFound => return Ok(()),
            Err(failure) => {
                return Err(failure.and("whether it is deleted could not be read back"));
            }
            Ok(info) if info.state == SnapshotState::Deleting => "still deletes it",
            Ok(_) => "still has it",
        };
        let at = waits
            .next()
            .and_then(|wait| context.clock.now().checked_add(*wait).ok());
        match at.filter(|at| *at < call.deadline) {
            Some(at) => context.clock.sleep_until(at).await,
            None => {
                let detail = format!(
                    "the plugin reported `{reference}` as deleted, and the provider {what}"
                );
                return Err(Failure::conflict(detail));
            }
        }
    }
}
