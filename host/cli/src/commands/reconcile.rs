//! `strongroom snapshots reconcile`: what providers have, compared with the catalog.

use std::sync::Arc;

use serde_json::{Value, json};
use strongroom_domain::TenantName;
use strongroom_domain::role::Role;
use strongroom_ledger::OpenMode;
use strongroom_orchestrator::SystemClock;
use strongroom_orchestrator::roles::snapshots::reconcile::{Comparison, reconcile};
use strongroom_orchestrator::roles::snapshots::restore::ShelfError;
use strongroom_orchestrator::{Prepared, Setup};

use crate::arguments::Arguments;
use crate::compose;
use crate::error::{CliError, EXIT_FAILED};
use crate::print;

/// Compares each shelf; 1: something does not agree, or could not be compared.
pub(crate) async fn run(
    arguments: &Arguments,
    schedule: Option<&str>,
    tenant: Option<&str>,
) -> Result<u8, CliError> {
    let (_, _, setup) = compose::setup(arguments).await?;
    let shelves = shelves(&setup, schedule, tenant)?;
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    let context = compose::context(arguments, Arc::new(SystemClock), ledger.clone(), None);
    let mut compared = Vec::new();
    for (prepared, tenant) in shelves {
        let found = reconcile(&context, &prepared, &tenant).await;
        if let Err(ShelfError::Ledger(error)) = found {
            return Err(error.into());
        }
        compared.push((prepared, tenant, found));
    }
    ledger.close().await;
    let all_agree = compared
        .iter()
        .all(|(.., found)| found.as_ref().is_ok_and(Comparison::agrees));
    if arguments.json {
        let values: Vec<Value> = compared.iter().map(value).collect();
        print::json(&values)?;
    } else {
        compared.iter().for_each(say);
        if compared.is_empty() {
            print::line("No schedule makes snapshots.");
        }
    }
    Ok(if all_agree { 0 } else { EXIT_FAILED })
}

type Compared = (Arc<Prepared>, TenantName, Result<Comparison, ShelfError>);

/// Every schedule that makes snapshots, with each of its tenants.
fn shelves(
    setup: &Setup,
    schedule: Option<&str>,
    tenant: Option<&str>,
) -> Result<Vec<(Arc<Prepared>, TenantName)>, CliError> {
    let makes = |prepared: &Prepared| {
        prepared.role == Role::Snapshots && prepared.schedule.drill_of().is_none()
    };
    let chosen: Vec<Arc<Prepared>> = match schedule {
        None => (setup.schedules.values())
            .filter(|one| makes(one))
            .cloned()
            .collect(),
        Some(name) => {
            let prepared = compose::prepared(setup, name)?;
            if !makes(&prepared) {
                let message = format!("schedule `{name}` makes no snapshots");
                return Err(CliError::usage(message)
                    .hint("name one that does; without a name all of them are compared"));
            }
            vec![prepared]
        }
    };
    let mut shelves = Vec::new();
    for prepared in chosen {
        let has = |name: &&TenantName| tenant.is_none_or(|wanted| name.as_str() == wanted);
        let tenants: Vec<_> = prepared
            .schedule
            .tenants
            .iter()
            .filter(has)
            .cloned()
            .collect();
        shelves.extend(tenants.into_iter().map(|name| (prepared.clone(), name)));
    }
    if let (Some(tenant), true) = (tenant, shelves.is_empty()) {
        return Err(CliError::not_found(format!(
            "no schedule makes snapshots of a tenant `{tenant}`"
        ))
        .hint("`strongroom check --json` lists the tenants of each schedule"));
    }
    Ok(shelves)
}

fn value((prepared, tenant, found): &Compared) -> Value {
    let (found, error) = match found {
        Ok(found) => (Some(found), None),
        Err(error) => (None, Some(error.to_string())),
    };
    json!({
        "schedule": prepared.schedule.name, "tenant": tenant, "agrees": found.map(Comparison::agrees),
        "found": found, "error": error,
    })
}

fn say((prepared, tenant, found): &Compared) {
    let shelf = format!("{} {tenant}", prepared.schedule.name);
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            print::line(&format!(
                "{shelf}: not compared: {}",
                print::plain(&error.to_string())
            ));
            return;
        }
    };
    let mut counts = vec![format!("{} agree", found.agreeing)];
    counts.extend(
        found
            .groups()
            .into_iter()
            .filter(|(_, group)| group.count > 0)
            .map(|(word, group)| format!("{} {word}", group.count)),
    );
    for (word, count) in [("under way", found.under_way), ("not ours", found.foreign)] {
        if count > 0 {
            counts.push(format!("{count} {word}"));
        }
    }
    print::line(&format!("{shelf}: {}", counts.join(", ")));
    for (word, group) in found.groups() {
        for one in &group.first {
            let id = one.snapshot.map(print::short).unwrap_or_default();
            print::line(&format!(
                "  {word}  {id}  {}  {}: {}",
                print::utc(one.taken_at),
                print::plain(&one.reference),
                print::plain(&one.what)
            ));
        }
        let told = u64::try_from(group.first.len()).unwrap_or(u64::MAX);
        if group.count > told {
            print::line(&format!("  … {} more {word}", group.count - told));
        }
    }
}
