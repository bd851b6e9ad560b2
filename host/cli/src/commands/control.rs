//! What a person asks of a host that may be running: pause, resume, cancel, raise, and confirm the time.
//!
//! Each is one write to the ledger, on record with the person; a running host notices within a second.

use jiff::Timestamp;
use serde_json::json;
use strongroom_config::ScheduleSet;
use strongroom_domain::pause::Pause as Paused;
use strongroom_domain::planning::prevented;
use strongroom_domain::schedule::{Schedule, Trigger};
use strongroom_domain::{EventName, TenantName};
use strongroom_ledger::{CancelReport, NewOccurrence, OccurrenceFilter, OpenMode, Origin, Plan};
use strongroom_orchestrator::{CLOCK_NOTICE, Clock as _, SystemClock, untimed};

use crate::arguments::{Arguments, Cancel, Clock, IdPrefix, Pause, Raise, Resume};
use crate::compose;
use crate::error::CliError;
use crate::print;

pub(crate) async fn pause(arguments: &Arguments, options: &Pause) -> Result<u8, CliError> {
    let set = compose::schedules(arguments)?;
    let schedule = compose::schedule(&set, &options.schedule)?;
    let now = SystemClock.now();
    let until = options.until.as_deref().map(compose::time).transpose()?;
    if let Some(until) = until.filter(|until| *until <= now) {
        return Err(
            CliError::usage(format!("the pause would end ({until}) before it begins"))
                .hint("`--until` must lie in the future"),
        );
    }
    let pause = Paused {
        from: now,
        until,
        person: compose::person(),
        reason: compose::reason(&options.reason)?,
    };
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    ledger.pause(&schedule.name, pause.clone()).await?;
    ledger.close().await;
    let end = until.map_or_else(
        || "until it is resumed".to_owned(),
        |until| format!("until {}", print::utc(until)),
    );
    print::answer(
        arguments,
        &json!({ "schedule": schedule.name, "pause": pause }),
        || format!("{} is paused {end}; what runs goes on.", schedule.name),
    )
}

pub(crate) async fn resume(arguments: &Arguments, options: &Resume) -> Result<u8, CliError> {
    let name = compose::schedule_name(&options.schedule)?;
    let reason = compose::reason(&options.reason)?;
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    let now = SystemClock.now();
    let pause = ledger
        .resume(&name, &compose::person(), &reason, now)
        .await?;
    ledger.close().await;
    print::answer(
        arguments,
        &json!({ "schedule": name, "resumed": now, "pause": pause }),
        || {
            format!(
                "{name} is resumed: {} had paused it at {} ({}). What was due meanwhile stays recorded as paused.",
                print::plain(&pause.person),
                print::utc(pause.from),
                print::plain(&pause.reason)
            )
        },
    )
}

pub(crate) async fn cancel(arguments: &Arguments, options: &Cancel) -> Result<u8, CliError> {
    let reason = compose::reason(&options.reason)?;
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    let filter = OccurrenceFilter {
        unfinished: true,
        ..OccurrenceFilter::default()
    };
    let prefix = IdPrefix::new(&options.id);
    let rows = ledger.occurrences(filter).await?;
    let mut matching = rows.into_iter().filter(|row| prefix.matches(row.id));
    let row = match (matching.next(), matching.next()) {
        (Some(row), None) => row,
        (Some(_), Some(_)) => {
            let message = format!("several unfinished occurrences begin with `{}`", options.id);
            return Err(CliError::usage(message).hint("type more of the id"));
        }
        (None, _) => {
            let message = format!("there is no unfinished occurrence `{}`", options.id);
            return Err(CliError::not_found(message)
                .hint("`strongroom occurrences --unfinished` shows them"));
        }
    };
    let now = SystemClock.now();
    let report = ledger
        .cancel(row.id, &compose::person(), &reason, now)
        .await?;
    ledger.close().await;
    let (word, text) = match report {
        CancelReport::Ended => ("cancelled", "is cancelled."),
        CancelReport::Asked => (
            "asked",
            "runs; its host has been asked to cancel it and does so within a few seconds.",
        ),
    };
    print::answer(arguments, &json!({ "id": row.id, "result": word }), || {
        format!(
            "{} {} {} {text}",
            print::short(row.id),
            row.schedule,
            row.tenant
        )
    })
}

pub(crate) async fn raise(arguments: &Arguments, options: &Raise) -> Result<u8, CliError> {
    let set = compose::schedules(arguments)?;
    let event =
        EventName::new(&options.event).map_err(|error| CliError::usage(error.to_string()))?;
    let waiting = listening(&set, &event)?;
    for tenant in &options.tenant {
        if !waiting.iter().any(|schedule| {
            schedule
                .tenants
                .iter()
                .any(|known| known.as_str() == tenant)
        }) {
            let message = format!("no schedule with `on = \"{event}\"` has a tenant `{tenant}`");
            return Err(CliError::not_found(message));
        }
    }
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    let now = SystemClock.now();
    let pauses = ledger.pauses(now).await?;
    let mut occurrences = Vec::new();
    for schedule in waiting {
        let paused = pauses.get(&schedule.name).map_or(&[][..], Vec::as_slice);
        for tenant in chosen(schedule, &options.tenant) {
            let origin = Origin::Event {
                name: event.clone(),
                person: compose::person(),
            };
            occurrences.push(NewOccurrence {
                ends: prevented(schedule, paused, now),
                ..untimed(schedule, tenant, now, origin)
            });
        }
    }
    let filter = |id| OccurrenceFilter {
        id: Some(id),
        ..OccurrenceFilter::default()
    };
    let ids: Vec<_> = occurrences.iter().map(|new| new.id).collect();
    let plan = Plan {
        occurrences,
        watermarks: Vec::new(),
    };
    ledger.plan(plan, now).await?;
    let mut rows = Vec::new();
    for id in ids {
        rows.extend(ledger.occurrences(filter(id)).await?);
    }
    ledger.close().await;
    let list: Vec<_> = rows.iter().map(super::occurrences::value).collect();
    print::answer(arguments, &list, || {
        let mut text = format!("`{event}` is raised:");
        for row in &rows {
            let what = row
                .outcome
                .map_or_else(|| "is due now".to_owned(), |outcome| outcome.to_string());
            text.push_str(&format!(
                "\n  {} {} {}: {what}",
                print::short(row.id),
                row.schedule,
                row.tenant
            ));
        }
        text
    })
}

/// The schedules that wait for an event.
fn listening<'a>(set: &'a ScheduleSet, event: &EventName) -> Result<Vec<&'a Schedule>, CliError> {
    let schedules = || {
        set.schedules
            .iter()
            .map(|located| located.schedule.as_ref())
    };
    let waits =
        |schedule: &&Schedule| matches!(&schedule.trigger, Trigger::Event(name) if name == event);
    let waiting: Vec<&Schedule> = schedules()
        .filter(waits)
        .filter(|schedule| schedule.begins())
        .collect();
    if !waiting.is_empty() {
        return Ok(waiting);
    }
    let mut known: Vec<&str> = schedules()
        .filter_map(|schedule| match &schedule.trigger {
            Trigger::Event(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    known.dedup();
    let hint = if known.is_empty() {
        "write `on = \"EVENT\"` in a schedule instead of `cron`".to_owned()
    } else {
        format!("schedules wait for: {}", known.join(", "))
    };
    Err(
        CliError::not_found(format!("no enabled schedule waits for the event `{event}`"))
            .hint(hint),
    )
}

fn chosen<'a>(schedule: &'a Schedule, only: &'a [String]) -> impl Iterator<Item = &'a TenantName> {
    let wanted =
        |tenant: &&TenantName| only.is_empty() || only.iter().any(|name| name == tenant.as_str());
    schedule.tenants.iter().filter(wanted)
}

pub(crate) async fn clock(arguments: &Arguments, command: &Clock) -> Result<u8, CliError> {
    let Clock::Accept { reason } = command;
    let reason = compose::reason(reason)?;
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    let now: Timestamp = SystemClock.now();
    let held = ledger
        .remove_notice(CLOCK_NOTICE, &compose::person(), &reason, now)
        .await?;
    ledger.close().await;
    print::answer(arguments, &json!({ "accepted": now, "held": held }), || {
        if held {
            format!(
                "The time {} is confirmed; what was held back goes on.",
                print::utc(now)
            )
        } else {
            "Nothing is held back: no jump of the clock waits to be confirmed.".to_owned()
        }
    })
}
