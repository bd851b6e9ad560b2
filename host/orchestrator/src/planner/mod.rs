//! Writes due times as occurrences before anything runs.
//!
//! Owns: when each schedule is due next, and what happens to the due times of a timetable that an edit replaced.
//! Never: the decision what becomes of a due time (`domain::planning`).
//! Cost: a heap of one entry a schedule; a turn touches only what is due. Read next: `edit`, then `engine`.

mod edit;
mod handover;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_domain::calendar::next_due;
use strongroom_domain::pause::Pause;
use strongroom_domain::planning::{self, Planned, Policies};
use strongroom_domain::schedule::{Priority, Schedule};
use strongroom_domain::timetable::Timetable;
use strongroom_domain::{ScheduleName, occurrence_id};
use strongroom_ledger::{Ledger, LedgerError, NewOccurrence, Origin, Plan, PlanReport, Watermark};

use crate::setup::Setup;
use edit::Edit;
use handover::Handover;

/// The most due times of one schedule written in one transaction: after a long outage memory stays flat.
const DUES_A_TURN: usize = 4_096;
/// The most occurrences of one transaction before the next schedule must wait for the following one.
const OCCURRENCES_A_TURN: usize = 4_096;

/// Pauses by schedule, as the ledger keeps them.
pub(crate) type Pauses = BTreeMap<ScheduleName, Vec<Pause>>;

/// When a schedule is due, who goes first, and which entry it is.
type Due = (Timestamp, Priority, u32);

/// A schedule, how far its due times are written, and the one that comes next.
struct Entry {
    schedule: Arc<Schedule>,
    watermark: Timestamp,
    next: Option<Timestamp>,
}

impl Entry {
    fn new(schedule: &Arc<Schedule>, watermark: Timestamp) -> Self {
        let mut entry = Self {
            schedule: schedule.clone(),
            watermark,
            next: None,
        };
        entry.look_ahead();
        entry
    }

    fn look_ahead(&mut self) {
        let schedule = &self.schedule;
        let next = next_due(&schedule.trigger, &schedule.zone, self.watermark);
        self.next = next.map(|due| due.at);
    }

    fn due(&self, index: u32) -> Option<Reverse<Due>> {
        Some(Reverse((self.next?, self.schedule.priority, index)))
    }

    fn name(&self) -> &ScheduleName {
        &self.schedule.name
    }

    /// What the ledger knows of it.
    fn on_record(&self) -> Watermark {
        Watermark {
            schedule: self.name().clone(),
            until: self.watermark,
            timetable: Timetable::of(&self.schedule).map(|timetable| timetable.to_text()),
        }
    }
}

/// Knows when each schedule is due next and what has been written so far.
pub(crate) struct Planner {
    /// In the order of their names.
    entries: Vec<Entry>,
    due: BinaryHeap<Reverse<Due>>,
    /// What the ledger knows of schedules that are not in force.
    known: BTreeMap<ScheduleName, Watermark>,
}

impl Planner {
    /// Takes up where the ledger left off.
    pub(crate) async fn new(
        ledger: &dyn Ledger,
        known: BTreeMap<ScheduleName, Watermark>,
        setup: &Setup,
        pauses: &Pauses,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let mut planner = Self {
            entries: Vec::new(),
            due: BinaryHeap::new(),
            known,
        };
        planner.take_up(ledger, setup, pauses, now).await?;
        Ok(planner)
    }

    /// Puts a set in force, at a start and after an edit alike. What did not change costs one comparison.
    ///
    /// A timetable that is no longer in the files is finished first: its due times up to now are recorded. The one that
    /// takes its place begins now, so that an edit never makes anything due that has passed.
    pub(crate) async fn take_up(
        &mut self,
        ledger: &dyn Ledger,
        setup: &Setup,
        pauses: &Pauses,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let mut edit = Edit::new(ledger, pauses, now);
        let handover = Handover::of(&self.entries, &self.known, setup);
        let mut before = std::mem::take(&mut self.entries).into_iter().peekable();
        let mut known = std::mem::take(&mut self.known);
        let mut entries = Vec::with_capacity(setup.schedules.len());
        for (name, prepared) in &setup.schedules {
            let schedule = &prepared.schedule;
            if !Timetable::exists(schedule) {
                continue;
            }
            while let Some(gone) = before.next_if(|entry| entry.name() < name) {
                known.insert(gone.name().clone(), gone.on_record());
            }
            let old = match before.next_if(|entry| entry.name() == name) {
                Some(same) if Timetable::is_same(&same.schedule, schedule) => {
                    entries.push(Entry {
                        schedule: schedule.clone(),
                        ..same
                    });
                    continue;
                }
                Some(other) => Some(other.on_record()),
                None => known.remove(name),
            };
            let watermark = edit.begin(old, schedule, handover.beside(name)).await?;
            entries.push(Entry::new(schedule, watermark));
        }
        known.extend(before.map(|gone| (gone.name().clone(), gone.on_record())));
        for old in known.values_mut() {
            let beside = handover.beside(&old.schedule);
            edit.end(old, beside).await?;
        }
        edit.write().await?;
        let due = entries.iter().zip(0..);
        self.due = due.filter_map(|(entry, index)| entry.due(index)).collect();
        self.entries = entries;
        self.known = known;
        Ok(())
    }

    /// When the next schedule is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.due.peek().map(|Reverse((at, ..))| *at)
    }

    /// Writes what is due by now, in one transaction; `None`: nothing was due.
    pub(crate) async fn turn(
        &mut self,
        ledger: &dyn Ledger,
        pauses: &Pauses,
        now: Timestamp,
    ) -> Result<Option<PlanReport>, LedgerError> {
        let mut plan = Plan::default();
        let mut planned = Vec::new();
        while let Some(Reverse((at, _, index))) = self.due.peek().copied()
            && at <= now
            && plan.occurrences.len() < OCCURRENCES_A_TURN
        {
            self.due.pop();
            let Some(entry) = self.entries.get(index as usize) else {
                continue;
            };
            let schedule = &entry.schedule;
            let Some(timetable) = Timetable::of(schedule) else {
                continue;
            };
            let policies = Policies {
                schedule: Some(schedule),
                pauses: of(pauses, &schedule.name),
            };
            let (dues, until) =
                planning::plan(&timetable, policies, entry.watermark, now, DUES_A_TURN);
            plan.occurrences
                .extend(dues.into_iter().map(|due| occurrence(schedule, due)));
            plan.watermarks.push(Watermark {
                schedule: schedule.name.clone(),
                until,
                timetable: Some(timetable.to_text()),
            });
            planned.push((index, until));
        }
        if planned.is_empty() {
            return Ok(None);
        }
        let written = ledger.plan(plan, now).await;
        for (index, until) in planned {
            let Some(entry) = self.entries.get_mut(index as usize) else {
                continue;
            };
            // A plan that was not written is due again, from where it was.
            if written.is_ok() {
                entry.watermark = until;
                entry.look_ahead();
            }
            self.due.extend(entry.due(index));
        }
        written.map(Some)
    }
}

/// The pauses of a schedule.
pub(crate) fn of<'a>(pauses: &'a Pauses, schedule: &ScheduleName) -> &'a [Pause] {
    pauses.get(schedule).map_or(&[], Vec::as_slice)
}

/// An occurrence of the timetable.
fn occurrence(schedule: &Schedule, planned: Planned) -> NewOccurrence {
    NewOccurrence {
        id: occurrence_id(&schedule.name, &planned.tenant, planned.due),
        schedule: schedule.name.clone(),
        tenant: planned.tenant,
        plugin: schedule.plugin.clone(),
        due: planned.due,
        not_before: planned.not_before,
        start_by: planned.start_by,
        timeout: schedule.timeout,
        makes_up_for: None,
        priority: schedule.priority,
        account: schedule.account.clone(),
        origin: Origin::Schedule,
        shadow_of: schedule.shadows().cloned(),
        overlap: schedule.overlap,
        ends: planned.ends,
    }
}
