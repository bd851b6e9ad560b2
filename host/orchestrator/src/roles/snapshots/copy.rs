//! Which snapshot an off-site run copies, and that it stays as long as the run may take.
//!
//! Owns: the hold by which a run that was interrupted finds again what it began to copy.
//! Never: copies anything; the plugin does (`start-copy`).

use jiff::Timestamp;
use strongroom_domain::retention::Hold;
use strongroom_domain::retry::Failure;
use strongroom_domain::schedule::OffSite;
use strongroom_ledger::{
    AuditEntry, CatalogChange, LedgerError, SnapshotFilter, SnapshotRow, SnapshotState,
};

use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;

/// The snapshot to copy: the one the run began with, else the newest good one of the first shelf. It is held until the run's
/// deadline, unless nothing is to be changed.
///
/// # Errors
/// There is none, or the ledger does not answer.
pub(crate) async fn choose(
    context: &CallContext,
    call: &PluginCall<'_>,
    off_site: &OffSite,
) -> Result<SnapshotRow, Failure> {
    let shelf = shelf(context, call, off_site)
        .await
        .map_err(|error| unavailable(&error))?;
    let good: Vec<SnapshotRow> = shelf.into_iter().filter(is_good).collect();
    let name = hold_name(call);
    let begun = good.iter().find(|row| is_held(row, &name));
    let Some(chosen) = begun.or(good.last()).cloned() else {
        let detail = format!(
            "there is no good snapshot of `{}` by `{}` to copy",
            call.tenant, off_site.of
        );
        return Err(Failure::not_found(detail));
    };
    if !call.dry_run && !is_held(&chosen, &name) {
        hold(context, call, &chosen, name)
            .await
            .map_err(|error| unavailable(&error))?;
    }
    Ok(chosen)
}

/// What the run began to copy; of a run that takes its own snapshot, the newest good one of the first shelf.
///
/// # Errors
/// The ledger does not answer.
pub(super) async fn original(
    context: &CallContext,
    call: &PluginCall<'_>,
    off_site: &OffSite,
) -> Result<Option<SnapshotRow>, LedgerError> {
    let mut shelf = shelf(context, call, off_site).await?;
    if off_site.copy {
        let name = hold_name(call);
        return Ok(shelf.into_iter().rfind(|row| is_held(row, &name)));
    }
    shelf.retain(is_good);
    Ok(shelf.pop())
}

async fn shelf(
    context: &CallContext,
    call: &PluginCall<'_>,
    off_site: &OffSite,
) -> Result<Vec<SnapshotRow>, LedgerError> {
    let filter = SnapshotFilter {
        schedule: Some(off_site.of.clone()),
        tenant: Some(call.tenant.clone()),
        ..SnapshotFilter::default()
    };
    context.ledger.snapshots(filter).await
}

fn is_good(row: &SnapshotRow) -> bool {
    matches!(row.state, SnapshotState::Assumed | SnapshotState::Verified)
}

fn is_held(row: &SnapshotRow, name: &str) -> bool {
    row.holds.iter().any(|hold| hold.name == name)
}

fn hold_name(call: &PluginCall<'_>) -> String {
    format!("copy-{}", call.run)
}

/// Released by time alone: a run that ends earlier leaves it, and it does no harm.
async fn hold(
    context: &CallContext,
    call: &PluginCall<'_>,
    row: &SnapshotRow,
    name: String,
) -> Result<(), LedgerError> {
    let now: Timestamp = context.clock.now();
    let schedule = &call.prepared.schedule.name;
    let hold = Hold {
        name,
        reason: format!("`{schedule}` copies it"),
        until: Some(call.deadline),
    };
    let held = AuditEntry::snapshot_held(row, &hold, "host");
    let change = CatalogChange::Hold { id: row.id, hold };
    context
        .ledger
        .change_catalog(vec![change], vec![held], now)
        .await
}

fn unavailable(error: &LedgerError) -> Failure {
    Failure::unavailable(format!("which snapshot to copy is not known: {error}"))
}
