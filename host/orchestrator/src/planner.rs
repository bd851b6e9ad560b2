//! Writes due times as occurrences before anything runs.
//!
//! Owns: when each schedule is due next. Never: the decision which due times are missed (`domain::planning`).
//! Cost: a heap of one entry a schedule; a turn touches only what is due.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BinaryHeap;
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_domain::calendar::next_due;
use strongroom_domain::planning::{self, Policies};
use strongroom_domain::schedule::Schedule;
use strongroom_domain::timetable::Timetable;
use strongroom_domain::{ScheduleName, occurrence_id};
use strongroom_ledger::{Ledger, LedgerError, NewOccurrence, Origin, Plan};

use crate::setup::{Prepared, Setup};

/// The most due times of one schedule written in one transaction: after a long outage memory stays flat.
const DUES_A_TURN: usize = 4_096;

/// Knows when each schedule is due next and what has been written so far.
pub(crate) struct Planner {
    schedules: BTreeMap<ScheduleName, Arc<Prepared>>,
    watermarks: BTreeMap<ScheduleName, Timestamp>,
    due: BinaryHeap<Reverse<(Timestamp, ScheduleName)>>,
}

impl Planner {
    /// Takes up where the ledger left off. A schedule the ledger has never seen begins now: nothing before it is due.
    pub(crate) async fn new(
        ledger: &dyn Ledger,
        setup: &Setup,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let known = ledger.watermarks().await?;
        let mut planner = Self {
            schedules: setup.schedules.clone(),
            watermarks: BTreeMap::new(),
            due: BinaryHeap::new(),
        };
        let mut first_seen = Vec::new();
        for (name, prepared) in &setup.schedules {
            // A disabled schedule has no due times, so none can be missed when it is enabled again.
            let watermark = match known.get(name) {
                Some(watermark) if prepared.schedule.enabled => *watermark,
                _ => {
                    first_seen.push((name.clone(), now));
                    now
                }
            };
            planner.watermarks.insert(name.clone(), watermark);
            planner.arm(&prepared.schedule, watermark);
        }
        ledger
            .plan(
                Plan {
                    occurrences: Vec::new(),
                    watermarks: first_seen,
                },
                now,
            )
            .await?;
        Ok(planner)
    }

    fn arm(&mut self, schedule: &Schedule, after: Timestamp) {
        if schedule.enabled
            && let Some(next) = next_due(&schedule.trigger, &schedule.zone, after)
        {
            self.due.push(Reverse((next.at, schedule.name.clone())));
        }
    }

    /// When the next schedule is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// Writes everything that is due by now, in one transaction; true if anything was written.
    pub(crate) async fn turn(
        &mut self,
        ledger: &dyn Ledger,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let mut plan = Plan::default();
        let mut armed = Vec::new();
        while let Some(Reverse((at, _))) = self.due.peek()
            && *at <= now
            && plan.occurrences.len() < DUES_A_TURN
        {
            let Some(Reverse((_, name))) = self.due.pop() else {
                break;
            };
            let Some(prepared) = self.schedules.get(&name).cloned() else {
                continue;
            };
            let after = self.watermarks.get(&name).copied().unwrap_or(now);
            let Some(timetable) = Timetable::of(&prepared.schedule) else {
                continue;
            };
            let policies = Policies {
                schedule: Some(&prepared.schedule),
                pauses: &[],
            };
            let (planned, until) = planning::plan(&timetable, policies, after, now, DUES_A_TURN);
            plan.occurrences.extend(
                planned
                    .into_iter()
                    .map(|planned| written(&prepared.schedule, planned, now)),
            );
            plan.watermarks.push((name.clone(), until));
            armed.push((name, prepared, until));
        }
        if plan.watermarks.is_empty() {
            return Ok(false);
        }
        let written = ledger.plan(plan, now).await;
        for (name, prepared, until) in armed {
            // A plan that was not written is due again, from where it was.
            let until = if written.is_ok() {
                until
            } else {
                self.watermarks.get(&name).copied().unwrap_or(until)
            };
            self.watermarks.insert(name, until);
            self.arm(&prepared.schedule, until);
        }
        written.map(|_| true)
    }
}

fn written(schedule: &Schedule, planned: planning::Planned, now: Timestamp) -> NewOccurrence {
    NewOccurrence {
        id: occurrence_id(&schedule.name, &planned.tenant, planned.due),
        schedule: schedule.name.clone(),
        tenant: planned.tenant,
        plugin: schedule.plugin.clone(),
        due: planned.due,
        not_before: planned.not_before,
        deadline: now.checked_add(schedule.timeout).unwrap_or(Timestamp::MAX),
        origin: Origin::Schedule,
        skip_if_unfinished: planned.ends.is_none(),
        ends: planned.ends,
    }
}
