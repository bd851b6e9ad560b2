//! `strongroom next`: coming due times, by the same function that triggers them.

use serde_json::json;
use strongroom_domain::calendar::{DueTime, next_due};
use strongroom_domain::schedule::Schedule;
use strongroom_orchestrator::{Clock, SystemClock};

use crate::arguments::{Arguments, Next};
use crate::compose;
use crate::error::CliError;
use crate::print;

pub(crate) fn run(arguments: &Arguments, options: &Next) -> Result<u8, CliError> {
    let set = compose::schedules(arguments)?;
    let from = options
        .from
        .as_deref()
        .map(compose::time)
        .transpose()?
        .unwrap_or_else(|| SystemClock.now());
    let wanted = |schedule: &Schedule| {
        options
            .schedule
            .as_deref()
            .is_none_or(|name| schedule.name.as_str() == name)
    };
    let mut dues: Vec<(&Schedule, DueTime)> = Vec::new();
    let mut found = false;
    for schedule in set
        .schedules
        .iter()
        .map(|located| &located.schedule)
        .filter(|schedule| wanted(schedule))
    {
        found = true;
        if !schedule.enabled {
            continue;
        }
        let mut after = from;
        for _ in 0..options.number {
            let Some(due) = next_due(&schedule.trigger, &schedule.zone, after) else {
                break;
            };
            after = due.at;
            dues.push((schedule, due));
        }
    }
    if let (false, Some(name)) = (found, &options.schedule) {
        let known: Vec<&str> = set
            .schedules
            .iter()
            .map(|located| located.schedule.name.as_str())
            .collect();
        return Err(
            CliError::not_found(format!("there is no schedule `{name}`"))
                .hint(format!("there are: {}", known.join(", "))),
        );
    }
    dues.sort_by_key(|(schedule, due)| (due.at, schedule.name.clone()));
    dues.truncate(options.number as usize);
    if arguments.json {
        let list: Vec<_> = dues
            .iter()
            .map(|(schedule, due)| {
                json!({
                    "schedule": schedule.name, "due": due.at, "local": print::local(due.at, &schedule.zone),
                    "timezone": schedule.zone.as_str(), "tenants": schedule.tenants,
                    "note": due.note.as_ref().map(ToString::to_string),
                })
            })
            .collect();
        print::json(&list)?;
        return Ok(0);
    }
    if dues.is_empty() {
        print::line("Nothing is due after that time.");
        return Ok(0);
    }
    let rows: Vec<Vec<String>> = dues
        .iter()
        .map(|(schedule, due)| {
            let note = due
                .note
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            vec![
                print::local(due.at, &schedule.zone),
                print::utc(due.at),
                schedule.name.to_string(),
                note,
            ]
        })
        .collect();
    print::table(&["LOCAL", "UTC", "SCHEDULE", ""], &rows);
    Ok(0)
}
