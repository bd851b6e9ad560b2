//! A simulation for people: calendars, what did not succeed, what would be sent, the shelf.

use jiff::Timestamp;
use strongroom_app::occurrences::Occurrence;
use strongroom_app::simulation::{Mark, Shelf, SimulationReport, Summary, What};
use strongroom_app::words::plain;
use strongroom_domain::Outcome;

use crate::print::out;

const DAYS: &str = "1234567890123456789012345678901";

pub(super) fn show(report: &SimulationReport, all: bool) {
    for outage in &report.span.outages {
        let (from, until) = (minute(outage.from), minute(outage.until));
        out!("The host was down from {from} to {until}.");
    }
    for summary in &report.schedules {
        calendar(summary);
    }
    out!("{}", legend());
    occurrences(&report.occurrences, all);
    messages(report);
    if !report.shelves.is_empty() {
        out!("\nGood copies at the end of each month:");
    }
    for shelf in &report.shelves {
        out!("{}", one_shelf(shelf));
    }
    for warning in &report.warnings {
        out!("warning: {warning}");
    }
    out!("\n{}", totals(report));
}

fn calendar(summary: &Summary) {
    let (name, zone) = (&summary.schedule, &summary.timezone);
    let counts = summary.outcomes.iter();
    let counts = counts.map(|(outcome, count)| (outcome, *count));
    let counts = counted(counts, summary.unfinished);
    out!("{name} ({zone}): {counts}");
    out!("           {DAYS}");
    for month in &summary.calendar {
        let days = month.clocks_change.iter().map(ToString::to_string);
        let changes = match days.collect::<Vec<_>>().as_slice() {
            [] => String::new(),
            days => format!("  clocks change on day {}", days.join(", ")),
        };
        let line = format!("  {}  {:<31}{changes}", month.month, month.days);
        out!("{}", line.trim_end());
    }
    out!("");
}

/// `364 succeeded, 1 missed`
fn counted<'a>(counts: impl Iterator<Item = (&'a Outcome, usize)>, unfinished: usize) -> String {
    let counts = counts.filter(|(_, count)| *count > 0);
    let mut parts: Vec<String> = counts
        .map(|(outcome, count)| format!("{count} {outcome}"))
        .collect();
    if unfinished > 0 {
        parts.push(format!("{unfinished} unfinished"));
    }
    if parts.is_empty() {
        return "nothing due".to_owned();
    }
    parts.join(", ")
}

fn legend() -> String {
    let marks = Mark::ALL.iter();
    let marks = marks.map(|(mark, words)| format!("  {} {words}\n", mark.letter()));
    format!("{}  . nothing due", marks.collect::<String>())
}

fn occurrences(rows: &[Occurrence], all: bool) {
    let shown = rows.iter();
    let mut shown = shown
        .filter(|row| all || row.outcome != Some(Outcome::Succeeded))
        .peekable();
    match (shown.peek(), all) {
        (None, _) => return,
        (Some(_), true) => out!("\nEvery due time:"),
        (Some(_), false) => out!("\nWhat did not succeed:"),
    }
    for row in shown {
        let outcome = row.outcome.map_or("unfinished", Outcome::as_str);
        let what = said(outcome, row.reason.as_deref().unwrap_or_default());
        let due = minute(row.due);
        out!("  {due}  {} {}  {what}", row.schedule, row.tenant);
    }
}

fn messages(report: &SimulationReport) {
    if report.messages.is_empty() {
        out!("\nNo message would be sent.");
        return;
    }
    out!("\nMessages that would be sent:");
    for message in &report.messages {
        let (alert, what) = match &message.what {
            What::Ended {
                outcome, reason, ..
            } => (true, said(outcome.as_str(), reason)),
            What::Age {
                too_old, reason, ..
            } => (*too_old, reason.clone()),
        };
        out!(
            "  {} {} {} {} {what}",
            minute(message.at),
            if alert { "ALERT" } else { "OK   " },
            message.schedule,
            message.tenant
        );
    }
}

fn one_shelf(shelf: &Shelf) -> String {
    let months = shelf.months.iter();
    let months = months.map(|end| format!("{} {}", end.month, end.good));
    let months: Vec<String> = months.collect();
    let lowest = shelf
        .lowest
        .as_ref()
        .map(|lowest| format!("; lowest {} ({})", lowest.good, minute(lowest.at)));
    format!(
        "  {} {}: {}{}, highest {}",
        shelf.schedule,
        shelf.tenant,
        months.join(", "),
        lowest.unwrap_or_default(),
        shelf.highest
    )
}

fn totals(report: &SimulationReport) -> String {
    let counts = Outcome::ALL.iter().map(|outcome| {
        let of = report.schedules.iter();
        let of = of.filter_map(|summary| summary.outcomes.get(outcome));
        (outcome, of.sum::<usize>())
    });
    let unfinished = report.schedules.iter().map(|summary| summary.unfinished);
    format!("In all: {}", counted(counts, unfinished.sum()))
}

fn said(outcome: &str, reason: &str) -> String {
    match reason.lines().next() {
        None => outcome.to_owned(),
        Some(reason) => format!("{outcome}: {}", plain(reason)),
    }
}

/// A moment in UTC; seconds only where there are any.
fn minute(at: Timestamp) -> String {
    let form = match at.as_second() % 60 {
        0 => "%Y-%m-%d %H:%MZ",
        _ => "%Y-%m-%d %H:%M:%SZ",
    };
    at.strftime(form).to_string()
}
