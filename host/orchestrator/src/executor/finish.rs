//! What an answer comes to: nothing counts as made before it was read back and is ours.
//!
//! Owns: which disagreement is tried again, which is damage, which stays unknown.
//! Never: a decision about time. Read next: `read_back`, then `settle`.

use strongroom_domain::Evidence;
use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_ledger::SnapshotFilter;
use strongroom_sandbox::Role;
use strongroom_sandbox::call::{Answer, Operation, SnapshotInfo, Step};

use super::read_back::{Compared, Expected};
use super::{PluginCall, Reached};
use crate::context::CallContext;

/// What an attempt came to.
pub(crate) enum Finished {
    /// Done, and read back if it is a snapshot.
    Done(Evidence, Option<Box<SnapshotInfo>>),
    /// It goes on at the provider.
    Running(Operation),
    /// It failed.
    Failed {
        failure: Failure,
        /// The plugin said before that it had done something.
        acted: bool,
    },
    /// Its time was up.
    TimedOut {
        /// The provider was asked afterwards, and has nothing of it.
        looked: bool,
    },
    /// The host would not go on.
    Refused(String),
    /// Whether it was done cannot be found out.
    Unknown(String, Option<Failure>),
}

impl Finished {
    fn failed(failure: Failure) -> Self {
        Self::Failed {
            failure,
            acted: false,
        }
    }
}

pub(crate) async fn finish(
    context: &CallContext,
    call: &PluginCall<'_>,
    reached: Reached,
) -> Finished {
    let evidence = match step(reached) {
        Ok(evidence) => evidence,
        Err(finished) => return finished,
    };
    if call.prepared.role == Role::Task {
        return Finished::Done(evidence, None);
    }
    let Some(reference) = evidence.get("snapshot").map(str::to_owned) else {
        return Finished::Failed {
            failure: Failure::broken_contract("reported a finished snapshot without its reference"),
            acted: true,
        };
    };
    let judged = match call.read_back(context, &reference).await {
        Ok(info) => judge(context, call, evidence, &reference, info).await,
        // Providers list what they made some seconds late: it is looked for again.
        Err(Failure {
            kind: FailureKind::NotFound,
            detail,
            ..
        }) => Err(Failure::unavailable(format!(
            "the plugin reported snapshot `{reference}` as made, and the provider does not have it: {detail}"
        ))),
        Err(failure) => Err(failure),
    };
    match judged {
        Ok((evidence, info)) => Finished::Done(evidence, Some(Box::new(info))),
        Err(failure) => Finished::Failed {
            failure,
            acted: true,
        },
    }
}

/// The evidence of a step that is done, or what else became of it.
pub(crate) fn step(reached: Reached) -> Result<Evidence, Finished> {
    match reached {
        Reached::Answer(Answer::Step(Step::Done(evidence))) => Ok(evidence),
        Reached::Answer(Answer::Step(Step::Running(operation))) => {
            Err(Finished::Running(operation))
        }
        Reached::Answer(_) => Err(Finished::failed(Failure::broken_contract(
            "answered with something else than a step",
        ))),
        Reached::Failed(failure) => Err(Finished::failed(failure)),
        Reached::TimedOut => Err(Finished::TimedOut { looked: false }),
        Reached::Refused(detail) => Err(Finished::Refused(detail)),
    }
}

/// Whether what was read back is what this run made; then with the facts that later looks are compared with.
pub(super) async fn judge(
    context: &CallContext,
    call: &PluginCall<'_>,
    mut evidence: Evidence,
    reference: &str,
    info: SnapshotInfo,
) -> Result<(Evidence, SnapshotInfo), Failure> {
    let now = context.clock.now();
    match Expected::of_run(call, now, reference, &evidence).compare(&info) {
        Compared::Agrees => {}
        Compared::Unfinished(detail) => return Err(Failure::unavailable(detail)),
        Compared::Differs(detail) => return Err(Failure::corrupt(detail)),
    }
    if let Some(detail) = of_another_run(context, call, reference).await? {
        return Err(Failure::corrupt(detail));
    }
    for (kind, fact) in [("source", &info.source), ("place", &info.place)] {
        if let (Some(fact), None) = (fact, evidence.get(kind)) {
            evidence.push(kind, fact.clone());
        }
    }
    Ok((evidence, info))
}

/// The snapshot is one that the catalog has from another run.
async fn of_another_run(
    context: &CallContext,
    call: &PluginCall<'_>,
    reference: &str,
) -> Result<Option<String>, Failure> {
    let filter = SnapshotFilter {
        references: vec![reference.to_owned()],
        ..SnapshotFilter::default()
    };
    let rows = context.ledger.snapshots(filter).await;
    let rows = rows
        .map_err(|error| Failure::unavailable(format!("the catalog could not be read: {error}")))?;
    let other = (rows.iter())
        .find(|row| call.prepared.shares_names_with(row) && row.occurrence != call.run);
    Ok(other.map(|row| {
        format!(
            "snapshot `{reference}` is in the catalog already, made for {} by `{}` at {}",
            row.tenant, row.schedule, row.taken_at
        )
    }))
}
