//! `strongroom plan OLD NEW`: which runs an edit adds, removes and moves, and what else it changes.
//!
//! Owns: how the differences are shown. Never: finds them; `strongroom_domain::preview` does.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use strongroom_config::ScheduleSet;
use strongroom_domain::calendar::Zone;
use strongroom_domain::preview::{
    Change, Edit, Group, Horizon, Move, Preview, Runs, ScheduleChange, Warning, preview,
};
use strongroom_domain::schedule::Schedule;
use strongroom_orchestrator::{Clock, SystemClock};

use crate::arguments::{Arguments, Plan};
use crate::compose;
use crate::error::CliError;
use crate::print;

/// Runs that are listed of each kind of change, and kinds of moves of a schedule, without `--all`.
const FEW: usize = 3;

pub(crate) fn run(arguments: &Arguments, options: &Plan) -> Result<u8, CliError> {
    let from = options.from.as_deref().map(compose::time).transpose()?;
    let from = from.unwrap_or_else(|| SystemClock.now());
    let old = load("OLD", &options.old, from)?;
    let new = load("NEW", &options.new, from)?;
    let days = SignedDuration::from_hours(24 * i64::from(options.days));
    let until = from.checked_add(days).unwrap_or(Timestamp::MAX);
    let few = if options.all { usize::MAX } else { FEW };
    let found = preview(
        &schedules(&old),
        &schedules(&new),
        Horizon { from, until },
        few,
    );
    if arguments.json {
        let mut value = serde_json::to_value(&found)
            .map_err(|error| CliError::bug("the answer could not be written", &error))?;
        let warnings = serde_json::to_value(&new.warnings)
            .map_err(|error| CliError::bug("the answer could not be written", &error))?;
        if let Value::Object(fields) = &mut value {
            fields.insert("file_warnings".to_owned(), warnings);
        }
        print::json(&value)?;
        return Ok(0);
    }
    if !new.warnings.is_empty() {
        let color = std::io::IsTerminal::is_terminal(&std::io::stderr());
        eprintln!("{}", new.warnings.render(color).trim_end());
    }
    show(&found, options, few);
    Ok(0)
}

/// Reads one of the two; its problems say which of them it is.
fn load(which: &str, path: &Path, now: Timestamp) -> Result<ScheduleSet, CliError> {
    strongroom_config::load(path, now).map_err(|problems| {
        let hint = format!(
            "the problems are in {which}, {}; nothing was compared",
            path.display()
        );
        CliError::from(problems).hint(hint)
    })
}

fn schedules(set: &ScheduleSet) -> Vec<&Schedule> {
    set.schedules
        .iter()
        .map(|located| located.schedule.as_ref())
        .collect()
}

fn show(found: &Preview, options: &Plan, few: usize) {
    let until = found.horizon.until;
    print::line(&format!(
        "{} days, from {} to {}",
        options.days,
        print::utc(found.horizon.from),
        print::utc(until)
    ));
    for change in &found.schedules {
        print::line("");
        schedule(change, found, few);
    }
    print::line("");
    let names = |list: &[strongroom_domain::TenantName]| {
        let names: Vec<String> = list.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    if !found.tenants_added.is_empty() {
        print::line(&format!("New tenants: {}", names(&found.tenants_added)));
    }
    if !found.tenants_removed.is_empty() {
        let list = names(&found.tenants_removed);
        print::line(&format!("Tenants that no schedule names any more: {list}"));
    }
    print::line(&totals(found));
    warnings(&found.warnings, options.all);
}

fn schedule(change: &ScheduleChange, found: &Preview, few: usize) {
    let zone = &change.timezone;
    let when = |text: &Option<String>| text.clone().unwrap_or_default();
    let head = match change.edit {
        Edit::Added => format!("is new: {}, {zone}", when(&change.new_when)),
        Edit::Removed => format!("is removed: it was {}, {zone}", when(&change.old_when)),
        Edit::Changed if change.old_when == change.new_when => {
            format!("changes: {}, {zone}", when(&change.new_when))
        }
        Edit::Changed => {
            let (old, new) = (when(&change.old_when), when(&change.new_when));
            format!("changes: {old} becomes {new}, {zone}")
        }
    };
    print::line(&format!("{} {head}", change.name));
    for renamed in &found.renamed {
        if renamed.from == change.name {
            let text = format!(
                "it seems to be renamed to `{}`: what was recorded stays under the old name",
                renamed.to
            );
            print::line(&format!("  {text}"));
        } else if renamed.to == change.name {
            print::line(&format!("  it seems to be `{}`, renamed", renamed.from));
        }
    }
    let added = match change.edit {
        Edit::Changed => "is added",
        Edit::Added | Edit::Removed => "has runs of it",
    };
    for tenant in &change.tenants_added {
        print::line(&format!("  tenant `{tenant}` {added}"));
    }
    for tenant in change
        .tenants_removed
        .iter()
        .filter(|_| change.edit == Edit::Changed)
    {
        print::line(&format!("  tenant `{tenant}` is removed"));
    }
    // What the first line has said already.
    let said = |text: &&String| !text.starts_with("when it is due");
    for text in change.changes.iter().filter(said) {
        print::line(&format!("  {text}"));
    }
    if let Ok(zone) = Zone::parse(zone) {
        runs(&change.runs, &zone, few);
    }
}

fn runs(runs: &Runs, zone: &Zone, few: usize) {
    let only = |group: &Group| {
        let moves = runs.moved.len();
        let kinds = moves + usize::from(runs.added.count > 0) + usize::from(runs.removed.count > 0);
        runs.unchanged == 0 && kinds == 1 && group.count > 1
    };
    let shown = runs.moved.iter().take(few);
    for Move {
        from,
        to,
        runs: group,
    } in shown
    {
        let (from, to) = (time(*from), time(*to));
        print::line(&format!(
            "  {} moved from {from} to {to}, {}",
            counted(group.count),
            stretch(group, zone, only(group))
        ));
        examples(group, zone);
    }
    if let Some(more) = runs.moved.get(few..).filter(|more| !more.is_empty()) {
        let count: u64 = more.iter().map(|one| one.runs.count).sum();
        print::line(&format!(
            "  {} moved between {} (`--all` lists them)",
            counted(count),
            match more.len() {
                1 => "one other pair of times".to_owned(),
                pairs => format!("{pairs} other pairs of times"),
            }
        ));
    }
    for (word, group) in [("added", &runs.added), ("removed", &runs.removed)] {
        if group.count > 0 {
            let at = group.time.map(|at| format!(" at {}", time(at)));
            print::line(&format!(
                "  {} {word}{}, {}",
                counted(group.count),
                at.unwrap_or_default(),
                stretch(group, zone, only(group))
            ));
            examples(group, zone);
        }
    }
    if runs.unchanged > 0 && !runs.same() {
        print::line(&format!("  {} unchanged", counted(runs.unchanged)));
    }
    if runs.in_blackout > 0 {
        print::line(&format!(
            "  {} in a blackout: not run",
            match runs.in_blackout {
                1 => "1 due time".to_owned(),
                count => format!("{count} due times"),
            }
        ));
    }
    if let Some(until) = runs.compared_until {
        print::line(&format!(
            "  compared until {} only: there are too many due times",
            print::utc(until)
        ));
    }
}

fn counted(count: u64) -> String {
    match count {
        1 => "1 run".to_owned(),
        count => format!("{count} runs"),
    }
}

fn time(at: jiff::civil::Time) -> String {
    let format = if at.second() == 0 {
        "%H:%M"
    } else {
        "%H:%M:%S"
    };
    at.strftime(format).to_string()
}

/// From which day to which; `on`: all of the schedule's runs, to the end of what was looked at.
fn stretch(group: &Group, zone: &Zone, on: bool) -> String {
    let date = |at: Option<Timestamp>| {
        at.map(|at| zone.time_zone().to_datetime(at).date().to_string())
            .unwrap_or_default()
    };
    let (first, last) = (date(group.first), date(group.last));
    if first == last {
        format!("on {first}")
    } else if on {
        format!("from {first} on")
    } else {
        format!("from {first} to {last}")
    }
}

fn examples(group: &Group, zone: &Zone) {
    for Change { old, new, blackout } in &group.examples {
        let day = |at: &Timestamp| {
            let local = at.to_zoned(zone.time_zone().clone());
            local.strftime("%a %Y-%m-%d %H:%M:%S").to_string()
        };
        let text = match (old, new) {
            (Some(old), Some(new)) => {
                let new = zone.time_zone().to_datetime(*new).time();
                format!("{} → {}", day(old), new.strftime("%H:%M:%S"))
            }
            (Some(at), None) | (None, Some(at)) => day(at),
            (None, None) => continue,
        };
        let why = match (blackout, new) {
            (Some(name), None) => format!("  blackout `{name}`"),
            (Some(name), Some(_)) => format!("  no longer in blackout `{name}`"),
            (None, _) => String::new(),
        };
        print::line(&format!("    {text}{why}"));
    }
    let more = group.count - group.examples.len() as u64;
    if more > 0 {
        print::line(&format!("    and {more} more"));
    }
}

fn totals(found: &Preview) -> String {
    let totals = found.totals;
    let mut text = format!(
        "In all: {} added, {} removed, {} moved, {} unchanged",
        counted(totals.added),
        totals.removed,
        totals.moved,
        totals.unchanged
    );
    if totals.in_blackout > 0 {
        text.push_str(&format!(", {} due times in blackouts", totals.in_blackout));
    }
    let same = match found.unchanged_schedules {
        0 => ".".to_owned(),
        1 => "; 1 schedule stays as it is.".to_owned(),
        count => format!("; {count} schedules stay as they are."),
    };
    text + &same
}

fn warnings(warnings: &[Warning], all: bool) {
    for warning in warnings.iter().filter(|warning| all || !warning.before) {
        print::line(&format!("warning: {}", warning.message));
    }
    let before = warnings.iter().filter(|warning| warning.before).count();
    if before > 0 && !all {
        let were = if before == 1 {
            "warning was"
        } else {
            "warnings were"
        };
        print::line(&format!(
            "{before} {were} there before the edit (`--all` lists them)."
        ));
    }
}
