//! A shelf: the snapshots of one schedule and tenant that are still there, and whose they are.
//!
//! Owns: the reading of it. Never: a decision (`retention`), or who keeps what (`setup::ownership`).

use strongroom_domain::{ScheduleName, TenantName};
use strongroom_ledger::{Ledger, LedgerError, SnapshotFilter, SnapshotRow};

use crate::call::prepared::Prepared;
use crate::setup::{Orphaned, Setup};

/// What is there, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    /// What the entry keeps: only of these does it delete any, through its own plugin.
    pub own: Vec<SnapshotRow>,
    /// Of an entry that was succeeded: what its successor took in its place, not as a shadow.
    pub beside: Vec<SnapshotRow>,
    /// What was recorded under its name and no entry reaches, each with the reason.
    pub orphaned: Vec<(SnapshotRow, Orphaned)>,
}

/// The shelf of one entry and tenant.
///
/// # Errors
/// The ledger cannot be read.
pub async fn shelf(
    ledger: &dyn Ledger,
    setup: &Setup,
    prepared: &Prepared,
    tenant: &TenantName,
) -> Result<Shelf, LedgerError> {
    let schedule = &prepared.schedule;
    let mut shelf = Shelf::default();
    for row in rows(ledger, &schedule.name, tenant).await? {
        match setup.keeper(&row.schedule, &row.plugin) {
            Ok(keeper) if keeper.schedule.name == schedule.name => shelf.own.push(row),
            // It is on the shelf of that entry.
            Ok(_) => {}
            Err(orphaned) => shelf.orphaned.push((row, orphaned)),
        }
    }
    let Some(successor) = schedule.successor() else {
        return Ok(shelf);
    };
    for row in rows(ledger, successor, tenant).await? {
        match setup.keeper(&row.schedule, &row.plugin) {
            // Made by its plugin, before the schedule was given another one.
            Ok(keeper) if keeper.schedule.name == schedule.name => shelf.own.push(row),
            Ok(keeper) if keeper.schedule.name == *successor && row.shadow_of.is_none() => {
                shelf.beside.push(row);
            }
            Ok(_) | Err(_) => {}
        }
    }
    shelf.own.sort_by_key(|row| (row.taken_at, row.id));
    Ok(shelf)
}

async fn rows(
    ledger: &dyn Ledger,
    schedule: &ScheduleName,
    tenant: &TenantName,
) -> Result<Vec<SnapshotRow>, LedgerError> {
    let filter = SnapshotFilter {
        schedule: Some(schedule.clone()),
        tenant: Some(tenant.clone()),
        gone: false,
        ..SnapshotFilter::default()
    };
    ledger.snapshots(filter).await
}
