//! What is allowed but probably not meant, of the schedules after an edit.
//!
//! Owns: warnings that need the due times. What a file alone shows (the sign of `Etc/GMT+3`, a retention shorter than
//! the interval) is warned of where files are read.
//! Read next: `close`, `today`.

use std::collections::HashMap;
use std::rc::Rc;

use jiff::Timestamp;

use super::runs::{RUNS_LIMIT, dues};
use super::warning::{Warning, WarningKind};
use super::{ByName, Horizon, close, timed, timetable_key, today};
use crate::ScheduleName;
use crate::calendar::{DstGap, DstNote};
use crate::schedule::{Schedule, Trigger};

pub(super) fn all(olds: &ByName<'_>, new: &[&Schedule], horizon: Horizon) -> Vec<Warning> {
    let mut known: HashMap<String, Rc<Facts>> = HashMap::new();
    let mut found = Vec::new();
    let before = |schedule: &Schedule| {
        let old = olds.get(&schedule.name);
        old.is_some_and(|old| timetable_key(Some(old)) == timetable_key(Some(schedule)))
    };
    for schedule in new.iter().filter(|schedule| timed(schedule)) {
        let old = olds.get(&schedule.name).filter(|old| timed(old));
        let before = before(schedule);
        if !before
            && let Some(warning) = old.and_then(|old| today::look(old, schedule, horizon.from))
        {
            found.push(warning);
        }
        let facts = known
            .entry(timetable_key(Some(schedule)))
            .or_insert_with(|| Rc::new(facts(schedule, horizon)));
        found.extend(
            facts
                .warnings(schedule)
                .into_iter()
                .map(|warning| Warning { before, ..warning }),
        );
    }
    for warning in close::pairs(new, horizon) {
        let same = |name: Option<&ScheduleName>| {
            name.and_then(|name| new.iter().find(|schedule| schedule.name == *name))
                .is_some_and(|schedule| {
                    before(schedule)
                        && olds.get(&schedule.name).is_some_and(|old| {
                            warning
                                .tenant
                                .iter()
                                .all(|tenant| old.tenants.contains(tenant))
                        })
                })
        };
        let other = warning.other.as_ref();
        let before = same(Some(&warning.schedule)) && (other.is_none() || same(other));
        found.push(Warning { before, ..warning });
    }
    found
}

/// What is to be warned of in a timetable.
struct Facts {
    runs: u64,
    blacked: u64,
    notes: Vec<(DstNote, Timestamp)>,
    stopped: Option<Timestamp>,
}

fn facts(schedule: &Schedule, horizon: Horizon) -> Facts {
    let mut facts = Facts {
        runs: 0,
        blacked: 0,
        notes: Vec::new(),
        stopped: None,
    };
    for (due, blackout) in dues(schedule, horizon) {
        if facts.runs + facts.blacked == u64::from(RUNS_LIMIT) {
            facts.stopped = Some(due.at);
            break;
        }
        match blackout {
            Some(_) => facts.blacked += 1,
            None => {
                facts.runs += 1;
                facts.notes.extend(due.note.map(|note| (note, due.at)));
            }
        }
    }
    facts.notes.extend(skipped(schedule, horizon));
    facts.notes.sort_by_key(|(_, at)| *at);
    facts
}

/// The civil times that `dst-gap = "skip"` leaves out: those that `next` would run at the end of the gap.
fn skipped(schedule: &Schedule, horizon: Horizon) -> Vec<(DstNote, Timestamp)> {
    let Trigger::Cron {
        cron,
        gap: DstGap::Skip,
        overlap,
    } = &schedule.trigger
    else {
        return Vec::new();
    };
    let trigger = Trigger::Cron {
        cron: cron.clone(),
        gap: DstGap::Next,
        overlap: *overlap,
    };
    crate::calendar::due_between(&trigger, &schedule.zone, horizon.from, horizon.until)
        .take(RUNS_LIMIT as usize)
        .filter_map(|due| due.note.map(|note| (note, due.at)))
        .filter(|(note, _)| matches!(note, DstNote::MovedOutOfGap(_)))
        .collect()
}

impl Facts {
    fn warnings(&self, schedule: &Schedule) -> Vec<Warning> {
        let name = &schedule.name;
        let mut found = Vec::new();
        if self.runs == 0 {
            let message = match self.blacked {
                0 => format!("`{name}` is not due within the time that was looked at"),
                1 => format!(
                    "`{name}` does not run within the time that was looked at: its only due time lies in a blackout"
                ),
                due => format!(
                    "`{name}` does not run within the time that was looked at: all of its {due} due times lie in blackouts"
                ),
            };
            found.push(Warning::of(WarningKind::NeverRuns, schedule, None, message));
        }
        if let Some(stopped) = self.stopped {
            let message = format!(
                "`{name}` has more than {RUNS_LIMIT} due times; only those before {stopped} were looked at"
            );
            found.push(Warning::of(
                WarningKind::TooMany,
                schedule,
                Some(stopped),
                message,
            ));
        }
        found.extend(self.changes_of_the_clock(schedule));
        found
    }

    /// One warning for each day on which the clocks change.
    fn changes_of_the_clock(&self, schedule: &Schedule) -> Vec<Warning> {
        let skips = matches!(&schedule.trigger, Trigger::Cron { gap: DstGap::Skip, cron, .. } if cron.is_fixed());
        let mut found: Vec<(jiff::civil::Date, Warning)> = Vec::new();
        for (note, at) in &self.notes {
            let (kind, civil) = match note {
                DstNote::MovedOutOfGap(civil) => (WarningKind::TimeMissing, civil),
                DstNote::FirstOfTwo(civil) | DstNote::SecondOfTwo(civil) => {
                    (WarningKind::TimeTwice, civil)
                }
            };
            if let Some((date, warning)) = found.last_mut()
                && *date == civil.date()
                && warning.kind == kind
            {
                warning.count += 1;
                continue;
            }
            let what = if kind == WarningKind::TimeMissing && skips {
                let time = civil.strftime("%H:%M");
                format!(
                    "{time} does not exist on {}; it does not run then",
                    civil.date()
                )
            } else {
                note.to_string()
            };
            let message = format!("`{}`: {what} ({at})", schedule.name);
            found.push((
                civil.date(),
                Warning::of(kind, schedule, Some(*at), message),
            ));
        }
        let several = |mut warning: Warning| {
            if warning.count > 1 {
                let others = warning.count - 1;
                let times = if others == 1 { "time" } else { "times" };
                warning
                    .message
                    .push_str(&format!(", and {others} more {times} of that day like it"));
            }
            warning
        };
        found
            .into_iter()
            .map(|(_, warning)| several(warning))
            .collect()
    }
}
