//! Runs that a blackout will prevent, as far as that is known beforehand.
//!
//! The engine asks the same of the due time and again of the moment at which a run may begin (`planning::prevented`).

use jiff::Timestamp;

use crate::TenantName;
use crate::schedule::Schedule;
use crate::spread::shift;

/// Runs of a due time that lie in a blackout, when it comes or when they may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped<'a> {
    /// The blackout.
    pub blackout: &'a str,
    /// Whose runs.
    pub tenants: Vec<&'a TenantName>,
}

/// Which runs of a due time a blackout prevents, as far as that is known beforehand: with `spread` they begin later.
#[must_use]
pub fn skipped(schedule: &Schedule, due: Timestamp) -> Option<Skipped<'_>> {
    let covers = |at| schedule.blackout.covers(at, &schedule.zone);
    if let Some(blackout) = covers(due) {
        let tenants = schedule.tenants.iter().collect();
        return Some(Skipped { blackout, tenants });
    }
    if schedule.spread.is_zero() || schedule.blackout.periods.is_empty() {
        return None;
    }
    let begins = |tenant| {
        let wait = shift(&schedule.name, tenant, schedule.spread);
        due.checked_add(wait).unwrap_or(due)
    };
    let mut found = None;
    let mut tenants = Vec::new();
    for tenant in &schedule.tenants {
        if let Some(blackout) = covers(begins(tenant)) {
            found = found.or(Some(blackout));
            tenants.push(tenant);
        }
    }
    found.map(|blackout| Skipped { blackout, tenants })
}

/// The blackout that prevents every run of a due time.
#[must_use]
pub fn skipped_whole(schedule: &Schedule, due: Timestamp) -> Option<&str> {
    let skipped = skipped(schedule, due)?;
    (skipped.tenants.len() == schedule.tenants.len()).then_some(skipped.blackout)
}
