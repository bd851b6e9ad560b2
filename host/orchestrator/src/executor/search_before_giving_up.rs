//! Before a run is given up: whether the provider made a snapshot all the same.
//!
//! Owns: the search by run id, and that what cannot be found out is said to be unknown.
//! Never: begins anything at the provider.

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::Evidence;
use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_sandbox::call::{SnapshotInfo, SnapshotState};

use super::PluginCall;
use super::finish::{Finished, judge};
use crate::context::CallContext;
use crate::workflows::listing::Listing;

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

/// What a run comes to that would be given up; `began`: an earlier call may have begun something.
pub(super) async fn search_before_giving_up(
    context: &CallContext,
    call: &PluginCall<'_>,
    finished: Finished,
    began: bool,
) -> Finished {
    let (why, failure) = match finished {
        Finished::TimedOut { .. } => (
            format!("not finished by its deadline {}", call.deadline),
            None,
        ),
        Finished::Failed { failure, acted } if began || acted || may_have_acted(&failure) => {
            (failure.to_string(), Some((failure, acted)))
        }
        other => return other,
    };
    // What was read back and differs is known: there is nothing more to find out.
    if let Some((
        failure @ Failure {
            kind: FailureKind::Corrupt,
            ..
        },
        acted,
    )) = failure
    {
        return Finished::Failed { failure, acted };
    }
    match search(context, call, &why).await {
        Known::Made(evidence, info) => Finished::Done(evidence, Some(info)),
        Known::Wrong(found) => Finished::Failed {
            failure: match failure {
                Some((failure, _)) => failure.and(&found.detail),
                None => found,
            },
            acted: true,
        },
        Known::Nothing => match failure {
            Some((failure, acted)) => Finished::Failed { failure, acted },
            None => Finished::TimedOut { looked: true },
        },
        Known::Unsettled(what) => Finished::Unknown(
            format!("{why}; whether the provider made a snapshot is not known: {what}"),
            failure.map(|(failure, _)| failure),
        ),
    }
}

/// A plugin that says so was refused, and began nothing; of all others it is not certain.
fn may_have_acted(failure: &Failure) -> bool {
    match failure {
        Failure {
            kind: FailureKind::Invalid,
            ..
        }
        | Failure {
            kind: FailureKind::Denied,
            ..
        }
        | Failure {
            kind: FailureKind::NotFound,
            ..
        }
        | Failure {
            kind: FailureKind::Conflict,
            ..
        }
        | Failure {
            kind: FailureKind::Quota,
            ..
        }
        | Failure {
            kind: FailureKind::Throttled,
            ..
        } => false,
        Failure {
            kind: FailureKind::Unavailable,
            ..
        }
        | Failure {
            kind: FailureKind::Corrupt,
            ..
        }
        | Failure {
            kind: FailureKind::Crashed,
            ..
        }
        | Failure {
            kind: FailureKind::Other,
            ..
        } => true,
    }
}

async fn search(context: &CallContext, call: &PluginCall<'_>, why: &str) -> Known {
    let now = context.clock.now();
    let call = PluginCall {
        deadline: now.checked_add(SEARCH).unwrap_or(Timestamp::MAX),
        ..*call
    };
    let run = call.run.to_string();
    let mut listing = Listing::new(&call);
    let mut found = None;
    loop {
        match listing.next(context).await {
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
    let info = match call.read_back(context, reference).await {
        Ok(info) => info,
        Err(failure) => {
            return Known::Unsettled(format!(
                "it lists `{reference}` of this run, and reading that back says {}: {}",
                failure.kind, failure.detail
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
    match judge(context, call, evidence, reference, info).await {
        Ok((evidence, info)) => Known::Made(evidence, Box::new(info)),
        Err(
            failure @ Failure {
                kind: FailureKind::Unavailable,
                ..
            },
        ) => Known::Unsettled(failure.detail.clone()),
        Err(failure) => Known::Wrong(failure),
    }
}
