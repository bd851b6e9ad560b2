//! What providers have, compared with the catalog.

use std::sync::Arc;

use serde_json::json;
use strongroom_domain::role::Role;
use strongroom_domain::{ScheduleName, TenantName};
use strongroom_ledger::OpenMode;
use strongroom_orchestrator::SystemClock;
use strongroom_orchestrator::roles::snapshots::reconcile;
use strongroom_orchestrator::roles::snapshots::restore::ShelfError;
use strongroom_orchestrator::{Prepared, Setup};

use crate::{Error, Installation, lookup};

pub use strongroom_orchestrator::roles::snapshots::reconcile::Comparison;

/// A shelf beside what its provider has.
#[derive(Debug)]
pub struct Reconciled {
    /// Of which schedule.
    pub schedule: ScheduleName,
    /// Of whom.
    pub tenant: TenantName,
    /// What was found, or why it could not be compared.
    pub found: Result<Comparison, String>,
}

impl Reconciled {
    /// Whether both sides were compared and are the same.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.found.as_ref().is_ok_and(Comparison::agrees)
    }
}

as_json!(Reconciled, |shelf| {
    let (found, error) = (shelf.found.as_ref().ok(), shelf.found.as_ref().err());
    json!({
        "schedule": shelf.schedule, "tenant": shelf.tenant, "agrees": found.map(Comparison::agrees),
        "found": found, "error": error,
    })
});

/// Compares every shelf of a schedule or of all with its provider; deletes nothing.
pub async fn reconcile(
    at: &Installation,
    schedule: Option<&str>,
    tenant: Option<&str>,
) -> Result<Vec<Reconciled>, Error> {
    let (_, _, setup) = at.setup().await?;
    let shelves = shelves(&setup, schedule, tenant)?;
    let ledger = at.ledger(OpenMode::Visitor).await?;
    let context = at.context(Arc::new(SystemClock), ledger.clone(), None);
    let mut compared = Vec::new();
    for (prepared, tenant) in shelves {
        let found = match reconcile::reconcile(&context, &prepared, &tenant).await {
            Err(ShelfError::Ledger(error)) => return Err(error.into()),
            found => found.map_err(|error| error.to_string()),
        };
        compared.push(Reconciled {
            schedule: prepared.schedule.name.clone(),
            tenant,
            found,
        });
    }
    ledger.close().await;
    Ok(compared)
}

/// Every schedule that makes snapshots, with each of its tenants.
fn shelves(
    setup: &Setup,
    schedule: Option<&str>,
    tenant: Option<&str>,
) -> Result<Vec<(Arc<Prepared>, TenantName)>, Error> {
    let makes = |prepared: &Prepared| {
        prepared.role == Role::Snapshots && prepared.schedule.drill_of().is_none()
    };
    let chosen: Vec<Arc<Prepared>> = match schedule {
        None => (setup.schedules.values())
            .filter(|one| makes(one))
            .cloned()
            .collect(),
        Some(name) => {
            let prepared = lookup::prepared(setup, name)?;
            if !makes(&prepared) {
                let message = format!("schedule `{name}` makes no snapshots");
                return Err(Error::usage(message)
                    .hint("name one that does; without a name all of them are compared"));
            }
            vec![prepared]
        }
    };
    let mut shelves = Vec::new();
    for prepared in &chosen {
        let tenants = prepared.schedule.tenants.iter();
        let wanted = tenants.filter(|name| tenant.is_none_or(|wanted| name.as_str() == wanted));
        shelves.extend(wanted.map(|name| (prepared.clone(), name.clone())));
    }
    if let (Some(tenant), true) = (tenant, shelves.is_empty()) {
        let message = format!("no schedule makes snapshots of a tenant `{tenant}`");
        return Err(Error::not_found(message)
            .hint("`strongroom check --json` lists the tenants of each schedule"));
    }
    Ok(shelves)
}
