//! What an answer comes to: nothing counts as made before it was read back and is ours.
//!
//! Owns: which disagreement is tried again, which is damage, which stays unknown.
//! Never: a decision about time. Read next: `read_back`, then `search_before_giving_up`.

use strongroom_domain::Evidence;
use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_ledger::SnapshotFilter;
use strongroom_sandbox::call::{CallResult, Step};
use strongroom_sandbox::role::snapshots::SnapshotInfo;

use super::read_back::{Compared, Expected, read_back};
use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;
use crate::call::result::{AttemptResult, Trace, done};

/// What an answer means: a step that is done is read back and compared; with what there is.
pub(super) async fn judge(
    context: &CallContext,
    call: &PluginCall<'_>,
    answer: CallResult<Step>,
) -> Result<(Evidence, SnapshotInfo), AttemptResult> {
    let evidence = done(answer)?;
    let acted = |failure| AttemptResult::Failed(failure, Trace::Acted);
    let Some(reference) = evidence.get("snapshot").map(str::to_owned) else {
        let rule = "reported a finished snapshot without its reference";
        return Err(acted(Failure::broken_contract(rule)));
    };
    let compared = match read_back(context, call, &reference).await {
        Ok(info) => compare(context, call, evidence, &reference, info).await,
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
    compared.map_err(acted)
}

/// Whether what was read back is what this run made; then with the facts that later looks are compared with.
pub(super) async fn compare(
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
