//! `strongroom plan OLD NEW`: which runs an edit adds, removes and moves, and what else it changes.
//!
//! Owns: how the differences are shown.

use jiff::Timestamp;
use strongroom_domain::TenantName;
use strongroom_domain::calendar::Zone;
use strongroom_domain::preview::{
    Change, Edit, Group, Move, Preview, Runs, ScheduleChange, Totals, Warning,
};

use super::*;
use crate::arguments::Plan;
use crate::print::counted;

/// Runs that are listed of each kind of change, and kinds of moves of a schedule, without `--all`.
const FEW: usize = 3;

pub(super) fn run(json: bool, options: &Plan) -> Result<u8, Error> {
    let from = maybe_time(options.from.as_ref())?;
    let few = if options.all { usize::MAX } else { FEW };
    let plan = strongroom_app::plan::plan(&options.old, &options.new, from, options.days, few)?;
    print::result(json, &plan, || {
        print::diagnostics(&plan.file_warnings);
        show(&plan.preview, options, few);
    })
}

fn show(found: &Preview, options: &Plan, few: usize) {
    let until = found.horizon.until;
    out!(
        "{} days, from {} to {}",
        options.days,
        utc(found.horizon.from),
        utc(until)
    );
    for change in &found.schedules {
        out!("");
        schedule(change, found, few);
    }
    out!("");
    let names = |list: &[TenantName]| {
        let names: Vec<String> = list.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    if !found.tenants_added.is_empty() {
        out!("New tenants: {}", names(&found.tenants_added));
    }
    if !found.tenants_removed.is_empty() {
        let list = names(&found.tenants_removed);
        out!("Tenants that no schedule names any more: {list}");
    }
    out!("{}", totals(found));
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
    out!("{} {head}", change.name);
    for renamed in &found.renamed {
        if renamed.from == change.name {
            let to = &renamed.to;
            out!("  it seems to be renamed to `{to}`: what was recorded stays under the old name");
        } else if renamed.to == change.name {
            out!("  it seems to be `{}`, renamed", renamed.from);
        }
    }
    let added = match change.edit {
        Edit::Changed => "is added",
        Edit::Added | Edit::Removed => "has runs of it",
    };
    for tenant in &change.tenants_added {
        out!("  tenant `{tenant}` {added}");
    }
    let removed = change.tenants_removed.iter();
    for tenant in removed.filter(|_| change.edit == Edit::Changed) {
        out!("  tenant `{tenant}` is removed");
    }
    // What the first line has said already.
    let said = |text: &&String| !text.starts_with("when it is due");
    for text in change.changes.iter().filter(said) {
        out!("  {text}");
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
    for Move { from, to, runs } in shown {
        let (from, to, count) = (time(*from), time(*to), runs_of(runs.count));
        let stretch = stretch(runs, zone, only(runs));
        out!("  {count} moved from {from} to {to}, {stretch}");
        examples(runs, zone);
    }
    if let Some(more) = runs.moved.get(few..).filter(|more| !more.is_empty()) {
        let count = runs_of(more.iter().map(|one| one.runs.count).sum());
        let pairs = match more.len() {
            1 => "one other pair of times".to_owned(),
            pairs => format!("{pairs} other pairs of times"),
        };
        out!("  {count} moved between {pairs} (`--all` lists them)");
    }
    for (word, group) in [("added", &runs.added), ("removed", &runs.removed)] {
        if group.count > 0 {
            let at = group.time.map(|at| format!(" at {}", time(at)));
            let (count, at) = (runs_of(group.count), at.unwrap_or_default());
            out!(
                "  {count} {word}{at}, {}",
                stretch(group, zone, only(group))
            );
            examples(group, zone);
        }
    }
    if runs.unchanged > 0 && !runs.same() {
        out!("  {} unchanged", runs_of(runs.unchanged));
    }
    if runs.in_blackout > 0 {
        let dues = counted(runs.in_blackout, "due time");
        out!("  {dues} in a blackout: not run");
    }
    if let Some(until) = runs.compared_until {
        let until = utc(until);
        out!("  compared until {until} only: there are too many due times");
    }
}

fn runs_of(count: u64) -> String {
    counted(count, "run")
}

fn time(at: jiff::civil::Time) -> String {
    let format = match at.second() {
        0 => "%H:%M",
        _ => "%H:%M:%S",
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
        out!("    {text}{why}");
    }
    let more = group.count - group.examples.len() as u64;
    if more > 0 {
        out!("    and {more} more");
    }
}

fn totals(found: &Preview) -> String {
    let Totals {
        added,
        removed,
        moved,
        unchanged,
        in_blackout,
    } = found.totals;
    let blackouts = match in_blackout {
        0 => String::new(),
        count => format!(", {count} due times in blackouts"),
    };
    let same = match found.unchanged_schedules {
        0 => ".".to_owned(),
        1 => "; 1 schedule stays as it is.".to_owned(),
        count => format!("; {count} schedules stay as they are."),
    };
    let added = runs_of(added);
    format!(
        "In all: {added} added, {removed} removed, {moved} moved, {unchanged} unchanged{blackouts}{same}"
    )
}

fn warnings(warnings: &[Warning], all: bool) {
    for warning in warnings.iter().filter(|warning| all || !warning.before) {
        out!("warning: {}", warning.message);
    }
    let before = warnings.iter().filter(|warning| warning.before).count();
    if before > 0 && !all {
        let were = match before {
            1 => "warning was",
            _ => "warnings were",
        };
        out!("{before} {were} there before the edit (`--all` lists them).");
    }
}
