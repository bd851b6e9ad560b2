//! Shelves whose newest good snapshot is too old: looked for on record, told once, also over a restart.
//!
//! Never: decides what too old is (`strongroom_domain::age`).

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::schedule::Schedule;
use strongroom_ledger::{AgeLimit, LedgerError};

use super::{Loop, Until};
use crate::setup::Setup;

/// How often a daemon looks even if nothing can have become too old: a snapshot may be gone, or found damaged.
const AGAIN: Duration = Duration::from_secs(60);

/// What the loop knows of ages.
#[derive(Default)]
pub(super) struct Staleness {
    /// Something is asked of a shelf.
    watched: bool,
    /// Somebody was told of a shelf, and it is still too old.
    alerted: bool,
    /// When to look next.
    next: Option<Timestamp>,
}

impl Staleness {
    /// The next moment at which one may be too old.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.next
    }

    /// A snapshot came or went: what was too old may no longer be.
    pub(super) fn wake(&mut self, now: Timestamp) {
        if self.alerted {
            self.next = Some(now);
        }
    }
}

/// What schedules that run ask of their shelves.
fn limits(setup: &Setup) -> Vec<AgeLimit> {
    let schedules = setup.schedules.values().map(|one| &one.schedule);
    let asked = schedules.filter(|schedule| schedule.enabled);
    let asked = asked.filter_map(|schedule| Some((schedule, schedule.max_age()?)));
    let limit = |(schedule, most): (&std::sync::Arc<Schedule>, Duration)| {
        let schedule = schedule.clone();
        let tenants = schedule.tenants.clone().into_iter();
        tenants.map(move |tenant| AgeLimit {
            schedule: schedule.name.clone(),
            tenant,
            most,
        })
    };
    asked.flat_map(limit).collect()
}

impl Loop<'_> {
    /// Says on record what is asked now: after a start, and with every new set.
    pub(super) async fn watch_staleness(&mut self) -> Result<(), LedgerError> {
        let (limits, now) = (limits(&self.setup), self.now());
        self.staleness = Staleness {
            watched: !limits.is_empty(),
            alerted: false,
            next: (!limits.is_empty()).then_some(now),
        };
        self.ledger.set_age_limits(limits, now).await
    }

    /// Tells of every shelf that has become too old since, and of none twice.
    pub(super) async fn check_staleness(&mut self) -> Result<(), LedgerError> {
        let now = self.now();
        // By a time that is not believed, everything may be too old.
        if self.staleness.next.is_none_or(|next| next > now) || self.doubt.is_some() {
            return Ok(());
        }
        let mut next = match self.until {
            Until::Stopped => now.checked_add(AGAIN).ok(),
            Until::Time(_) | Until::Ended(_) => None,
        };
        self.staleness.alerted = false;
        for shelf in self.ledger.ages().await? {
            let too_old = shelf.age.is_too_old(now);
            if too_old != shelf.alerted.is_some()
                && self.ledger.record_age_alert(&shelf, too_old, now).await?
            {
                self.engine.context.observer.age(&shelf, too_old, now);
            }
            self.staleness.alerted |= too_old;
            if !too_old {
                let crossing = shelf.age.too_old_from();
                next = Some(next.map_or(crossing, |next| next.min(crossing)));
            }
        }
        self.staleness.next = next.filter(|_| self.staleness.watched);
        Ok(())
    }
}
