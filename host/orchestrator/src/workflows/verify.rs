//! One look at a snapshot: read back, read whole or restored by its plugin, and compared with the catalog.
//!
//! Owns: what counts as proof, the verdict, and that nothing deletes a snapshot meanwhile.
//! Never: when it happens. Read next: `drill` (on a schedule), `executor::read_back`.

use jiff::Timestamp;
use strongroom_domain::Evidence;
use strongroom_domain::retention::Hold;
use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_ledger::{AuditEntry, CatalogChange, LedgerError, SnapshotRow, SnapshotState};
use strongroom_sandbox::call::Request;
use uuid::Uuid;

use super::restore::{ShelfError, TIME, made_here, offered};
use crate::context::CallContext;
use crate::executor::read_back::{Compared, Expected};
use crate::executor::{Finished, PluginCall, Reached, step};
use crate::setup::Prepared;

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
) -> Finished {
    if let Err(failure) = as_recorded(context, call, row).await {
        return failed(failure);
    }
    let reference = row.reference.clone();
    let reached = call.send(context, Request::StartVerify { reference }).await;
    judge(context, call, row, reached).await
}

/// Asks after one that goes on.
pub(super) async fn poll(
    context: &CallContext,
    call: &PluginCall<'_>,
    row: &SnapshotRow,
    handle: Vec<u8>,
) -> Finished {
    let reached = call.send(context, Request::PollSnapshots { handle }).await;
    judge(context, call, row, reached).await
}

fn failed(failure: Failure) -> Finished {
    Finished::Failed {
        failure,
        acted: false,
    }
}

async fn judge(
    context: &CallContext,
    call: &PluginCall<'_>,
    row: &SnapshotRow,
    reached: Reached,
) -> Finished {
    let evidence = match step(reached) {
        Ok(evidence) => evidence,
        Err(Finished::Failed {
            failure:
                Failure {
                    kind: FailureKind::NotFound,
                    detail,
                    ..
                },
            ..
        }) => return failed(really_gone(context, call, row, detail).await),
        Err(finished) => return finished,
    };
    if let Err(failure) = proves(call.prepared, row, &evidence) {
        return failed(failure);
    }
    // What was true before the look must be true after it.
    match as_recorded(context, call, row).await {
        Ok(()) => Finished::Done(evidence, None),
        Err(failure) => failed(failure),
    }
}

/// A plugin that does not find something says nothing of the snapshot unless that is gone.
async fn really_gone(
    context: &CallContext,
    call: &PluginCall<'_>,
    row: &SnapshotRow,
    detail: String,
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
    let info = call.read_back(context, &row.reference).await?;
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
    finished: &Finished,
    now: Timestamp,
) -> (Vec<CatalogChange>, AuditEntry) {
    // Not being able to look says nothing about the snapshot: then its state stays as it is.
    let found = match finished {
        Finished::Done(..) => Some((SnapshotState::Verified, None)),
        Finished::Failed { failure, .. } => bad(failure),
        Finished::Running(_)
        | Finished::TimedOut { .. }
        | Finished::Refused(_)
        | Finished::Unknown(..) => None,
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
    let state = match failure {
        Failure {
            kind: FailureKind::Corrupt,
            ..
        } => SnapshotState::Damaged,
        Failure {
            kind: FailureKind::NotFound,
            ..
        } => SnapshotState::Missing,
        _ => return None,
    };
    let error = failure.to_string();
    Some((state, Some(error)))
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
    let now = context.clock.now();
    let call = PluginCall {
        prepared,
        tenant: &row.tenant,
        // Never one that was used: what an earlier look restored proves nothing now.
        run: Uuid::now_v7(),
        attempt: 1,
        due: now,
        deadline: now.checked_add(TIME).unwrap_or(Timestamp::MAX),
        dry_run: false,
    };
    intend(context, &call, row).await?;
    let mut finished = begin(context, &call, row).await;
    while let Finished::Running(operation) = finished {
        let at = context.clock.now().checked_add(operation.poll_after);
        finished = match at.ok().filter(|at| *at < call.deadline) {
            Some(at) => {
                context.clock.sleep_until(at).await;
                poll(context, &call, row, operation.handle).await
            }
            None => Finished::TimedOut { looked: false },
        };
    }
    let now = context.clock.now();
    let (changes, audit) = verdict(row, &finished, now);
    context
        .ledger
        .change_catalog(changes, vec![audit], now)
        .await?;
    let failure = match finished {
        Finished::Done(evidence, _) => return Ok(evidence),
        Finished::Failed { failure, .. } => failure,
        Finished::TimedOut { .. } | Finished::Running(_) => {
            Failure::unavailable("it was not finished in time")
        }
        Finished::Refused(detail) | Finished::Unknown(detail, _) => {
            Failure::broken_contract(&detail)
        }
    };
    Err(ShelfError::Failed(failure))
}
