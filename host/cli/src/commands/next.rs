//! `strongroom next`: coming due times, by the same function that triggers them.

use serde_json::json;
use strongroom_config::ScheduleSet;
use strongroom_domain::calendar::{DueTime, next_due};
use strongroom_domain::schedule::Schedule;
use strongroom_orchestrator::{Clock, SystemClock};

use crate::arguments::{Arguments, Next};
use crate::compose;
use crate::error::CliError;
use crate::print;

pub(crate) fn run(arguments: &Arguments, options: &Next) -> Result<u8, CliError> {
    let set = compose::schedules(arguments)?;
    let dues = coming(&set, options)?;
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
    let row = |(schedule, due): &(&Schedule, DueTime)| {
        let note = due.note.as_ref().map(ToString::to_string);
        vec![
            print::local(due.at, &schedule.zone),
            print::utc(due.at),
            schedule.name.to_string(),
            note.unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = dues.iter().map(row).collect();
    print::table(&["LOCAL", "UTC", "SCHEDULE", ""], &rows);
    Ok(0)
}

/// The next due times of all schedules, or of the one that was named, earliest first.
fn coming<'a>(
    set: &'a ScheduleSet,
    options: &Next,
) -> Result<Vec<(&'a Schedule, DueTime)>, CliError> {
    let from = options.from.as_deref().map(compose::time).transpose()?;
    let from = from.unwrap_or_else(|| SystemClock.now());
    let all = || set.schedules.iter().map(|located| &located.schedule);
    if let Some(name) = &options.schedule
        && !all().any(|schedule| schedule.name.as_str() == name)
    {
        let known: Vec<&str> = all().map(|schedule| schedule.name.as_str()).collect();
        return Err(
            CliError::not_found(format!("there is no schedule `{name}`"))
                .hint(format!("there are: {}", known.join(", "))),
        );
    }
    let wanted = |schedule: &&Schedule| {
        let named = options.schedule.as_deref();
        schedule.enabled && named.is_none_or(|name| schedule.name.as_str() == name)
    };
    let mut dues: Vec<(&Schedule, DueTime)> = Vec::new();
    for schedule in all().filter(wanted) {
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
