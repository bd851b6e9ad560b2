//! `strongroom next`: coming due times, by the same function that triggers them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strongroom_config::ScheduleSet;
use strongroom_domain::ScheduleName;
use strongroom_domain::calendar::{DueTime, next_due};
use strongroom_domain::pause::Pause;
use strongroom_domain::preview::{Skipped, length, skipped, skipped_whole, when};
use strongroom_domain::schedule::{Schedule, Trigger};
use strongroom_domain::spread::shift;
use strongroom_ledger::{LedgerError, OpenMode};
use strongroom_orchestrator::{Clock, SystemClock};

use crate::arguments::{Arguments, Next};
use crate::compose;
use crate::error::CliError;
use crate::print;

/// Pauses by schedule.
type Pauses = BTreeMap<ScheduleName, Vec<Pause>>;

pub(crate) async fn run(arguments: &Arguments, options: &Next) -> Result<u8, CliError> {
    let set = compose::schedules(arguments)?;
    let wanted = wanted(&set, options)?;
    let dues = coming(&wanted, options)?;
    let pauses = pauses(arguments).await?;
    let followers: Vec<&Schedule> = wanted
        .into_iter()
        .filter(|schedule| {
            !schedule.begins() || matches!(schedule.trigger, Trigger::Event(_) | Trigger::After(_))
        })
        .collect();
    if arguments.json {
        let due = dues
            .iter()
            .map(|(schedule, due)| as_json(schedule, *due, &pauses));
        // What waits for something else than time is due at no known time.
        let waiting = followers.iter().map(|schedule| {
            json!({
                "schedule": schedule.name, "due": null, "local": null,
                "timezone": schedule.zone.as_str(), "tenants": schedule.tenants,
                "note": format!("runs {}", when(schedule)), "blackout": null, "starts": {}, "skipped": [], "pause": null,
            })
        });
        print::json(&due.chain(waiting).collect::<Vec<_>>())?;
        return Ok(0);
    }
    if dues.is_empty() {
        print::line("Nothing is due after that time.");
    } else {
        let rows: Vec<Vec<String>> = dues
            .iter()
            .map(|(schedule, due)| row(schedule, *due, &pauses))
            .collect();
        print::table(&["LOCAL", "UTC", "SCHEDULE", ""], &rows);
    }
    for schedule in followers {
        print::line(&format!("`{}` runs {}.", schedule.name, when(schedule)));
    }
    Ok(0)
}

/// The pauses on record; without a ledger there are none.
async fn pauses(arguments: &Arguments) -> Result<Pauses, CliError> {
    let ledger = match strongroom_ledger::open(&arguments.state, OpenMode::Reader).await {
        Ok(ledger) => ledger,
        Err(LedgerError::NotFound(_)) => return Ok(Pauses::new()),
        Err(error) => return Err(error.into()),
    };
    let pauses = ledger.pauses(SystemClock.now()).await?;
    ledger.close().await;
    Ok(pauses)
}

/// The pause in which a due time lies.
fn paused<'a>(schedule: &Schedule, due: DueTime, pauses: &'a Pauses) -> Option<&'a Pause> {
    let mut pauses = pauses.get(&schedule.name).into_iter().flatten();
    pauses.find(|pause| pause.covers(due.at))
}

fn row(schedule: &Schedule, due: DueTime, pauses: &Pauses) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(primary) = schedule.shadows() {
        notes.push(format!("shadow of `{primary}`"));
    }
    if !schedule.spread.is_zero() {
        notes.push(format!("+{} spread", length(schedule.spread)));
    }
    notes.extend(due.note.as_ref().map(ToString::to_string));
    notes.extend(skipped(schedule, due.at).map(|skipped| in_words(schedule, &skipped)));
    notes.extend(paused(schedule, due, pauses).map(|pause| print::plain(&pause.explain())));
    vec![
        print::local(due.at, &schedule.zone),
        print::utc(due.at),
        schedule.name.to_string(),
        notes.join("; "),
    ]
}

fn in_words(schedule: &Schedule, skipped: &Skipped<'_>) -> String {
    let (some, name) = (skipped.tenants.len(), skipped.blackout);
    if some == schedule.tenants.len() {
        format!("skipped: blackout `{name}`")
    } else if let [only] = skipped.tenants.as_slice() {
        format!("skipped for {only}: blackout `{name}`")
    } else {
        format!("skipped for {some} of the tenants: blackout `{name}`")
    }
}

fn as_json(schedule: &Schedule, due: DueTime, pauses: &Pauses) -> Value {
    let starts: serde_json::Map<String, Value> = schedule
        .tenants
        .iter()
        .filter_map(|tenant| {
            let wait = shift(&schedule.name, tenant, schedule.spread);
            let at = due.at.checked_add(wait).ok()?;
            Some((tenant.to_string(), json!(at)))
        })
        .collect();
    json!({
        "schedule": schedule.name, "due": due.at, "local": print::local(due.at, &schedule.zone),
        "timezone": schedule.zone.as_str(), "tenants": schedule.tenants,
        "note": due.note.as_ref().map(ToString::to_string),
        "blackout": skipped_whole(schedule, due.at), "starts": starts,
        "skipped": skipped(schedule, due.at).map_or_else(Vec::new, |skipped| skipped.tenants),
        "pause": paused(schedule, due, pauses), "shadow_of": schedule.shadows(),
    })
}

/// All schedules that are enabled, or the one that was named.
fn wanted<'a>(set: &'a ScheduleSet, options: &Next) -> Result<Vec<&'a Schedule>, CliError> {
    let all = || {
        set.schedules
            .iter()
            .map(|located| located.schedule.as_ref())
    };
    if let Some(name) = &options.schedule
        && !all().any(|schedule| schedule.name.as_str() == name)
    {
        let known: Vec<&str> = all().map(|schedule| schedule.name.as_str()).collect();
        return Err(
            CliError::not_found(format!("there is no schedule `{name}`"))
                .hint(format!("there are: {}", known.join(", "))),
        );
    }
    let named = options.schedule.as_deref();
    Ok(all()
        .filter(|schedule| {
            schedule.enabled && named.is_none_or(|name| schedule.name.as_str() == name)
        })
        .collect())
}

/// The next due times, earliest first.
fn coming<'a>(
    wanted: &[&'a Schedule],
    options: &Next,
) -> Result<Vec<(&'a Schedule, DueTime)>, CliError> {
    let from = options.from.as_deref().map(compose::time).transpose()?;
    let from = from.unwrap_or_else(|| SystemClock.now());
    let mut dues: Vec<(&Schedule, DueTime)> = Vec::new();
    for schedule in wanted.iter().filter(|schedule| schedule.begins()) {
        let mut after = from;
        for _ in 0..options.number {
            let Some(due) = next_due(&schedule.trigger, &schedule.zone, after) else {
                break;
            };
            after = due.at;
            dues.push((schedule, due));
        }
    }
    dues.sort_by_key(|(schedule, due)| (due.at, schedule.name.clone()));
    dues.truncate(options.number as usize);
    Ok(dues)
}
