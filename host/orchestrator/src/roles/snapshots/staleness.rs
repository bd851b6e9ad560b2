//! Shelves whose newest good snapshot is too old: looked for on record, told once, also over a restart.
//!
//! Never: decides what too old is (`strongroom_domain::age`).

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use strongroom_domain::schedule::Schedule;
use strongroom_ledger::{AgeLimit, LedgerError};

use crate::call::context::CallContext;
use crate::roles::Watch;
use crate::setup::Setup;

/// How often a daemon looks even if nothing can have become too old: a snapshot may be gone, or found damaged.
const AGAIN: Duration = Duration::from_secs(60);

/// What is known of ages.
#[derive(Default)]
pub(super) struct Staleness {
    /// Something is asked of a shelf.
    watched: bool,
    /// Somebody was told of a shelf, and it is still too old.
    alerted: bool,
    /// When to look next.
    next: Option<Timestamp>,
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

#[async_trait]
impl Watch for Staleness {
    /// Says on record what is asked now.
    async fn begin(&mut self, context: &CallContext, setup: &Setup) -> Result<(), LedgerError> {
        let (limits, now) = (limits(setup), context.clock.now());
        *self = Self {
            watched: !limits.is_empty(),
            alerted: false,
            next: (!limits.is_empty()).then_some(now),
        };
        context.ledger.set_age_limits(limits, now).await
    }

    /// The next moment at which one may be too old.
    fn next(&self) -> Option<Timestamp> {
        self.next
    }

    /// A snapshot came or went: what was too old may no longer be.
    fn wake(&mut self, now: Timestamp) {
        if self.alerted {
            self.next = Some(now);
        }
    }

    /// Tells of every shelf that has become too old since, and of none twice.
    async fn look(&mut self, context: &CallContext, stays: bool) -> Result<(), LedgerError> {
        let now = context.clock.now();
        let mut next = now.checked_add(AGAIN).ok().filter(|_| stays);
        self.alerted = false;
        for shelf in context.ledger.ages().await? {
            let too_old = shelf.age.is_too_old(now);
            if too_old != shelf.alerted.is_some()
                && context
                    .ledger
                    .record_age_alert(&shelf, too_old, now)
                    .await?
            {
                context.observer.age(&shelf, too_old, now);
            }
            self.alerted |= too_old;
            if !too_old {
                let crossing = shelf.age.too_old_from();
                next = Some(next.map_or(crossing, |next| next.min(crossing)));
            }
        }
        self.next = next.filter(|_| self.watched);
        Ok(())
    }
}
