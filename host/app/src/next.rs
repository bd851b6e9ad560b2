//! Coming due times, by the same function that triggers them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use strongroom_domain::calendar::{DueTime, next_due};
use strongroom_domain::pause::Pause;
use strongroom_domain::preview::{skipped, skipped_whole, when};
use strongroom_domain::schedule::{Schedule, Trigger};
use strongroom_domain::spread::shift;
use strongroom_domain::{ScheduleName, json_time};
use strongroom_ledger::{LedgerError, OpenMode};
use strongroom_orchestrator::{Clock, SystemClock};

use crate::words::local;
use crate::{Error, Installation, lookup};

/// What comes next.
#[derive(Debug)]
pub struct Next {
    /// The next due times, earliest first.
    pub due: Vec<NextDue>,
    /// Schedules that wait for something else than time.
    pub waiting: Vec<Arc<Schedule>>,
}

/// A coming due time of a schedule.
#[derive(Debug)]
pub struct NextDue {
    /// The schedule.
    pub schedule: Arc<Schedule>,
    /// When.
    pub due: DueTime,
    /// The pause in which it lies.
    pub pause: Option<Pause>,
}

impl Serialize for Next {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let due = self.due.iter().map(NextDue::value);
        // What waits for something else than time is due at no known time.
        let waiting = self.waiting.iter().map(|schedule| {
            json!({
                "schedule": schedule.name, "due": null, "local": null,
                "timezone": schedule.zone.as_str(), "tenants": schedule.tenants,
                "note": format!("runs {}", when(schedule)), "blackout": null, "starts": {}, "skipped": [], "pause": null,
            })
        });
        serializer.collect_seq(due.chain(waiting))
    }
}

impl NextDue {
    fn value(&self) -> Value {
        let (schedule, at) = (&self.schedule, self.due.at);
        let start = |tenant| at.checked_add(shift(&schedule.name, tenant, schedule.spread));
        let starts = schedule.tenants.iter().filter_map(|tenant| {
            Some((
                tenant.to_string(),
                json!(json_time::text(start(tenant).ok()?)),
            ))
        });
        json!({
            "schedule": schedule.name, "due": json_time::text(at), "local": local(at, &schedule.zone),
            "timezone": schedule.zone.as_str(), "tenants": schedule.tenants,
            "note": self.due.note.as_ref().map(ToString::to_string),
            "blackout": skipped_whole(schedule, at), "starts": starts.collect::<Map<_, _>>(),
            "skipped": skipped(schedule, at).map_or_else(Vec::new, |skipped| skipped.tenants),
            "pause": self.pause, "shadow_of": schedule.shadows(),
        })
    }
}

/// The next due times of all schedules that are enabled, or of the one that is named.
pub async fn next(
    at: &Installation,
    schedule: Option<&str>,
    from: Option<Timestamp>,
    number: usize,
) -> Result<Next, Error> {
    let set = at.set()?;
    if let Some(name) = schedule {
        lookup::schedule(&set, name)?;
    }
    let named = |one: &Schedule| schedule.is_none_or(|name| one.name.as_str() == name);
    let (mut dues, mut waiting) = (Vec::new(), Vec::new());
    let from = from.unwrap_or_else(|| SystemClock.now());
    for schedule in set.schedules.iter().map(|located| &located.schedule) {
        if !schedule.enabled || !named(schedule) {
            continue;
        }
        let untimed = matches!(schedule.trigger, Trigger::Event(_) | Trigger::After(_));
        if !schedule.begins() || untimed {
            waiting.push(schedule.clone());
        }
        if schedule.begins() {
            let following = |due: &DueTime| next_due(&schedule.trigger, &schedule.zone, due.at);
            let first = next_due(&schedule.trigger, &schedule.zone, from);
            let coming = std::iter::successors(first, following).take(number);
            dues.extend(coming.map(|due| (schedule, due)));
        }
    }
    dues.sort_by_key(|(schedule, due)| (due.at, schedule.name.clone()));
    dues.truncate(number);
    let pauses = pauses(at).await?;
    let due = dues.into_iter().map(|(schedule, due)| {
        let mut pauses = pauses.get(&schedule.name).into_iter().flatten();
        NextDue {
            schedule: schedule.clone(),
            due,
            pause: pauses.find(|pause| pause.covers(due.at)).cloned(),
        }
    });
    Ok(Next {
        due: due.collect(),
        waiting,
    })
}

/// The pauses on record; without a ledger there are none.
async fn pauses(at: &Installation) -> Result<BTreeMap<ScheduleName, Vec<Pause>>, Error> {
    let ledger = match strongroom_ledger::open(&at.state, OpenMode::Reader).await {
        Ok(ledger) => ledger,
        Err(LedgerError::NotFound(_)) => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.into()),
    };
    let pauses = ledger.pauses(SystemClock.now()).await?;
    ledger.close().await;
    Ok(pauses)
}
