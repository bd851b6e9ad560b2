//! What happened in a simulation, from the record alone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use strongroom_config::ScheduleSet;
use strongroom_domain::schedule::Schedule;
use strongroom_domain::{Outcome, ScheduleName, TenantName, json_time};
use strongroom_ledger::SnapshotRow;

use super::calendar::{self, Mark, Month};
use super::passage::AgeTold;
use super::shelves::Shelf;
use super::span::Span;
use crate::occurrences::Occurrence;
use crate::staleness::{NO_LONGER, said};
use crate::words::utc;

/// What happened.
#[derive(Debug, Serialize)]
pub struct SimulationReport {
    /// Which time was simulated.
    #[serde(flatten)]
    pub span: Span,
    /// Every schedule.
    pub schedules: Vec<Summary>,
    /// Every due time.
    pub occurrences: Vec<Occurrence>,
    /// What somebody would be told, in order.
    pub messages: Vec<Message>,
    /// Every shelf on which there was anything or should have been.
    pub shelves: Vec<Shelf>,
    /// Shelves that were worse than their rules mean.
    pub warnings: Vec<String>,
}

/// What became of the due times of one schedule.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// Its name.
    pub schedule: ScheduleName,
    /// Its zone.
    pub timezone: String,
    /// How often each outcome was.
    pub outcomes: BTreeMap<Outcome, usize>,
    /// Due times that have not ended.
    pub unfinished: usize,
    /// Month by month.
    pub calendar: Vec<Month>,
}

/// What somebody would be told.
#[derive(Debug, Serialize)]
pub struct Message {
    /// When.
    #[serde(with = "json_time")]
    pub at: Timestamp,
    /// Of which schedule.
    pub schedule: ScheduleName,
    /// Of whom.
    pub tenant: TenantName,
    /// What it is about.
    #[serde(flatten)]
    pub what: What,
}

/// What a message is about.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum What {
    /// A due time that did not end well.
    Ended {
        /// When it was due.
        #[serde(with = "json_time")]
        due: Timestamp,
        /// How it ended.
        outcome: Outcome,
        /// Why.
        reason: String,
    },
    /// The newest good snapshot of a shelf became too old, or no longer is.
    Age {
        /// Whether it is.
        too_old: bool,
        /// When the newest good one was taken.
        #[serde(with = "json_time")]
        newest: Option<Timestamp>,
        /// The oldest it may become.
        max_age_seconds: u64,
        /// In words.
        reason: String,
    },
}

impl SimulationReport {
    pub(super) fn new(
        set: &ScheduleSet,
        span: Span,
        rows: Vec<Occurrence>,
        snapshots: &[SnapshotRow],
        ages: &[AgeTold],
    ) -> Self {
        let (mut schedules, mut shelves) = (Vec::new(), Vec::<Shelf>::new());
        let mut by_schedule: BTreeMap<&ScheduleName, Vec<&Occurrence>> = BTreeMap::new();
        for row in &rows {
            by_schedule.entry(&row.schedule).or_default().push(row);
        }
        let mut by_shelf: BTreeMap<(&ScheduleName, &TenantName), Vec<&SnapshotRow>> =
            BTreeMap::new();
        for copy in snapshots {
            let shelf = (&copy.schedule, &copy.tenant);
            by_shelf.entry(shelf).or_default().push(copy);
        }
        for located in &set.schedules {
            let schedule = &located.schedule;
            let own = by_schedule
                .get(&schedule.name)
                .map_or(&[][..], Vec::as_slice);
            schedules.push(summary(schedule, &span, own));
            for tenant in &schedule.tenants {
                let shelf = (&schedule.name, tenant);
                let copies = by_shelf.get(&shelf).map_or(&[][..], Vec::as_slice);
                let of_tenant = own.iter().copied().filter(|row| row.tenant == *tenant);
                let of_tenant: Vec<&Occurrence> = of_tenant.collect();
                shelves.extend(Shelf::new(schedule, tenant, &span, &of_tenant, copies));
            }
        }
        Self {
            messages: messages(&rows, ages),
            warnings: shelves.iter().filter_map(warning).collect(),
            span,
            schedules,
            occurrences: rows,
            shelves,
        }
    }

    /// Whether every due time succeeded.
    #[must_use]
    pub fn all_succeeded(&self) -> bool {
        self.schedules.iter().all(|summary| {
            let mut outcomes = summary.outcomes.keys();
            summary.unfinished == 0 && outcomes.all(|outcome| *outcome == Outcome::Succeeded)
        })
    }
}

fn summary(schedule: &Schedule, span: &Span, rows: &[&Occurrence]) -> Summary {
    let zone = schedule.zone.time_zone();
    let mut marks: BTreeMap<Date, Mark> = BTreeMap::new();
    let mut outcomes = BTreeMap::new();
    for row in rows {
        let mark = Mark::of(row.outcome);
        let day = marks
            .entry(zone.to_datetime(row.due).date())
            .or_insert(mark);
        *day = mark.max(*day);
        if let Some(outcome) = row.outcome {
            *outcomes.entry(outcome).or_default() += 1;
        }
    }
    Summary {
        schedule: schedule.name.clone(),
        timezone: schedule.zone.as_str().to_owned(),
        unfinished: rows.iter().filter(|row| row.outcome.is_none()).count(),
        outcomes,
        calendar: calendar::months(&marks, zone, span.from, span.last()),
    }
}

fn messages(rows: &[Occurrence], ages: &[AgeTold]) -> Vec<Message> {
    let ended = rows.iter().filter_map(|row| {
        // A shadow keeps no promise: what it does not do is in its calendar.
        let counts = row.shadow_of.is_none();
        let outcome = row.outcome.filter(|outcome| counts && outcome.alerts())?;
        Some(Message {
            at: row.ended_at.unwrap_or(row.due),
            schedule: row.schedule.clone(),
            tenant: row.tenant.clone(),
            what: What::Ended {
                due: row.due,
                outcome,
                reason: row.reason.clone().unwrap_or_default(),
            },
        })
    });
    let aged = ages.iter().map(|told| Message {
        at: told.at,
        schedule: told.shelf.schedule.clone(),
        tenant: told.shelf.tenant.clone(),
        what: What::Age {
            too_old: told.too_old,
            newest: told.shelf.age.newest,
            max_age_seconds: told.shelf.age.most.as_secs(),
            reason: if told.too_old {
                said(&told.shelf, told.at)
            } else {
                NO_LONGER.to_owned()
            },
        },
    });
    let mut told: Vec<Message> = ended.chain(aged).collect();
    told.sort_by_key(|message| message.at);
    told
}

fn warning(shelf: &Shelf) -> Option<String> {
    let (schedule, tenant) = (&shelf.schedule, &shelf.tenant);
    if shelf.highest == 0 {
        return Some(format!("{schedule} {tenant}: there never was a good copy"));
    }
    let at = utc(shelf.only_floor_at?);
    let floor = shelf.floor.unwrap_or(1);
    Some(format!(
        "{schedule} {tenant}: at {at} every copy left was older than the rules allow; only the floor ({floor}) kept any"
    ))
}
