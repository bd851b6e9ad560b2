//! Polling: one call, and the calls that ask after what it began, until that is done.
//!
//! Owns: how long is waited between two polls, and that the deadline ends the waiting.

use std::future::pending;

use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use strongroom_sandbox::call::{CallResult, Operation, Step};
use strongroom_sandbox::role::Action;

use super::context::CallContext;
use super::plugin_call::PluginCall;

/// How the waiting ended.
#[derive(Debug)]
pub enum Waited {
    /// It is done.
    Done(Evidence),
    /// The person stopped waiting. What goes on at the provider, in its words; `None`: nothing does.
    Left(Option<String>),
}

/// Calls once and polls until it is done or the deadline passes.
pub(crate) async fn until_done<A: Action>(
    context: &CallContext,
    call: &PluginCall<'_>,
    action: A,
) -> CallResult<Evidence> {
    let waited = until_stopped(context, call, action, |_| {}, pending()).await;
    match waited {
        CallResult::Answered(Waited::Done(evidence)) => CallResult::Answered(evidence),
        // Nobody stops it.
        CallResult::Answered(Waited::Left(_)) | CallResult::TimedOut => CallResult::TimedOut,
        CallResult::Failed(failure) => CallResult::Failed(failure),
        CallResult::Refused(detail) => CallResult::Refused(detail),
    }
}

/// The same until `stop` says so; `goes_on` is told of every operation that is not done yet.
pub(crate) async fn until_stopped<A: Action>(
    context: &CallContext,
    call: &PluginCall<'_>,
    mut action: A,
    goes_on: impl Fn(&Operation),
    stop: impl Future<Output = ()>,
) -> CallResult<Waited> {
    tokio::pin!(stop);
    // A call that is given up may have begun something: only what was answered is known.
    let mut note = None;
    loop {
        let answer = tokio::select! {
            biased;
            answer = call.send(context, action) => answer,
            () = &mut stop => return CallResult::Answered(Waited::Left(note)),
        };
        let operation = match answer {
            CallResult::Answered(Step::Done(evidence)) => {
                return CallResult::Answered(Waited::Done(evidence));
            }
            CallResult::Answered(Step::Running(operation)) => operation,
            CallResult::Failed(failure) => return CallResult::Failed(failure),
            CallResult::TimedOut => return CallResult::TimedOut,
            CallResult::Refused(detail) => return CallResult::Refused(detail),
        };
        goes_on(&operation);
        let at = context.clock.now().checked_add(operation.poll_after);
        note = Some(operation.note);
        action = A::poll(operation.handle);
        let Some(at) = at.ok().filter(|at| *at < call.deadline) else {
            let late = "it was still going on when its time was up";
            return CallResult::Failed(Failure::unavailable(late));
        };
        tokio::select! {
            biased;
            () = &mut stop => return CallResult::Answered(Waited::Left(note)),
            () = context.clock.sleep_until(at) => {}
        }
    }
}
