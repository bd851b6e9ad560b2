//! What a schedule did in some days, for the comparison of a swap: from the record, the catalog and the provider's list.
//!
//! Owns: the counting. Never: a judgement (`strongroom_domain::swap`), or a change of anything.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use strongroom_domain::retry::Failure;
use strongroom_domain::role::Role;
use strongroom_domain::swap::{Listed, Middle, Side, Tenant};
use strongroom_domain::{Outcome, TenantName};
use strongroom_ledger::{
    Ledger, LedgerError, OccurrenceFilter, OccurrenceRow, SnapshotRow, SnapshotState,
};

use super::shelf::shelf;
use crate::call::context::CallContext;
use crate::call::pager::Pager;
use crate::call::plugin_call::PluginCall;
use crate::call::prepared::Prepared;
use crate::setup::Setup;

/// How long a provider may take to list the snapshots of one tenant.
const LISTING: std::time::Duration = std::time::Duration::from_secs(5 * 60);

/// Counts what a schedule did since a moment. With `ask`, its provider is asked for its list as well.
///
/// # Errors
/// The ledger cannot be read. A provider that does not answer is part of the report.
pub async fn side(
    context: &CallContext,
    setup: &Setup,
    prepared: &Prepared,
    since: Timestamp,
    ask: bool,
) -> Result<Side, LedgerError> {
    let schedule = &prepared.schedule;
    let filter = OccurrenceFilter {
        schedule: Some(schedule.name.clone()),
        since: Some(since),
        ..OccurrenceFilter::default()
    };
    let rows = context.ledger.occurrences(filter).await?;
    let ended: Vec<&OccurrenceRow> = rows.iter().filter(|row| row.outcome.is_some()).collect();
    let mut side = Side {
        schedule: schedule.name.clone(),
        plugin: schedule.plugin.clone(),
        keeps_snapshots: prepared.role == Role::Snapshots,
        due_times: ended.len() as u64,
        first_due: ended.first().map(|row| row.due),
        outcomes: BTreeMap::new(),
        failures: BTreeMap::new(),
        duration_ms: Middle::of(durations(context.ledger.as_ref(), &ended).await?),
        size_bytes: None,
        shelf: BTreeMap::new(),
        verified: 0,
        provider: None,
        tenants: tenants(prepared),
    };
    for row in &ended {
        count(&mut side, row);
    }
    let mut sizes = Vec::new();
    for tenant in &schedule.tenants {
        let own = shelf(context.ledger.as_ref(), setup, prepared, tenant)
            .await?
            .own;
        for row in &own {
            *side.shelf.entry(row.state.to_string()).or_default() += 1;
            side.verified += u64::from(row.verified_at.is_some());
        }
        let taken = own.iter().filter(|row| row.taken_at >= since);
        sizes.extend(taken.filter_map(|row| row.size));
        let good = own.iter().filter(|row| is_good(row)).count() as u64;
        if let Some(did) = side.tenants.get_mut(tenant) {
            did.good = good;
        }
        if ask && side.keeps_snapshots {
            let listed = side.provider.get_or_insert_default();
            compare(context, prepared, tenant, &own, listed).await?;
        }
    }
    side.size_bytes = Middle::of(sizes);
    Ok(side)
}

fn tenants(prepared: &Prepared) -> BTreeMap<TenantName, Tenant> {
    let tenants = prepared.schedule.tenants.iter();
    tenants
        .map(|tenant| (tenant.clone(), Tenant::default()))
        .collect()
}

fn is_good(row: &SnapshotRow) -> bool {
    matches!(row.state, SnapshotState::Assumed | SnapshotState::Verified)
}

fn count(side: &mut Side, row: &OccurrenceRow) {
    let Some(outcome) = row.outcome else {
        return;
    };
    *side.outcomes.entry(outcome).or_default() += 1;
    if let Some(failure) = row.failure.as_ref().filter(|_| outcome.alerts()) {
        *side.failures.entry(failure.kind.to_string()).or_default() += 1;
    }
    if let Some(did) = side.tenants.get_mut(&row.tenant) {
        did.succeeded += u64::from(outcome == Outcome::Succeeded);
        did.last = Some(outcome);
    }
}

/// From the first attempt to the end.
async fn durations(ledger: &dyn Ledger, ended: &[&OccurrenceRow]) -> Result<Vec<u64>, LedgerError> {
    let mut durations = Vec::new();
    for row in ended {
        let (Some(Outcome::Succeeded), Some(end)) = (row.outcome, row.ended_at) else {
            continue;
        };
        if let Some(first) = ledger.attempts(row.id).await?.first() {
            let took = end.duration_since(first.started_at).as_millis();
            durations.push(u64::try_from(took).unwrap_or(0));
        }
    }
    Ok(durations)
}

/// Compares what a provider lists for a tenant with the whole catalog.
async fn compare(
    context: &CallContext,
    prepared: &Prepared,
    tenant: &TenantName,
    own: &[SnapshotRow],
    listed: &mut Listed,
) -> Result<(), LedgerError> {
    let found = match list(context, prepared, tenant).await {
        Ok(found) => found,
        Err(failure) => {
            listed.failure = Some(failure.to_string());
            return Ok(());
        }
    };
    let filter = strongroom_ledger::SnapshotFilter {
        tenant: Some(tenant.clone()),
        ..strongroom_ledger::SnapshotFilter::default()
    };
    let plugin = &prepared.schedule.plugin;
    let all = context.ledger.snapshots(filter).await?;
    let known: BTreeSet<&str> = all
        .iter()
        .filter(|row| row.plugin == *plugin)
        .map(|row| row.reference.as_str())
        .collect();
    listed.snapshots += found.len() as u64;
    let missing = own.iter().filter(|row| !found.contains(&row.reference));
    listed.missing += missing.count() as u64;
    let unknown = found.iter().filter(|one| !known.contains(one.as_str()));
    listed.unknown += unknown.count() as u64;
    Ok(())
}

/// The references of everything that a provider has of a tenant.
async fn list(
    context: &CallContext,
    prepared: &Prepared,
    tenant: &TenantName,
) -> Result<BTreeSet<String>, Failure> {
    let call = PluginCall::now(context, prepared, tenant, LISTING);
    let mut pager = Pager::new(&call);
    let mut found = BTreeSet::new();
    while let Some(page) = pager.next(context).await? {
        found.extend(page.into_iter().map(|one| one.reference));
    }
    Ok(found)
}
