//! Background work that follows the ends of runs: one at a time for each schedule and tenant.
//!
//! Owns: that work asked for meanwhile begins afterwards, and that few begin at once after a start.
//! Never: knows what the work is (`roles`).

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_domain::{ScheduleName, TenantName};
use strongroom_ledger::Claim;
use tokio::sync::mpsc;

use super::{Event, Task};
use crate::call::context::CallContext;
use crate::call::prepared::Prepared;
use crate::roles;
use crate::setup::Setup;

/// Begun after a start before more are: of a million, each costs memory and a question to the ledger.
const AT_ONCE: usize = 64;

/// Work under way.
struct FollowUp {
    /// Set: again, as of then.
    again: Option<Timestamp>,
    _task: Task,
}

/// What follows ends, and what was taken up after a start.
#[derive(Default)]
pub(super) struct FollowUps {
    running: BTreeMap<(ScheduleName, TenantName), FollowUp>,
    /// From which schedule on work is still to be taken up.
    resuming: Option<Bound<ScheduleName>>,
}

/// Where work is begun.
pub(super) struct Ground<'a> {
    pub(super) context: &'a CallContext,
    pub(super) setup: &'a Arc<Setup>,
    pub(super) events: &'a mpsc::UnboundedSender<Event>,
}

impl FollowUps {
    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Gives everything up.
    pub(super) fn clear(&mut self) {
        self.running.clear();
        self.resuming = None;
    }

    /// Takes up, schedule by schedule, what a crash may have cut short.
    pub(super) fn resume(&mut self, ground: &Ground<'_>) {
        self.resuming = Some(Bound::Unbounded);
        self.resume_some(ground);
    }

    /// Takes up the next, as long as few are under way.
    pub(super) fn resume_some(&mut self, ground: &Ground<'_>) {
        let Some(from) = self.resuming.take() else {
            return;
        };
        let mut last = from.clone();
        for (name, prepared) in ground.setup.schedules.range((from, Bound::Unbounded)) {
            if self.running.len() >= AT_ONCE {
                self.resuming = Some(last);
                return;
            }
            for tenant in &prepared.schedule.tenants {
                self.begin(ground, prepared, tenant, None);
            }
            last = Bound::Excluded(name.clone());
        }
    }

    /// Begins what follows a success of this claim: of its schedule, and of those whose place that took.
    pub(super) fn succeeded(&mut self, ground: &Ground<'_>, claim: &Claim, at: Timestamp) {
        let (schedule, tenant) = (&claim.schedule, &claim.tenant);
        let Some(prepared) = ground.setup.schedules.get(schedule) else {
            return;
        };
        self.begin(ground, prepared, tenant, Some(at));
        for old in ground.setup.succeeded_by(schedule) {
            self.begin(ground, old, tenant, Some(at));
        }
    }

    /// Begins what follows a success as of then, or as of the last one on record.
    fn begin(
        &mut self,
        ground: &Ground<'_>,
        prepared: &Arc<Prepared>,
        tenant: &TenantName,
        succeeded_at: Option<Timestamp>,
    ) {
        if !roles::has_follow_up(prepared) {
            return;
        }
        let key = (prepared.schedule.name.clone(), tenant.clone());
        if let Some(running) = self.running.get_mut(&key) {
            running.again = succeeded_at.or(running.again);
            return;
        }
        let (context, setup) = (ground.context.clone(), ground.setup.clone());
        let (prepared, tenant) = (prepared.clone(), tenant.clone());
        let (events, work) = (ground.events.clone(), context.clock.work());
        let task = tokio::spawn(async move {
            let result = roles::follow_up(&context, &setup, &prepared, &tenant, succeeded_at).await;
            let event = Event::Followed(prepared.schedule.name.clone(), tenant, result, work);
            let _gone = events.send(event).is_err();
        });
        let running = FollowUp {
            again: None,
            _task: Task(task.abort_handle()),
        };
        self.running.insert(key, running);
    }

    /// One is over; begins it once more if that was asked for meanwhile.
    pub(super) fn ended(
        &mut self,
        ground: &Ground<'_>,
        schedule: ScheduleName,
        tenant: TenantName,
        held: bool,
    ) {
        let prepared = ground.setup.schedules.get(&schedule);
        let ended = self.running.remove(&(schedule, tenant.clone()));
        let again = ended.and_then(|ended| ended.again).filter(|_| !held);
        if let (Some(at), Some(prepared)) = (again, prepared) {
            self.begin(ground, prepared, &tenant, Some(at));
        }
    }
}
