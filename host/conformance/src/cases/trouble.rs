//! A provider that is busy, away or talks nonsense: the right failure, one request, nothing believed.

use std::time::Duration;

use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_egress::{Fault, Response};
use strongroom_sandbox::call::{CallResult, Operation, Step};
use strongroom_sandbox::role::snapshots::{Action, Get, List};
use strongroom_sandbox::role::{Answer, Request};

use super::is_unchanged;
use crate::context::call::{Told, ensure, failed};
use crate::context::{Made, TestContext};
use crate::gates::Which;
use crate::{Case, Need, messages};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "throttled",
        says: "429 with `Retry-After` is `throttled` with at least that wait; to `poll` also `running`, with at least that `poll-after`. The host waits, the plugin does not ask again",
        needs: &[Need::Provider, Need::Requests],
        run: |context| Box::pin(throttled(context)),
    },
    Case {
        name: "busy",
        says: "503 is `unavailable` or `throttled`, to `poll` also `running`, and the plugin does not ask again",
        needs: &[Need::Provider, Need::Requests],
        run: |context| Box::pin(busy(context)),
    },
    Case {
        name: "unreachable",
        says: "A provider that nobody reaches is `unavailable`, to `poll` also `running`, and the plugin does not ask again",
        needs: &[Need::Provider, Need::Requests],
        run: |context| Box::pin(unreachable(context)),
    },
    Case {
        name: "page-of-html",
        says: "A page of HTML instead of an answer is `other` or `unavailable`: never an end, never that something is gone",
        needs: &[Need::Provider, Need::Requests],
        run: |context| Box::pin(page_of_html(context)),
    },
    Case {
        name: "cut-off-answer",
        says: "Half an answer is `other` or `unavailable`: never half a list, never a snapshot",
        needs: &[Need::Provider, Need::Requests],
        run: |context| Box::pin(cut_off_answer(context)),
    },
    Case {
        name: "silence",
        says: "A provider that never answers ends the call by its deadline",
        needs: &[Need::Provider, Need::Requests],
        run: |context| Box::pin(silence(context)),
    },
];

/// What a busy provider asks for.
const RETRY_AFTER: Duration = Duration::from_secs(7);
/// So many requests of one call are no storm: another page, another service.
const REQUESTS: usize = 3;
/// How long a call may take where nobody answers, and how much later it may end.
const SHORT: Duration = Duration::from_secs(1);
const SLACK: Duration = Duration::from_secs(2);

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Fault {
    let header = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
    Fault::Answered(Response {
        status,
        headers: headers.iter().map(header).collect(),
        body: body.as_bytes().to_vec(),
    })
}

/// One call of each kind about a snapshot that is there; none of them reaches the provider.
fn one_of_each(made: &Made) -> Vec<Request> {
    let reference = || made.info.reference.clone();
    let mut requests = vec![
        Get {
            reference: reference(),
        }
        .into(),
        List {
            cursor: None,
            limit: 10,
        }
        .into(),
        Action::Create.into(),
        Action::Delete {
            reference: reference(),
        }
        .into(),
    ];
    if let Some(handle) = made.handle.clone() {
        requests.push(Action::Poll { handle }.into());
    }
    requests
}

/// Makes one call of each kind with this fault on every request; each answer is judged.
async fn each(
    context: &TestContext,
    fault: &Fault,
    judge: impl Fn(&Request, &CallResult<Answer>) -> Result<(), String>,
) -> Told<()> {
    let made = context.first().await?;
    let call = context.fresh().await?;
    let before = call.references().await?;
    for request in one_of_each(&made) {
        let function = messages::function(&request);
        let shut = context.gates.shut(Which::Every, fault.clone());
        let ending = call.call(request.clone()).await;
        let sent = shut.sent();
        drop(shut);
        if sent.is_empty() {
            // Nothing was asked, so nothing went wrong: a handle may be all that is needed to know that it is over.
            continue;
        }
        if let Err(expected) = judge(&request, &ending) {
            return failed(format!(
                "`{function}` {}; expected {expected}",
                messages::result(&ending)
            ));
        }
        ensure(sent.len() <= REQUESTS, || {
            format!(
                "`{function}` asked {} times without a pause: {}",
                sent.len(),
                messages::requests(&sent)
            )
        })?;
    }
    is_unchanged(&call, &before, "a provider that did nothing").await
}

/// A failure of one of these kinds.
fn of_kind<A>(ending: &CallResult<A>, kinds: &[FailureKind]) -> Result<(), String> {
    match ending {
        CallResult::Failed(failure) if kinds.contains(&failure.kind) => Ok(()),
        _ => Err(messages::names(kinds)),
    }
}

/// An operation that is polled goes on, whoever cannot be asked just now.
fn goes_on<'a>(request: &Request, ending: &'a CallResult<Answer>) -> Option<&'a Operation> {
    match (request, ending) {
        (
            Request::Snapshots(Action::Poll { .. }),
            CallResult::Answered(Answer::Step(Step::Running(operation))),
        ) => Some(operation),
        _ => None,
    }
}

async fn throttled(context: &TestContext) -> Told<()> {
    let seconds = RETRY_AFTER.as_secs().to_string();
    let fault = answer(429, &[("retry-after", &seconds)], "");
    each(context, &fault, |request, ending| {
        let wait = match (goes_on(request, ending), ending) {
            (Some(operation), _) => operation.poll_after,
            (
                None,
                CallResult::Failed(Failure {
                    kind: FailureKind::Throttled,
                    retry_after_ms,
                    ..
                }),
            ) => Duration::from_millis(retry_after_ms.unwrap_or_default()),
            _ => return Err(format!("`throttled` with at least {RETRY_AFTER:?}")),
        };
        if wait >= RETRY_AFTER {
            return Ok(());
        }
        Err(format!("a wait of at least {RETRY_AFTER:?}, not {wait:?}"))
    })
    .await
}

async fn busy(context: &TestContext) -> Told<()> {
    let fault = answer(503, &[("content-type", "text/plain")], "come back later");
    let kinds = [FailureKind::Unavailable, FailureKind::Throttled];
    each(context, &fault, |request, ending| {
        match goes_on(request, ending) {
            Some(_) => Ok(()),
            None => of_kind(ending, &kinds),
        }
    })
    .await
}

async fn unreachable(context: &TestContext) -> Told<()> {
    each(context, &Fault::Unsent, |request, ending| {
        match goes_on(request, ending) {
            Some(_) => Ok(()),
            None => of_kind(ending, &[FailureKind::Unavailable]),
        }
    })
    .await
}

async fn page_of_html(context: &TestContext) -> Told<()> {
    let page = "<!DOCTYPE html><html><head><title>Welcome</title></head><body>Please sign in.</body></html>";
    let fault = answer(200, &[("content-type", "text/html; charset=utf-8")], page);
    each(context, &fault, not_believed).await
}

/// Deleting may go on: the answer's status is good, and the polls that follow will see.
fn not_believed(request: &Request, ending: &CallResult<Answer>) -> Result<(), String> {
    let running = matches!(ending, CallResult::Answered(Answer::Step(Step::Running(_))));
    let deleting = matches!(request, Request::Snapshots(Action::Delete { .. }));
    if goes_on(request, ending).is_some() || (running && deleting) {
        return Ok(());
    }
    of_kind(ending, &[FailureKind::Other, FailureKind::Unavailable])
}

async fn cut_off_answer(context: &TestContext) -> Told<()> {
    let made = context.first().await?;
    let call = context.call()?;
    let reading = [
        Request::Get(Get {
            reference: made.info.reference.clone(),
        }),
        Request::List(List {
            cursor: None,
            limit: 10,
        }),
    ];
    for request in reading {
        let function = messages::function(&request);
        let shut = context.gates.shut(Which::Every, Fault::Cut);
        let ending = call.call(request).await;
        drop(shut);
        if let Err(expected) = of_kind(&ending, &[FailureKind::Other, FailureKind::Unavailable]) {
            return failed(format!(
                "`{function}` {}; expected {expected}",
                messages::result(&ending)
            ));
        }
    }
    Ok(())
}

async fn silence(context: &TestContext) -> Told<()> {
    let made = context.first().await?;
    let call = context.call()?.within(SHORT);
    let began = context.now();
    let get = Get {
        reference: made.info.reference,
    };
    let shut = context.gates.shut(Which::Every, Fault::Hanging);
    let ending = call.call(get).await;
    drop(shut);
    let took = context.since(began);
    ensure(took <= SHORT + SLACK, || {
        format!("a call with {SHORT:?} to its deadline took {took:?}")
    })?;
    match &ending {
        CallResult::TimedOut => Ok(()),
        _ => match of_kind(&ending, &[FailureKind::Unavailable]) {
            Ok(()) => Ok(()),
            Err(expected) => failed(format!(
                "`get` {}; expected {expected} or no answer",
                messages::result(&ending)
            )),
        },
    }
}

/// A failure after which the host tries again, or none.
pub(super) fn may_be_repeated(ending: &CallResult<Step>, kinds: &[FailureKind]) -> Told<()> {
    match ending {
        CallResult::Answered(_) | CallResult::TimedOut => Ok(()),
        CallResult::Failed(failure) if kinds.contains(&failure.kind) => Ok(()),
        other => failed(format!(
            "it {}; expected {}, after which the host tries again",
            messages::result(other),
            messages::names(kinds)
        )),
    }
}
