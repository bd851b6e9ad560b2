//! `strongroom backfill`: makes up for past due times that did not succeed.
//!
//! The record of a due time is never rewritten: a backfill is a new occurrence that says which due time it makes up for,
//! and that time is what a task is told. A snapshot is one of now, and is told so. The timetable goes first.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use strongroom_domain::calendar::due_between;
use strongroom_domain::schedule::{Overlap, Schedule};
use strongroom_domain::{Outcome, TenantName};
use strongroom_ledger::{NewOccurrence, OccurrenceFilter, OccurrenceRow, OpenMode, Origin, Plan};
use strongroom_orchestrator::{Clock, SystemClock, untimed};

use crate::arguments::{Arguments, Backfill};
use crate::compose;
use crate::error::CliError;
use crate::print;

/// The most due times of one backfill: more is probably a slip of the hand.
const MOST: usize = 10_000;
/// How long a backfill waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30 * 86_400);

pub(crate) async fn run(arguments: &Arguments, options: &Backfill) -> Result<u8, CliError> {
    let set = compose::schedules(arguments)?;
    let schedule = compose::schedule(&set, &options.schedule)?;
    let tenants = compose::tenants(schedule, options.tenant.as_deref())?;
    compose::begins(schedule)?;
    let now = SystemClock.now();
    let (from, to) = range(options, now)?;
    let dues = dues(schedule, from, to)?;
    let ledger = compose::ledger(
        arguments,
        if options.dry_run {
            OpenMode::Reader
        } else {
            OpenMode::Visitor
        },
    )
    .await?;
    if !options.dry_run && !options.despite_pause {
        compose::refuse_paused(ledger.as_ref(), schedule, now).await?;
    }
    let filter = OccurrenceFilter {
        schedule: Some(schedule.name.clone()),
        since: Some(from),
        ..OccurrenceFilter::default()
    };
    let done = done(&ledger.occurrences(filter).await?, options.again);
    let mut wanted = Vec::new();
    for due in &dues {
        for tenant in &tenants {
            if !done.contains(&(tenant.clone(), *due)) {
                wanted.push((tenant.clone(), *due));
            }
        }
    }
    if wanted.len() > MOST {
        let message = format!(
            "{} due times are to be made up for, and one backfill takes at most {MOST}",
            wanted.len()
        );
        return Err(CliError::usage(message)
            .hint("take a shorter range, or one tenant at a time with `--tenant`"));
    }
    if !options.dry_run && !wanted.is_empty() {
        let plan = Plan {
            occurrences: planned(schedule, &wanted, now),
            watermarks: Vec::new(),
        };
        ledger.plan(plan, now).await?;
    }
    ledger.close().await;
    let list: Vec<_> = wanted
        .iter()
        .map(|(tenant, due)| json!({ "tenant": tenant, "due": due }))
        .collect();
    let value = json!({ "schedule": schedule.name, "due_times": dues.len(), "planned": !options.dry_run, "backfill": list });
    print::answer(arguments, &value, || {
        say(schedule, &dues, &wanted, options.dry_run)
    })
}

fn range(options: &Backfill, now: Timestamp) -> Result<(Timestamp, Timestamp), CliError> {
    let (from, to) = (compose::time(&options.from)?, compose::time(&options.to)?);
    if to <= from {
        return Err(CliError::usage(format!(
            "the range would end ({to}) before it begins ({from})"
        ))
        .hint("`--to` must be later than `--from`"));
    }
    if to > now {
        return Err(
            CliError::usage(format!("the range ends in the future ({to})"))
                .hint("a backfill makes up for what has passed; what is to come runs by itself"),
        );
    }
    Ok((from, to))
}

fn dues(schedule: &Schedule, from: Timestamp, to: Timestamp) -> Result<Vec<Timestamp>, CliError> {
    let moment = SignedDuration::from_nanos(1);
    let after = from.checked_sub(moment).unwrap_or(from);
    let until = to.checked_sub(moment).unwrap_or(to);
    let dues: Vec<Timestamp> = due_between(&schedule.trigger, &schedule.zone, after, until)
        .map(|due| due.at)
        .take(MOST + 1)
        .collect();
    if dues.is_empty() {
        return Err(CliError::not_found(format!(
            "`{}` has no due time from {from} to {to}",
            schedule.name
        ))
        .hint("`strongroom next --from TIME` shows them"));
    }
    if dues.len() > MOST {
        return Err(
            CliError::usage(format!("the range holds more than {MOST} due times"))
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
    wanted: &[(TenantName, Timestamp)],
    now: Timestamp,
) -> Vec<NewOccurrence> {
    let origin = Origin::Backfill(compose::person());
    let one = |(index, (tenant, missed)): (usize, &(TenantName, Timestamp))| {
        // A millisecond apart: a due time is unique, and they run in order.
        let apart = SignedDuration::from_millis(i64::try_from(index).unwrap_or_default());
        let due = now.checked_add(apart).unwrap_or(now);
        NewOccurrence {
            makes_up_for: Some(*missed),
            start_by: due.checked_add(PATIENCE).unwrap_or(Timestamp::MAX),
            overlap: Overlap::Queue,
            ..untimed(schedule, tenant, due, origin.clone())
        }
    };
    wanted.iter().enumerate().map(one).collect()
}

fn say(
    schedule: &Schedule,
    dues: &[Timestamp],
    wanted: &[(TenantName, Timestamp)],
    dry: bool,
) -> String {
    if wanted.is_empty() {
        return format!(
            "All {} due times of `{}` in this range succeeded or are under way.",
            dues.len(),
            schedule.name
        );
    }
    let verb = if dry {
        "would be made up for"
    } else {
        "are made up for, as soon as a host runs and the timetable leaves room"
    };
    let mut text = format!("{} runs of `{}` {verb}:", wanted.len(), schedule.name);
    for (tenant, due) in wanted.iter().take(20) {
        text.push_str(&format!(
            "\n  {}  {tenant}",
            print::local(*due, &schedule.zone)
        ));
    }
    if wanted.len() > 20 {
        text.push_str(&format!("\n  … and {} more", wanted.len() - 20));
    }
    text
}
