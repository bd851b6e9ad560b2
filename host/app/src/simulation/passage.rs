//! Tells how far a simulation is, and keeps what would be told of shelves on the way.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use strongroom_domain::{ScheduleName, TenantName, json_time};
use strongroom_ledger::{OccurrenceRow, ShelfAge};
use strongroom_orchestrator::Observer;
use strongroom_sandbox::capability::progress::Report;

/// What is told while a simulation runs.
pub enum SimulationEvent<'a> {
    /// What is due then has started.
    Reached(Timestamp),
    /// A run of this schedule and tenant that was due then has ended.
    Ended(Timestamp, &'a ScheduleName, &'a TenantName),
}

/// Told as a simulation goes on.
pub type Tell = Box<dyn Fn(SimulationEvent<'_>) + Send + Sync>;

/// The observer of a simulation.
pub(super) struct Passage {
    pub(super) tell: Tell,
    pub(super) ages: Mutex<Vec<AgeTold>>,
}

/// Somebody is told that the newest good snapshot of a shelf is too old, or no longer is.
#[derive(Clone)]
pub(super) struct AgeTold {
    pub(super) at: Timestamp,
    pub(super) shelf: ShelfAge,
    pub(super) too_old: bool,
}

impl Observer for Passage {
    fn progress(&self, _: &ScheduleName, _: &TenantName, _: &Report) {}

    fn started(&self, schedule: &ScheduleName, tenant: &TenantName, due: Timestamp, attempt: u32) {
        tracing::info!(%schedule, %tenant, due = %json_time::text(due), attempt, "started");
        (self.tell)(SimulationEvent::Reached(due));
    }

    // That is read from the record at the end.
    fn alert(&self, _: &OccurrenceRow) {}

    fn age(&self, shelf: &ShelfAge, too_old: bool, now: Timestamp) {
        let mut ages = self.ages.lock().unwrap_or_else(PoisonError::into_inner);
        ages.push(AgeTold {
            at: now,
            shelf: shelf.clone(),
            too_old,
        });
    }

    fn goes_on(&self, _: &ScheduleName, _: &TenantName, _: &str, _: Option<u8>) {}

    fn ended(&self, schedule: &ScheduleName, tenant: &TenantName, due: Timestamp, what: &str) {
        tracing::info!(%schedule, %tenant, due = %json_time::text(due), "{what}");
        (self.tell)(SimulationEvent::Ended(due, schedule, tenant));
    }
}
