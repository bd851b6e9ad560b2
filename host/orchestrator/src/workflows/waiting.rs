//! Waiting for something that a person asked for: tells how far it is, and stops waiting when the person does.

use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use strongroom_sandbox::call::{Answer, Operation, Request, Step};

use crate::context::CallContext;
use crate::executor::{PluginCall, Reached};

/// How the waiting ended.
#[derive(Debug)]
pub enum Waited {
    /// It is done.
    Done(Evidence),
    /// The person stopped waiting. What goes on at the provider, in its words; `None`: nothing does.
    Left(Option<String>),
}

/// Calls once and asks after it until it is done, the deadline passes or `stop` says so.
///
/// # Errors
/// It failed, or took too long.
pub(super) async fn wait(
    context: &CallContext,
    call: &PluginCall<'_>,
    request: Request,
    stop: impl Future<Output = ()>,
) -> Result<Waited, Failure> {
    tokio::pin!(stop);
    // A call that is given up may have begun something: only what was answered is known.
    let mut goes_on: Option<Operation> = None;
    let mut request = request;
    loop {
        let reached = tokio::select! {
            biased;
            reached = call.send(context, request) => reached,
            () = &mut stop => return Ok(left(goes_on)),
        };
        let operation = match reached {
            Reached::Answer(Answer::Step(Step::Done(evidence))) => {
                return Ok(Waited::Done(evidence));
            }
            Reached::Answer(Answer::Step(Step::Running(operation))) => operation,
            Reached::Answer(_) => {
                return Err(Failure::broken_contract(
                    "answered with something else than a step",
                ));
            }
            Reached::Failed(failure) => return Err(failure),
            Reached::TimedOut => {
                return Err(Failure::unavailable("it was not finished in time"));
            }
            Reached::Refused(detail) => return Err(Failure::broken_contract(&detail)),
        };
        let schedule = &call.prepared.schedule.name;
        let (note, percent) = (operation.note.as_str(), operation.percent);
        context
            .observer
            .goes_on(schedule, call.tenant, note, percent);
        let at = context.clock.now().checked_add(operation.poll_after);
        let at = at.unwrap_or(call.deadline);
        request = Request::PollSnapshots {
            handle: operation.handle.clone(),
        };
        goes_on = Some(operation);
        if at >= call.deadline {
            return Err(Failure::unavailable(
                "it was still going on when its time was up",
            ));
        }
        tokio::select! {
            biased;
            () = &mut stop => return Ok(left(goes_on)),
            () = context.clock.sleep_until(at) => {}
        }
    }
}

fn left(goes_on: Option<Operation>) -> Waited {
    Waited::Left(goes_on.map(|operation| operation.note))
}
