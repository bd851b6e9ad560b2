//! What a person asks of a host that may be running: pause, resume, cancel, raise, and confirm the time.
//!
//! Each is one write to the ledger, on record with the person; a running host notices within a second.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use strongroom_config::ScheduleSet;
use strongroom_domain::pause::Pause;
use strongroom_domain::planning::prevented;
use strongroom_domain::schedule::{Schedule, Trigger};
use strongroom_domain::{EventName, ScheduleName, TenantName, json_time};
use strongroom_ledger::{CancelReport, NewOccurrence, OccurrenceRow, OpenMode, Origin, Plan};
use strongroom_orchestrator::{CLOCK_NOTICE, Clock as _, SystemClock, untimed};
use uuid::Uuid;

use crate::occurrences::{Occurrence, read};
use crate::{
    Error, Installation,
    lookup::{self, by_id},
};

/// Who wants an act, and why: both go on record.
#[derive(Debug, Clone)]
pub struct Act {
    pub(crate) person: String,
    pub(crate) reason: String,
}

impl Act {
    /// An act of a person for a reason that says something.
    pub fn new(person: String, reason: &str) -> Result<Self, Error> {
        let reason = self::reason(reason)?;
        Ok(Self { person, reason })
    }
}

/// A reason that says something.
pub(crate) fn reason(text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(
            Error::usage("the reason is empty").hint("say why: it is written into the audit log")
        );
    }
    Ok(text.to_owned())
}

/// A schedule that begins nothing for a while.
#[derive(Debug, Serialize)]
pub struct Paused {
    /// Its name.
    pub schedule: ScheduleName,
    /// Since when, how long, by whom and why.
    pub pause: Pause,
}

/// Stops a schedule from beginning anything; what runs goes on.
pub async fn pause(
    at: &Installation,
    schedule: &str,
    until: Option<Timestamp>,
    act: Act,
) -> Result<Paused, Error> {
    let set = at.set()?;
    let schedule = lookup::schedule(&set, schedule)?.name.clone();
    let now = SystemClock.now();
    if let Some(until) = until.filter(|until| *until <= now) {
        let message = format!("the pause would end ({until}) before it begins");
        return Err(Error::usage(message).hint("`--until` must lie in the future"));
    }
    let pause = Pause {
        from: now,
        until,
        person: act.person,
        reason: act.reason,
    };
    let ledger = at.ledger(OpenMode::Visitor).await?;
    ledger.pause(&schedule, pause.clone()).await?;
    ledger.close().await;
    Ok(Paused { schedule, pause })
}

/// A schedule whose pause is over.
#[derive(Debug, Serialize)]
pub struct Resumed {
    /// Its name.
    pub schedule: ScheduleName,
    /// When it was resumed.
    #[serde(with = "json_time")]
    pub resumed: Timestamp,
    /// The pause that ended.
    pub pause: Pause,
}

/// Ends the pause of a schedule.
pub async fn resume(at: &Installation, schedule: &str, act: Act) -> Result<Resumed, Error> {
    let schedule = ScheduleName::new(schedule).map_err(|error| Error::usage(error.to_string()))?;
    let ledger = at.ledger(OpenMode::Visitor).await?;
    let now = SystemClock.now();
    let pause = ledger
        .resume(&schedule, &act.person, &act.reason, now)
        .await?;
    ledger.close().await;
    Ok(Resumed {
        schedule,
        resumed: now,
        pause,
    })
}

/// An occurrence that ends as `cancelled`.
pub struct Cancelled {
    /// As it was.
    pub row: OccurrenceRow,
    /// Whether it runs, and its host has been asked; else it has ended.
    pub asked: bool,
}

as_json!(Cancelled, |cancelled| {
    let result = if cancelled.asked {
        "asked"
    } else {
        "cancelled"
    };
    json!({ "id": cancelled.row.id, "result": result })
});

/// Cancels an occurrence that waits or runs, here or in a running host.
pub async fn cancel(at: &Installation, id: &str, act: Act) -> Result<Cancelled, Error> {
    let ledger = at.ledger(OpenMode::Visitor).await?;
    let row = lookup::unfinished(ledger.as_ref(), id).await?;
    let now = SystemClock.now();
    let report = ledger.cancel(row.id, &act.person, &act.reason, now).await?;
    ledger.close().await;
    let asked = report == CancelReport::Asked;
    Ok(Cancelled { row, asked })
}

/// Raises an event: the occurrences that became due, of these tenants or of all.
pub async fn raise(
    at: &Installation,
    event: &str,
    tenants: &[String],
    person: &str,
) -> Result<Vec<Occurrence>, Error> {
    let set = at.set()?;
    let event = EventName::new(event).map_err(|error| Error::usage(error.to_string()))?;
    let waiting = listening(&set, &event)?;
    for tenant in tenants {
        let mut known = waiting.iter().flat_map(|schedule| &schedule.tenants);
        if !known.any(|known| known.as_str() == tenant) {
            let message = format!("no schedule with `on = \"{event}\"` has a tenant `{tenant}`");
            return Err(Error::not_found(message));
        }
    }
    let ledger = at.ledger(OpenMode::Visitor).await?;
    let now = SystemClock.now();
    let pauses = ledger.pauses(now).await?;
    let mut occurrences = Vec::new();
    for schedule in waiting {
        let paused = pauses.get(&schedule.name).map_or(&[][..], Vec::as_slice);
        for tenant in chosen(schedule, tenants) {
            let origin = Origin::Event {
                name: event.clone(),
                person: person.to_owned(),
            };
            occurrences.push(NewOccurrence {
                ends: prevented(schedule, paused, now),
                ..untimed(schedule, tenant, now, origin)
            });
        }
    }
    let ids: Vec<Uuid> = occurrences.iter().map(|new| new.id).collect();
    let plan = Plan {
        occurrences,
        ..Plan::default()
    };
    ledger.plan(plan, now).await?;
    let mut raised = Vec::new();
    for id in ids {
        raised.extend(read(ledger.as_ref(), by_id(id)).await?);
    }
    ledger.close().await;
    Ok(raised)
}

/// The schedules that wait for an event.
fn listening<'a>(set: &'a ScheduleSet, event: &EventName) -> Result<Vec<&'a Schedule>, Error> {
    let waits =
        |schedule: &&Schedule| matches!(&schedule.trigger, Trigger::Event(name) if name == event);
    let waiting: Vec<&Schedule> = lookup::schedules(set)
        .filter(waits)
        .filter(|schedule| schedule.begins())
        .collect();
    if !waiting.is_empty() {
        return Ok(waiting);
    }
    let mut known: Vec<&str> = lookup::schedules(set)
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
    let message = format!("no enabled schedule waits for the event `{event}`");
    Err(Error::not_found(message).hint(hint))
}

fn chosen<'a>(schedule: &'a Schedule, only: &'a [String]) -> impl Iterator<Item = &'a TenantName> {
    let wanted =
        |tenant: &&TenantName| only.is_empty() || only.iter().any(|name| name == tenant.as_str());
    schedule.tenants.iter().filter(wanted)
}

/// What became of a confirmation of the machine's time.
#[derive(Debug, Serialize)]
pub struct ClockAccepted {
    /// The time that was confirmed.
    #[serde(with = "json_time")]
    pub accepted: Timestamp,
    /// Whether a jump of the clock had held anything back.
    pub held: bool,
}

/// Confirms that the machine's time is right, so that what a jump of the clock held back goes on.
pub async fn accept_clock(at: &Installation, act: Act) -> Result<ClockAccepted, Error> {
    let ledger = at.ledger(OpenMode::Visitor).await?;
    let now = SystemClock.now();
    let held = ledger
        .remove_notice(CLOCK_NOTICE, &act.person, &act.reason, now)
        .await?;
    ledger.close().await;
    Ok(ClockAccepted {
        accepted: now,
        held,
    })
}
