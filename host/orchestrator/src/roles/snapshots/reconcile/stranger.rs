//! What a provider lists and the catalog does not have: somebody else's, on its way, or an orphan.

use strongroom_domain::{ScheduleName, TenantName};
use strongroom_ledger::{LedgerError, OccurrenceFilter};
use strongroom_sandbox::role::snapshots::{SnapshotInfo, SnapshotState};
use uuid::Uuid;

use crate::call::context::CallContext;

/// What a stranger is.
pub(super) enum Kind {
    /// Not this schedule's.
    Foreign,
    /// Of a run that has not ended, or on its way out.
    UnderWay,
    /// Ours by its labels, and nobody looks after it; why.
    Orphan(String),
}

/// Judges by the labels that the plugin reads: tenant and run. `deleted`: the catalog has it as gone.
pub(super) async fn kind(
    context: &CallContext,
    shelf: &ScheduleName,
    tenant: &TenantName,
    info: &SnapshotInfo,
    deleted: bool,
) -> Result<Kind, LedgerError> {
    let run = info
        .run_id
        .as_deref()
        .and_then(|run| Uuid::parse_str(run).ok());
    let (Some(run), true) = (run, info.tenant == tenant.as_str()) else {
        return Ok(Kind::Foreign);
    };
    let filter = OccurrenceFilter {
        id: Some(run),
        ..OccurrenceFilter::default()
    };
    let Some(made) = context.ledger.occurrences(filter).await?.pop() else {
        return Ok(Kind::Orphan(
            "of a run that this host does not know".to_owned(),
        ));
    };
    if made.schedule != *shelf {
        return Ok(Kind::Foreign);
    }
    let Some(outcome) = made.outcome else {
        return Ok(Kind::UnderWay);
    };
    if deleted && info.state == SnapshotState::Deleting {
        return Ok(Kind::UnderWay);
    }
    if deleted {
        return Ok(Kind::Orphan(
            "recorded as deleted, and still there".to_owned(),
        ));
    }
    Ok(Kind::Orphan(format!(
        "made by the run of {}, which ended as {outcome}",
        made.due
    )))
}
