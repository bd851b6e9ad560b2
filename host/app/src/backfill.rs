//! Makes up for past due times that did not succeed.
//!
//! The record of a due time is never rewritten: a backfill is a new occurrence that says which due time it makes up for,
//! and that time is what a task is told. A snapshot is one of now, and is told so. The timetable goes first.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use strongroom_domain::calendar::{Zone, due_between};
use strongroom_domain::schedule::{Overlap, Schedule};
use strongroom_domain::{Outcome, ScheduleName, TenantName, json_time};
use strongroom_ledger::{NewOccurrence, OccurrenceFilter, OccurrenceRow, OpenMode, Origin, Plan};
use strongroom_orchestrator::{Clock, SystemClock, untimed};

use crate::{Error, Installation, lookup};

/// The most due times of one backfill: more is probably a slip of the hand.
const MOST: usize = 10_000;
/// How long a backfill waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30 * 86_400);

/// What is to be made up for.
#[derive(Debug)]
pub struct BackfillRequest<'a> {
    /// Of which schedule.
    pub schedule: &'a str,
    /// Only for this tenant.
    pub tenant: Option<&'a str>,
    /// Due times at or after this one.
    pub from: Timestamp,
    /// Due times before this one; not in the future.
    pub to: Timestamp,
    /// Also those that succeeded.
    pub again: bool,
    /// Plans nothing.
    pub dry_run: bool,
    /// Also if the schedule is paused.
    pub despite_pause: bool,
    /// Who asks for it.
    pub person: String,
}

/// What is made up for.
#[derive(Debug, Serialize)]
pub struct Backfill {
    /// Of which schedule.
    pub schedule: ScheduleName,
    /// Due times in the range.
    pub due_times: usize,
    /// False: it was a dry run.
    pub planned: bool,
    /// Those that are made up for, in order.
    #[serde(rename = "backfill")]
    pub runs: Vec<BackfillRun>,
    /// The schedule's zone.
    #[serde(skip)]
    pub zone: Zone,
}

/// A past due time of a tenant.
#[derive(Debug, Serialize)]
pub struct BackfillRun {
    /// For whom.
    pub tenant: TenantName,
    /// When it was due.
    #[serde(with = "json_time")]
    pub due: Timestamp,
}

/// Plans runs for past due times that did not succeed.
pub async fn backfill(at: &Installation, asked: &BackfillRequest<'_>) -> Result<Backfill, Error> {
    let set = at.set()?;
    let schedule = lookup::schedule(&set, asked.schedule)?;
    let tenants = lookup::tenants(schedule, asked.tenant)?;
    lookup::begins(schedule)?;
    let now = SystemClock.now();
    let dues = dues(schedule, asked, now)?;
    let mode = if asked.dry_run {
        OpenMode::Reader
    } else {
        OpenMode::Visitor
    };
    let ledger = at.ledger(mode).await?;
    if !asked.dry_run && !asked.despite_pause {
        lookup::refuse_paused(ledger.as_ref(), schedule, now).await?;
    }
    let filter = OccurrenceFilter {
        schedule: Some(schedule.name.clone()),
        since: Some(asked.from),
        ..OccurrenceFilter::default()
    };
    let done = done(&ledger.occurrences(filter).await?, asked.again);
    let mut runs = Vec::new();
    for due in &dues {
        let open = tenants
            .iter()
            .filter(|tenant| !done.contains(&((*tenant).clone(), *due)));
        runs.extend(open.map(|tenant| BackfillRun {
            tenant: tenant.clone(),
            due: *due,
        }));
    }
    if runs.len() > MOST {
        let count = runs.len();
        let message = format!(
            "{count} due times are to be made up for, and one backfill takes at most {MOST}"
        );
        return Err(Error::usage(message)
            .hint("take a shorter range, or one tenant at a time with `--tenant`"));
    }
    if !asked.dry_run && !runs.is_empty() {
        let plan = Plan {
            occurrences: planned(schedule, &runs, &asked.person, now),
            ..Plan::default()
        };
        ledger.plan(plan, now).await?;
    }
    ledger.close().await;
    Ok(Backfill {
        schedule: schedule.name.clone(),
        due_times: dues.len(),
        planned: !asked.dry_run,
        runs,
        zone: schedule.zone.clone(),
    })
}

/// The due times of the range.
fn dues(
    schedule: &Schedule,
    asked: &BackfillRequest<'_>,
    now: Timestamp,
) -> Result<Vec<Timestamp>, Error> {
    let (from, to) = (asked.from, asked.to);
    if to <= from {
        let message = format!("the range would end ({to}) before it begins ({from})");
        return Err(Error::usage(message).hint("`--to` must be later than `--from`"));
    }
    if to > now {
        return Err(Error::usage(format!("the range ends in the future ({to})"))
            .hint("a backfill makes up for what has passed; what is to come runs by itself"));
    }
    let moment = SignedDuration::from_nanos(1);
    let after = from.checked_sub(moment).unwrap_or(from);
    let until = to.checked_sub(moment).unwrap_or(to);
    let dues: Vec<Timestamp> = due_between(&schedule.trigger, &schedule.zone, after, until)
        .map(|due| due.at)
        .take(MOST + 1)
        .collect();
    if dues.is_empty() {
        let message = format!("`{}` has no due time from {from} to {to}", schedule.name);
        return Err(Error::not_found(message).hint("`strongroom next --from TIME` shows them"));
    }
    if dues.len() > MOST {
        return Err(
            Error::usage(format!("the range holds more than {MOST} due times"))
                .hint("take a shorter range"),
        );
    }
    Ok(dues)
}

/// The due times that need nothing: they succeeded, or are being made up for already.
fn done(rows: &[OccurrenceRow], again: bool) -> BTreeSet<(TenantName, Timestamp)> {
    let needs_nothing = |row: &&OccurrenceRow| match row.outcome {
        None => true,
        Some(outcome) => !again && outcome == Outcome::Succeeded,
    };
    let due = |row: &OccurrenceRow| (row.tenant.clone(), row.makes_up_for.unwrap_or(row.due));
    rows.iter().filter(needs_nothing).map(due).collect()
}

fn planned(
    schedule: &Schedule,
    runs: &[BackfillRun],
    person: &str,
    now: Timestamp,
) -> Vec<NewOccurrence> {
    let origin = Origin::Backfill(person.to_owned());
    let one = |(index, run): (usize, &BackfillRun)| {
        // A millisecond apart: a due time is unique, and they run in order.
        let apart = SignedDuration::from_millis(i64::try_from(index).unwrap_or_default());
        let due = now.checked_add(apart).unwrap_or(now);
        NewOccurrence {
            makes_up_for: Some(run.due),
            start_by: due.checked_add(PATIENCE).unwrap_or(Timestamp::MAX),
            overlap: Overlap::Queue,
            ..untimed(schedule, &run.tenant, due, origin.clone())
        }
    };
    runs.iter().enumerate().map(one).collect()
}
