//! `strongroom status` and `metrics`: what needs attention, and the figures.

use std::collections::BTreeMap;

use strongroom_app::occurrences::Occurrence;
use strongroom_app::staleness;
use strongroom_app::status::Status;
use strongroom_domain::Outcome;

use super::*;

/// The most lines of one kind.
const LINES: usize = 20;

pub(super) async fn metrics(at: &Installation, json: bool) -> Result<u8, Error> {
    let metrics = strongroom_app::metrics::count(at).await?;
    print::result(json, &metrics, || out!("{}", metrics.text().trim_end()))
}

pub(super) async fn run(at: &Installation, json: bool) -> Result<u8, Error> {
    let status = strongroom_app::status::status(at).await?;
    print::result(json, &status, || say(&status))
}

fn say(status: &Status) {
    match status.host {
        Some(Some(pid)) => out!("A host runs (process {pid})."),
        Some(None) => out!("A host runs."),
        None => out!("No host runs: nothing that is due will run."),
    }
    for notice in &status.notices {
        out!("NOTICE  since {}  {}", utc(notice.since), notice.name);
        notice
            .text
            .lines()
            .for_each(|line| out!("  {}", plain(line)));
    }
    for shelf in status.too_old.iter().take(LINES) {
        out!("TOO OLD {}", staleness::sentence(shelf, status.now));
    }
    if status.too_old.len() > LINES {
        let more = status.too_old.len() - LINES;
        out!("        … {more} more: `strongroom metrics`");
    }
    for (name, pause) in &status.paused {
        let until = pause.until.map(|until| format!(" until {}", utc(until)));
        let until = until.unwrap_or_default();
        out!("PAUSED  {name}{until}: {}", plain(&pause.explain()));
    }
    lately(status);
}

/// What went wrong in the last day, what goes on, what ended.
fn lately(status: &Status) {
    for row in status.alerts.iter().rev().take(LINES).rev() {
        out!("ALERT   {}", sentence(row));
    }
    if status.alerts.len() > LINES {
        let more = status.alerts.len() - LINES;
        out!("        … {more} more in the last 24 hours: `strongroom occurrences`");
    }
    for row in status.shadow_alerts.iter().rev().take(LINES).rev() {
        out!("SHADOW  {}", sentence(row));
    }
    let unfinished = status.unfinished.iter();
    let (under_way, waiting): (Vec<_>, Vec<_>) = unfinished.partition(|row| row.under_way());
    for row in under_way.iter().take(LINES) {
        out!("RUNS    {}", sentence(row));
    }
    let late = waiting.iter().filter(|row| row.ready_at <= status.now);
    let (late, under_way, waiting) = (late.count(), under_way.len(), waiting.len());
    out!("{under_way} under way, {waiting} waiting, {late} of them for their turn.");
    let words = |ended: &BTreeMap<Outcome, usize>| {
        let words = ended.iter();
        let words = words.map(|(outcome, count)| format!("{count} {outcome}"));
        words.collect::<Vec<_>>().join(", ")
    };
    if status.ended.is_empty() {
        out!("Nothing ended in the last 24 hours.");
    } else {
        out!("Ended in the last 24 hours: {}.", words(&status.ended));
    }
    if !status.rehearsed.is_empty() {
        out!("Shadows, which do not count: {}.", words(&status.rehearsed));
    }
}

fn sentence(row: &Occurrence) -> String {
    let outcome = row.outcome.map_or("under way", Outcome::as_str);
    let colon = if row.why().is_empty() { "" } else { ": " };
    let (due, why) = (utc(row.due), plain(row.why()));
    format!(
        "{due} {} {} {outcome}{colon}{why}",
        row.schedule, row.tenant
    )
}
