//! Writes due times as occurrences before anything runs.
//!
//! Owns: when each schedule is due next, and what happens to the due times of a timetable that an edit replaced.
//! Never: the decision what becomes of a due time (`domain::planning`).
//! Cost: a heap of one entry a schedule; a turn touches only what is due. Read next: `engine`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_domain::calendar::next_due;
use strongroom_domain::pause::Pause;
use strongroom_domain::planning::{self, Planned, Policies};
use strongroom_domain::schedule::{Missed, Overlap, Schedule};
use strongroom_domain::timetable::Timetable;
use strongroom_domain::{Outcome, ScheduleName, occurrence_id};
use strongroom_ledger::{Ledger, LedgerError, NewOccurrence, Origin, Plan, PlanReport, Watermark};

use crate::setup::{Prepared, Setup};

/// The most due times of one schedule written in one transaction: after a long outage memory stays flat.
const DUES_A_TURN: usize = 4_096;
/// The most occurrences of one transaction before the next schedule must wait for the following one.
const OCCURRENCES_A_TURN: usize = 4_096;
/// The most watermarks in one transaction.
const WATERMARKS_A_TURN: usize = 10_000;

/// Pauses by schedule, as the ledger keeps them.
pub(crate) type Pauses = BTreeMap<ScheduleName, Vec<Pause>>;

/// A schedule and how far its due times are written.
struct Entry {
    prepared: Arc<Prepared>,
    watermark: Timestamp,
}

/// Knows when each schedule is due next and what has been written so far.
pub(crate) struct Planner {
    entries: Vec<Entry>,
    due: BinaryHeap<Reverse<(Timestamp, u32)>>,
}

impl Planner {
    /// Takes up where the ledger left off, at a start and after an edit alike.
    ///
    /// A timetable that is no longer in the files is finished first: its due times up to now are recorded. The one that
    /// takes its place begins now, so that an edit never makes anything due that has passed.
    pub(crate) async fn new(
        ledger: &dyn Ledger,
        setup: &Setup,
        pauses: &Pauses,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let mut known = ledger.watermarks().await?;
        let mut planner = Self {
            entries: Vec::new(),
            due: BinaryHeap::new(),
        };
        let mut begun = Vec::new();
        for (name, prepared) in &setup.schedules {
            let Some(timetable) = Timetable::of(&prepared.schedule) else {
                continue;
            };
            let text = timetable.to_text();
            let watermark = match known.remove(name) {
                Some(old) if old.timetable.as_deref() == Some(text.as_str()) => old.until,
                old => {
                    // A clock that was set back: what is recorded already is not due again.
                    let until = old.as_ref().map_or(now, |old| old.until.max(now));
                    if let Some(old) = old {
                        finish(ledger, &old, Some(&prepared.schedule), pauses, now).await?;
                    }
                    begun.push(Watermark {
                        schedule: name.clone(),
                        until,
                        timetable: Some(text),
                    });
                    until
                }
            };
            planner.enter(prepared.clone(), watermark);
            write_full(ledger, &mut begun, now).await?;
        }
        for (name, old) in known {
            if old.timetable.is_some() {
                finish(ledger, &old, None, pauses, now).await?;
                begun.push(Watermark {
                    schedule: name,
                    until: old.until.max(now),
                    timetable: None,
                });
                write_full(ledger, &mut begun, now).await?;
            }
        }
        write(ledger, &mut begun, now).await?;
        Ok(planner)
    }

    fn enter(&mut self, prepared: Arc<Prepared>, watermark: Timestamp) {
        let index = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry {
            prepared,
            watermark,
        });
        self.arm(index);
    }

    fn arm(&mut self, index: u32) {
        if let Some(entry) = self.entries.get(index as usize) {
            let schedule = &entry.prepared.schedule;
            if let Some(next) = next_due(&schedule.trigger, &schedule.zone, entry.watermark) {
                self.due.push(Reverse((next.at, index)));
            }
        }
    }

    /// When the next schedule is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.due.peek().map(|Reverse((at, _))| *at)
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
        while let Some(Reverse((at, index))) = self.due.peek().copied()
            && at <= now
            && plan.occurrences.len() < OCCURRENCES_A_TURN
        {
            self.due.pop();
            let Some(entry) = self.entries.get(index as usize) else {
                continue;
            };
            let schedule = &entry.prepared.schedule;
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
            // A plan that was not written is due again, from where it was.
            if let (Ok(_), Some(entry)) = (&written, self.entries.get_mut(index as usize)) {
                entry.watermark = until;
            }
            self.arm(index);
        }
        written.map(Some)
    }
}

/// The pauses of a schedule.
pub(crate) fn of<'a>(pauses: &'a Pauses, schedule: &ScheduleName) -> &'a [Pause] {
    pauses.get(schedule).map_or(&[], Vec::as_slice)
}

async fn write_full(
    ledger: &dyn Ledger,
    watermarks: &mut Vec<Watermark>,
    now: Timestamp,
) -> Result<(), LedgerError> {
    if watermarks.len() < WATERMARKS_A_TURN {
        return Ok(());
    }
    write(ledger, watermarks, now).await
}

async fn write(
    ledger: &dyn Ledger,
    watermarks: &mut Vec<Watermark>,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let plan = Plan {
        occurrences: Vec::new(),
        watermarks: std::mem::take(watermarks),
    };
    ledger.plan(plan, now).await.map(|_| ())
}

/// Records the due times of a timetable that an edit replaced, up to now. What may still run under the policies of today
/// does, for tenants that are still there.
async fn finish(
    ledger: &dyn Ledger,
    old: &Watermark,
    schedule: Option<&Schedule>,
    pauses: &Pauses,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let Some(text) = &old.timetable else {
        return Ok(());
    };
    let Some(timetable) = Timetable::from_text(text) else {
        tracing::error!(schedule = %old.schedule, text, "the timetable on record cannot be read any more; its due times since {} are not recorded", old.until);
        return Ok(());
    };
    let policies = Policies {
        schedule,
        pauses: of(pauses, &old.schedule),
    };
    let mut after = old.until;
    while after < now {
        let (dues, until) = planning::plan(&timetable, policies, after, now, DUES_A_TURN);
        let finished = dues.into_iter().map(|mut due| {
            let gone = schedule.is_none_or(|schedule| !schedule.tenants.contains(&due.tenant));
            if due.ends.is_none() && gone {
                let why = "the tenant was taken out of the schedule before it could begin";
                due.ends = Some((Outcome::Missed, why.to_owned()));
            }
            match schedule {
                Some(schedule) => occurrence(schedule, due),
                None => ended(&old.schedule, &timetable, due),
            }
        });
        let plan = Plan {
            occurrences: finished.collect(),
            watermarks: Vec::new(),
        };
        ledger.plan(plan, now).await?;
        after = until;
    }
    Ok(())
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
        covers: None,
        priority: schedule.priority,
        account: schedule.account.clone(),
        origin: Origin::Schedule,
        overlap: if schedule.missed == Missed::All && schedule.overlap == Overlap::Skip {
            // What is caught up one by one must not be skipped because of the one before it.
            Overlap::Queue
        } else {
            schedule.overlap
        },
        ends: planned.ends,
    }
}

/// An occurrence of a schedule that is no longer in the files.
fn ended(name: &ScheduleName, timetable: &Timetable, planned: Planned) -> NewOccurrence {
    NewOccurrence {
        id: occurrence_id(name, &planned.tenant, planned.due),
        schedule: name.clone(),
        tenant: planned.tenant,
        plugin: timetable.plugin.clone(),
        due: planned.due,
        not_before: planned.not_before,
        start_by: planned.start_by,
        timeout: strongroom_domain::schedule::defaults::TIMEOUT,
        covers: None,
        priority: strongroom_domain::schedule::Priority::default(),
        account: None,
        origin: Origin::Schedule,
        overlap: Overlap::Allow,
        ends: planned.ends,
    }
}
