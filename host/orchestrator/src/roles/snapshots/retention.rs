//! Retention: after a success, the shelf of one schedule and tenant is looked at and what no rule keeps is deleted.
//!
//! Owns: the order intended → deleted → looked for → recorded, and the proof that a snapshot is ours before it is touched.
//! Never: the rules themselves (`domain::retention`). Read next: `absence`.

use jiff::Timestamp;
use strongroom_domain::retention::{ShelfItem, Verdict, decide};
use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_domain::swap::running_out;
use strongroom_domain::{Outcome, TenantName};
use strongroom_ledger::{
    AuditEntry, CatalogChange, LedgerError, OccurrenceFilter, OccurrenceRow, SnapshotRow,
    SnapshotState,
};
use strongroom_sandbox::role::snapshots::Action;

use super::absence;
use super::read_back::read_back;
use super::shelf::{Shelf, shelf};
use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;
use crate::call::poller::until_done;
use crate::call::prepared::Prepared;
use crate::setup::Setup;

/// How long one deletion may take, polls included: a provider that needs longer is asked again after the next success.
const DELETION_TIME: std::time::Duration = std::time::Duration::from_secs(30 * 60);

/// Says for each snapshot that an entry keeps which rules keep it, or why it goes.
#[must_use]
pub fn explain(prepared: &Prepared, shelf: &Shelf, now: Timestamp) -> Vec<Verdict> {
    let items = |rows: &[SnapshotRow]| rows.iter().map(item).collect::<Vec<ShelfItem>>();
    let schedule = &prepared.schedule;
    let retention = schedule.retention().cloned().unwrap_or_default();
    let (own, zone) = (items(&shelf.own), &schedule.zone);
    match schedule.successor() {
        Some(successor) => {
            let theirs = items(&shelf.beside);
            running_out(&own, &theirs, successor, &retention, zone, now)
        }
        None => decide(&own, &retention, zone, now),
    }
}

fn item(row: &SnapshotRow) -> ShelfItem {
    // Of several holds the one that lasts longest decides.
    let hold = row
        .holds
        .iter()
        .max_by_key(|hold| hold.until.unwrap_or(Timestamp::MAX))
        .cloned();
    ShelfItem {
        id: row.id,
        taken_at: row.taken_at,
        good: matches!(row.state, SnapshotState::Assumed | SnapshotState::Verified),
        hold,
    }
}

/// Deletes what no rule keeps as of a success. A deletion that fails stays visible as `delete-failed` and is tried
/// again next time.
///
/// # Errors
/// The ledger cannot be read or written; then nothing more is deleted.
pub async fn apply(
    context: &CallContext,
    setup: &Setup,
    prepared: &Prepared,
    tenant: &TenantName,
    as_of: Timestamp,
) -> Result<usize, LedgerError> {
    if prepared.schedule.retention().is_none() {
        return Ok(0);
    }
    let shelf = shelf(context.ledger.as_ref(), setup, prepared, tenant).await?;
    let verdicts = explain(prepared, &shelf, as_of);
    let mut deleted = 0;
    for (row, verdict) in shelf.own.iter().zip(&verdicts) {
        if !verdict.keep && delete(context, prepared, row, &verdict.rules).await? {
            deleted += 1;
        }
    }
    Ok(deleted)
}

/// Takes up what a crash may have cut short: if the last thing that happened was a success, retention as of then. Of a
/// schedule that makes nothing new, that of its successor.
///
/// Without a success nothing is deleted, however old it has become meanwhile.
///
/// # Errors
/// The ledger cannot be read or written.
pub async fn resume(
    context: &CallContext,
    setup: &Setup,
    prepared: &Prepared,
    tenant: &TenantName,
) -> Result<usize, LedgerError> {
    let schedule = &prepared.schedule;
    let follows = schedule.successor().unwrap_or(&schedule.name);
    let filter = OccurrenceFilter {
        schedule: Some(follows.clone()),
        tenant: Some(tenant.clone()),
        limit: Some(1),
        newest_first: true,
        ..OccurrenceFilter::default()
    };
    let last = context.ledger.occurrences(filter).await?.pop();
    let counts = |last: &OccurrenceRow| {
        let rehearsed = schedule.successor().is_some() && last.shadow_of.is_some();
        last.outcome == Some(Outcome::Succeeded) && !rehearsed
    };
    match last.filter(counts).and_then(|last| last.ended_at) {
        Some(ended_at) => apply(context, setup, prepared, tenant, ended_at).await,
        None => Ok(0),
    }
}

async fn delete(
    context: &CallContext,
    prepared: &Prepared,
    row: &SnapshotRow,
    rules: &[String],
) -> Result<bool, LedgerError> {
    if row.plugin != prepared.schedule.plugin {
        return Ok(false);
    }
    let now = context.clock.now();
    let intended = AuditEntry::snapshot_deletion_intended(row, rules);
    match change(context, row, SnapshotState::Deleting, None, intended, now).await {
        Err(LedgerError::Conflict(why)) => {
            tracing::info!(snapshot = %row.id, why, "a snapshot that retention drops is held meanwhile");
            return Ok(false);
        }
        other => other?,
    }
    let call = PluginCall::for_snapshot(context, prepared, row, DELETION_TIME);
    let result = match prove_ours(context, &call, row).await {
        Ok(true) => delete_and_look(context, &call, row).await,
        Ok(false) => Ok(()),
        Err(failure) => Err(failure),
    };
    let now = context.clock.now();
    match result {
        Ok(()) => {
            let done = AuditEntry::snapshot_deleted(row);
            change(context, row, SnapshotState::Gone, None, done, now).await?;
            Ok(true)
        }
        Err(failure) => {
            let error = failure.to_string();
            tracing::warn!(snapshot = %row.id, error, "a snapshot that retention drops could not be deleted");
            let failed = AuditEntry::snapshot_deletion_failed(row, &error);
            change(
                context,
                row,
                SnapshotState::DeleteFailed,
                Some(error),
                failed,
                now,
            )
            .await?;
            Ok(false)
        }
    }
}

async fn delete_and_look(
    context: &CallContext,
    call: &PluginCall<'_>,
    row: &SnapshotRow,
) -> Result<(), Failure> {
    let reference = row.reference.clone();
    let deleted = until_done(context, call, Action::Delete { reference }).await;
    match deleted.or_failure("it was not finished in time") {
        // What is not there counts as deleted, if it is not there.
        Err(failure) if failure.kind != FailureKind::NotFound => Err(failure),
        _ => absence::prove(context, call, &row.reference).await,
    }
}

/// Reads the snapshot back and compares it with the catalog; false: it is gone already.
async fn prove_ours(
    context: &CallContext,
    call: &PluginCall<'_>,
    row: &SnapshotRow,
) -> Result<bool, Failure> {
    let info = match read_back(context, call, &row.reference).await {
        Ok(info) => info,
        Err(failure) if failure.kind == FailureKind::NotFound => return Ok(false),
        Err(failure) => return Err(failure),
    };
    let run = match &info.run_id {
        Some(run) => *run == row.occurrence.to_string(),
        None => !call.prepared.reaches_a_provider(),
    };
    let ours = info.reference == row.reference && info.tenant == row.tenant.as_str() && run;
    if ours {
        return Ok(true);
    }
    let detail = format!(
        "what the provider holds as `{}` is not what the catalog recorded; it is left alone",
        row.reference
    );
    Err(Failure::conflict(detail))
}

async fn change(
    context: &CallContext,
    row: &SnapshotRow,
    state: SnapshotState,
    error: Option<String>,
    audit: AuditEntry,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let change = CatalogChange::State {
        id: row.id,
        state,
        error,
        at: now,
    };
    context
        .ledger
        .change_catalog(vec![change], vec![audit], now)
        .await
}
