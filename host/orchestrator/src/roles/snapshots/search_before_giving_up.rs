//! Before a run is given up: whether the provider made a snapshot all the same.
//!
//! Owns: the search by run id, and that what cannot be found out is said to be unknown.
//! Never: begins anything at the provider.

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::Evidence;
use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_sandbox::role::snapshots::{SnapshotInfo, SnapshotState};

use super::answer::compare;
use super::read_back::read_back;
use crate::call::context::CallContext;
use crate::call::pager::Pager;
use crate::call::plugin_call::PluginCall;
use crate::call::result::{AttemptResult, Trace};

/// How long the search may take: the run's own time may be over.
const SEARCH: Duration = Duration::from_secs(120);

/// What the provider knows of a run.
enum Known {
    Made(Evidence, Box<SnapshotInfo>),
    Nothing,
    /// It has something that is not what the run was to make.
    Wrong(Failure),
    /// It cannot be found out, and why.
    Unsettled(String),
}

/// What a run comes to that would be given up: what the provider made all the same, or what is known now;
/// `began`: an earlier call may have begun something.
pub(super) async fn search_before_giving_up(
    context: &CallContext,
    call: &PluginCall<'_>,
    result: AttemptResult,
    began: bool,
) -> Result<(Evidence, SnapshotInfo), AttemptResult> {
    let (why, failure) = match result {
        AttemptResult::TimedOut { .. } => (
            format!("not finished by its deadline {}", call.deadline),
            None,
        ),
        AttemptResult::Failed(failure, trace) if looked_for(&failure, trace, began) => {
            (failure.to_string(), Some((failure, trace)))
        }
        other => return Err(other),
    };
    Err(match search(context, call, &why).await {
        Known::Made(evidence, info) => return Ok((evidence, *info)),
        Known::Wrong(found) => {
            let failure = match failure {
                Some((failure, _)) => failure.and(&found.detail),
                None => found,
            };
            AttemptResult::Failed(failure, Trace::Acted)
        }
        Known::Nothing => match failure {
            Some((failure, trace)) => AttemptResult::Failed(failure, trace),
            None => AttemptResult::TimedOut { searched: true },
        },
        Known::Unsettled(what) => AttemptResult::Unknown(
            format!("{why}; whether the provider made a snapshot is not known: {what}"),
            failure.map(|(failure, _)| failure),
        ),
    })
}

/// What was read back and differs is known. A plugin that says so was refused, and began nothing; of all others it is not
/// certain.
fn looked_for(failure: &Failure, trace: Trace, began: bool) -> bool {
    let may_have_acted = match failure.kind {
        FailureKind::Corrupt => return false,
        FailureKind::Invalid
        | FailureKind::Denied
        | FailureKind::NotFound
        | FailureKind::Conflict
        | FailureKind::Quota
        | FailureKind::Throttled => false,
        FailureKind::Unavailable | FailureKind::Crashed | FailureKind::Other => true,
    };
    match trace {
        Trace::Known => false,
        Trace::Acted => true,
        Trace::None => began || may_have_acted,
    }
}

async fn search(context: &CallContext, call: &PluginCall<'_>, why: &str) -> Known {
    let now = context.clock.now();
    let call = PluginCall {
        deadline: now.checked_add(SEARCH).unwrap_or(Timestamp::MAX),
        ..*call
    };
    let run = call.run.to_string();
    let mut pager = Pager::new(&call);
    let mut found = None;
    loop {
        match pager.next(context).await {
            Ok(Some(page)) => {
                let ours = |one: &SnapshotInfo| {
                    one.run_id.as_ref() == Some(&run) && one.tenant == call.tenant.as_str()
                };
                found = found.or_else(|| page.into_iter().find(ours));
            }
            Ok(None) => break,
            Err(failure) => {
                return Known::Unsettled(failure.to_string());
            }
        }
    }
    let Some(found) = found else {
        return Known::Nothing;
    };
    look(context, &call, &found.reference, why).await
}

/// Reads back what the search found.
async fn look(context: &CallContext, call: &PluginCall<'_>, reference: &str, why: &str) -> Known {
    let info = match read_back(context, call, reference).await {
        Ok(info) => info,
        Err(failure) => {
            return Known::Unsettled(format!(
                "it lists `{reference}` of this run, and reading that back says {failure}"
            ));
        }
    };
    if info.state == SnapshotState::Creating {
        return Known::Unsettled(format!("it still makes `{reference}`"));
    }
    if info.state == SnapshotState::Unknown {
        return Known::Unsettled(format!(
            "it has `{reference}` in a state that this host does not know"
        ));
    }
    let mut evidence = Evidence::default();
    evidence.push("snapshot", reference);
    if let Some(size) = info.size {
        evidence.push("bytes", size.to_string());
    }
    evidence.push(
        "warning",
        format!("{why}; the snapshot was found at the provider by its run"),
    );
    match compare(context, call, evidence, reference, info).await {
        Ok((evidence, info)) => Known::Made(evidence, Box::new(info)),
        Err(failure) if failure.kind == FailureKind::Unavailable => {
            Known::Unsettled(failure.detail)
        }
        Err(failure) => Known::Wrong(failure),
    }
}
