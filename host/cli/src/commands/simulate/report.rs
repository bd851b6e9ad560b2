//! What happened in a simulation, from the record alone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};
use strongroom_config::ScheduleSet;
use strongroom_domain::schedule::Schedule;
use strongroom_domain::{Outcome, ScheduleName, TenantName};
use strongroom_ledger::{OccurrenceRow, SnapshotRow};

use super::calendar::{self, Mark, Month};
use super::passage::AgeTold;
use super::shelves::Shelf;
use super::span::Span;
use crate::commands::staleness::{NO_LONGER, said};

/// Everything that is shown.
pub(super) struct Report<'a> {
    pub(super) span: &'a Span,
    pub(super) schedules: Vec<Summary>,
    pub(super) messages: Vec<Message>,
    pub(super) shelves: Vec<Shelf>,
    pub(super) warnings: Vec<String>,
}

/// What became of the due times of one schedule.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) schedule: ScheduleName,
    pub(super) timezone: String,
    pub(super) outcomes: BTreeMap<Outcome, usize>,
    pub(super) unfinished: usize,
    pub(super) calendar: Vec<Month>,
}

/// What somebody would be told.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    pub(super) at: Timestamp,
    pub(super) schedule: ScheduleName,
    pub(super) tenant: TenantName,
    #[serde(flatten)]
    pub(super) what: What,
}

/// What a message is about.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum What {
    /// A due time that did not end well.
    Ended {
        due: Timestamp,
        outcome: Outcome,
        reason: String,
    },
    /// The newest good snapshot of a shelf became too old, or no longer is.
    Age {
        too_old: bool,
        newest: Option<Timestamp>,
        max_age_seconds: u64,
        reason: String,
    },
}

impl<'a> Report<'a> {
    pub(super) fn new(
        set: &ScheduleSet,
        span: &'a Span,
        rows: &[OccurrenceRow],
        snapshots: &[SnapshotRow],
        ages: &[AgeTold],
    ) -> Self {
        let mut report = Self {
            span,
            schedules: Vec::new(),
            messages: messages(rows, ages),
            shelves: Vec::new(),
            warnings: Vec::new(),
        };
        let mut by_schedule: BTreeMap<&ScheduleName, Vec<&OccurrenceRow>> = BTreeMap::new();
        for row in rows {
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
            report.schedules.push(summary(schedule, span, own));
            for tenant in &schedule.tenants {
                let shelf = (&schedule.name, tenant);
                let copies = by_shelf.get(&shelf).map_or(&[][..], Vec::as_slice);
                let of_tenant = own.iter().copied().filter(|row| row.tenant == *tenant);
                let of_tenant: Vec<&OccurrenceRow> = of_tenant.collect();
                let shelf = Shelf::new(schedule, tenant, span, &of_tenant, copies);
                report.shelves.extend(shelf);
            }
        }
        report.warnings = report.shelves.iter().filter_map(warning).collect();
        report
    }

    pub(super) fn all_succeeded(&self) -> bool {
        self.schedules.iter().all(|summary| {
            let mut outcomes = summary.outcomes.keys();
            summary.unfinished == 0 && outcomes.all(|outcome| *outcome == Outcome::Succeeded)
        })
    }

    pub(super) fn value(&self, rows: &[OccurrenceRow]) -> Value {
        let occurrences = rows.iter().map(crate::commands::occurrences::value);
        json!({
            "from": self.span.from, "to": self.span.to, "outages": self.span.outages,
            "schedules": self.schedules, "occurrences": occurrences.collect::<Vec<_>>(),
            "messages": self.messages, "shelves": self.shelves, "warnings": self.warnings,
        })
    }
}

fn summary(schedule: &Schedule, span: &Span, rows: &[&OccurrenceRow]) -> Summary {
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

fn messages(rows: &[OccurrenceRow], ages: &[AgeTold]) -> Vec<Message> {
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
    let at = crate::print::utc(shelf.only_floor_at?);
    let floor = shelf.floor.unwrap_or(1);
    Some(format!(
        "{schedule} {tenant}: at {at} every copy left was older than the rules allow; only the floor ({floor}) kept any"
    ))
}
