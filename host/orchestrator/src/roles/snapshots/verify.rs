//! One look at a snapshot: read back, read whole or restored by its plugin, and compared with the catalog.
//!
//! Owns: what counts as proof, the verdict, and that nothing deletes a snapshot meanwhile.
//! Never: when it happens. Read next: `drill` (on a schedule), `read_back`.

use jiff::Timestamp;
use strongroom_domain::Evidence;
use strongroom_domain::retention::Hold;
use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_ledger::{AuditEntry, CatalogChange, LedgerError, SnapshotRow, SnapshotState};
use strongroom_sandbox::call::{CallResult, Step};
use strongroom_sandbox::role::snapshots::Action;

use super::read_back::{Compared, Expected, read_back};
use super::restore::{ShelfError, TIME, made_here, offered};
use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;
use crate::call::poller::until_done;
use crate::call::prepared::Prepared;
use crate::call::result::{AttemptResult, done};

/// The hold under which a snapshot is kept while it is looked at; no person gives one this name.
const HOLD: &str = "strongroom:verifying";

/// Says on record that a look begins, and keeps the snapshot until its end.
pub(super) async fn intend(
    context: &CallContext,
    call: &PluginCall<'_>,
    row: &SnapshotRow,
) -> Result<(), LedgerError> {
    let hold = Hold {
        name: HOLD.to_owned(),
        reason: "it is being verified".to_owned(),
        until: Some(call.deadline),
    };
    let held = CatalogChange::Hold { id: row.id, hold };
    let audit = AuditEntry::verification_intended(row, call.run);
    let now = context.clock.now();
    context
        .ledger
        .change_catalog(vec![held], vec![audit], now)
        .await
}

/// Begins a look.
pub(super) async fn begin(
    context: &CallContext,
    call: &PluginCall<'_>,
    row: &SnapshotRow,
) -> AttemptResult {
    if let Err(failure) = as_recorded(context, call, row).await {
        return AttemptResult::failed(failure);
    }
    let answer = call.send(context, action(row)).await;
    judge(context, call, row, answer).await
}

fn action(row: &SnapshotRow) -> Action {
    let reference = row.reference.clone();
    Action::Verify { reference }
}

/// What the answer to a look means.
pub(super) async fn judge(
    context: &CallContext,
    call: &PluginCall<'_>,
    row: &SnapshotRow,
    answer: CallResult<Step>,
) -> AttemptResult {
    let evidence = match done(answer) {
        Ok(evidence) => evidence,
        Err(AttemptResult::Failed(failure, _)) if failure.kind == FailureKind::NotFound => {
            let failure = really_gone(context, call, row, &failure.detail).await;
            return AttemptResult::failed(failure);
        }
        Err(result) => return result,
    };
    if let Err(failure) = proves(call.prepared, row, &evidence) {
        return AttemptResult::failed(failure);
    }
    // What was true before the look must be true after it.
    match as_recorded(context, call, row).await {
        Ok(()) => AttemptResult::Done(evidence, Vec::new()),
        Err(failure) => AttemptResult::failed(failure),
    }
}

/// A plugin that does not find something says nothing of the snapshot unless that is gone.
async fn really_gone(
    context: &CallContext,
    call: &PluginCall<'_>,
    row: &SnapshotRow,
    detail: &str,
) -> Failure {
    match as_recorded(context, call, row).await {
        Err(failure) => failure,
        Ok(()) => Failure::other(format!(
            "it was not verified, although reading it back finds it: {detail}"
        )),
    }
}

/// Reads the snapshot back: it must be what the catalog has.
pub(super) async fn as_recorded(
    context: &CallContext,
    call: &PluginCall<'_>,
    row: &SnapshotRow,
) -> Result<(), Failure> {
    let info = read_back(context, call, &row.reference).await?;
    match Expected::of_row(call, row).compare(&info) {
        Compared::Agrees => Ok(()),
        Compared::Unfinished(detail) => Err(Failure::unavailable(detail)),
        Compared::Differs(detail) => Err(Failure::corrupt(detail)),
    }
}

/// Whether the evidence of a look proves that this very snapshot is whole.
fn proves(prepared: &Prepared, row: &SnapshotRow, evidence: &Evidence) -> Result<(), Failure> {
    let another = (["snapshot", "verified"].iter())
        .filter_map(|kind| evidence.get(kind))
        .find(|told| *told != row.reference);
    if let Some(another) = another {
        let detail = format!("verified `{another}` in place of `{}`", row.reference);
        return Err(Failure::broken_contract(&detail));
    }
    match evidence.get("checked") {
        Some("bytes") => {}
        Some("restored") if prepared.reaches_a_provider() => {}
        Some("restored") => {
            return Err(Failure::broken_contract(
                "restored somewhere, where it should have compared every byte",
            ));
        }
        Some(other) => {
            let detail = format!("reported a verification by `{other}`, which is no proof");
            return Err(Failure::broken_contract(&detail));
        }
        None => {
            return Err(Failure::broken_contract(
                "reported a verification without saying how",
            ));
        }
    }
    let size = row.size.map(|size| size.to_string());
    for (kind, recorded) in [
        ("source", row.evidence.get("source")),
        ("bytes", size.as_deref()),
    ] {
        match (recorded, evidence.get(kind)) {
            (Some(recorded), Some(told)) if told != recorded => {
                let detail =
                    format!("what was read back has `{kind}` {told}, the catalog has {recorded}");
                return Err(Failure::corrupt(detail));
            }
            (Some(_), None) => {
                let detail = format!("reported a verification without `{kind}`");
                return Err(Failure::broken_contract(&detail));
            }
            _ => {}
        }
    }
    Ok(())
}

/// What a look that is over puts on record: the verdict, and that nothing more keeps the snapshot for its sake.
pub(super) fn verdict(
    row: &SnapshotRow,
    result: &AttemptResult,
    now: Timestamp,
) -> (Vec<CatalogChange>, AuditEntry) {
    // Not being able to look says nothing about the snapshot: then its state stays as it is.
    let found = match result {
        AttemptResult::Done(..) => Some((SnapshotState::Verified, None)),
        AttemptResult::Failed(failure, _) => bad(failure),
        AttemptResult::Running(_)
        | AttemptResult::TimedOut { .. }
        | AttemptResult::Refused(_)
        | AttemptResult::Unknown(..) => None,
    };
    let word = match &found {
        Some((SnapshotState::Verified, _)) => "good",
        Some((_, error)) => error.as_deref().unwrap_or("damaged"),
        None => "not reached",
    };
    let audit = AuditEntry::snapshot_verified(row, word);
    let mut changes = vec![CatalogChange::Expire {
        id: row.id,
        name: HOLD.to_owned(),
    }];
    changes.extend(found.map(|(state, error)| CatalogChange::Verdict {
        id: row.id,
        state,
        error,
        at: now,
    }));
    (changes, audit)
}

/// How a snapshot stands of which this was found; `None`: the failure says nothing of it.
pub(super) fn bad(failure: &Failure) -> Option<(SnapshotState, Option<String>)> {
    let state = match failure.kind {
        FailureKind::Corrupt => SnapshotState::Damaged,
        FailureKind::NotFound => SnapshotState::Missing,
        _ => return None,
    };
    Some((state, Some(failure.to_string())))
}

/// Looks at a snapshot because a person asked; the verdict is kept in the catalog.
///
/// # Errors
/// [`ShelfError::Failed`] with `corrupt` names the damaged paths, one a line.
pub async fn verify(
    context: &CallContext,
    prepared: &Prepared,
    row: &SnapshotRow,
) -> Result<Evidence, ShelfError> {
    made_here(prepared, row)?;
    offered(prepared, "verify")?;
    // Never a run that was used: what an earlier look restored proves nothing now.
    let call = PluginCall::now(context, prepared, &row.tenant, TIME);
    intend(context, &call, row).await?;
    let result = match as_recorded(context, &call, row).await {
        Ok(()) => {
            let proof = until_done(context, &call, action(row)).await;
            judge(context, &call, row, proof.map(Step::Done)).await
        }
        Err(failure) => AttemptResult::failed(failure),
    };
    let now = context.clock.now();
    let (changes, audit) = verdict(row, &result, now);
    context
        .ledger
        .change_catalog(changes, vec![audit], now)
        .await?;
    let failure = match result {
        AttemptResult::Done(evidence, _) => return Ok(evidence),
        AttemptResult::Failed(failure, _) => failure,
        AttemptResult::TimedOut { .. } | AttemptResult::Running(_) => {
            Failure::unavailable("it was not finished in time")
        }
        AttemptResult::Refused(detail) | AttemptResult::Unknown(detail, _) => {
            Failure::broken_contract(&detail)
        }
    };
    Err(ShelfError::Failed(failure))
}
