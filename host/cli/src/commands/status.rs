//! `strongroom status`: what needs attention, from the record alone.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use strongroom_domain::pause::Pause;
use strongroom_domain::{Outcome, ScheduleName};
use strongroom_ledger::{
    Ledger, Notice, OccurrenceFilter, OccurrenceRow, OpenMode, ShelfAge, running_host,
};
use strongroom_orchestrator::{Clock, SystemClock};

use crate::arguments::Arguments;
use crate::compose;
use crate::error::CliError;
use crate::print;

/// How far back outcomes are told.
const BACK: SignedDuration = SignedDuration::from_hours(24);
/// The most lines of one kind.
const LINES: usize = 20;

/// Everything that is told.
struct Status {
    host: Option<Option<u32>>,
    notices: Vec<Notice>,
    too_old: Vec<ShelfAge>,
    paused: Vec<(ScheduleName, Pause)>,
    unfinished: Vec<OccurrenceRow>,
    ended: BTreeMap<Outcome, usize>,
    alerts: Vec<OccurrenceRow>,
    /// The same of shadows: no promise was kept or broken.
    rehearsed: BTreeMap<Outcome, usize>,
    shadow_alerts: Vec<OccurrenceRow>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let now = SystemClock.now();
    let ledger = compose::ledger(arguments, OpenMode::Reader).await?;
    let since = now.checked_sub(BACK).unwrap_or(now);
    let filter = OccurrenceFilter {
        since: Some(since),
        ..OccurrenceFilter::default()
    };
    let rows = ledger.occurrences(filter).await?;
    let (shadows, rows): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.shadow_of.is_some());
    let pauses = ledger.pauses(now).await?;
    let status = Status {
        host: running_host(&arguments.state),
        notices: ledger.notices().await?,
        too_old: too_old(ledger.as_ref(), now).await?,
        paused: pauses
            .into_iter()
            .flat_map(|(name, list)| list.into_iter().map(move |pause| (name.clone(), pause)))
            .filter(|(_, pause)| pause.covers(now))
            .collect(),
        unfinished: ledger
            .occurrences(OccurrenceFilter {
                unfinished: true,
                ..OccurrenceFilter::default()
            })
            .await?,
        ended: counted(&rows),
        alerts: alerting(rows),
        rehearsed: counted(&shadows),
        shadow_alerts: alerting(shadows),
    };
    print::answer(arguments, &value(&status, now), || say(&status, now))
}

fn counted(rows: &[OccurrenceRow]) -> BTreeMap<Outcome, usize> {
    let mut ended = BTreeMap::new();
    for outcome in rows.iter().filter_map(|row| row.outcome) {
        *ended.entry(outcome).or_default() += 1;
    }
    ended
}

fn alerting(rows: Vec<OccurrenceRow>) -> Vec<OccurrenceRow> {
    let alerts = |row: &OccurrenceRow| row.outcome.is_some_and(Outcome::alerts);
    rows.into_iter().filter(alerts).collect()
}

/// Asked of the record and the time: nobody needs to have told.
async fn too_old(ledger: &dyn Ledger, now: Timestamp) -> Result<Vec<ShelfAge>, CliError> {
    let mut shelves = ledger.ages().await?;
    shelves.retain(|shelf| shelf.age.is_too_old(now));
    Ok(shelves)
}

fn value(status: &Status, now: Timestamp) -> Value {
    let row = super::occurrences::value;
    let counts = |ended: &BTreeMap<Outcome, usize>| {
        let counts = ended.iter();
        counts
            .map(|(outcome, count)| (outcome.to_string(), json!(count)))
            .collect::<serde_json::Map<_, _>>()
    };
    json!({
        "host": status.host.map(|pid| json!({ "pid": pid })),
        "notices": status.notices.iter().map(|notice| json!({ "name": notice.name, "since": notice.since, "text": notice.text })).collect::<Vec<_>>(),
        "too_old": status.too_old.iter().map(|shelf| super::staleness::value(shelf, now)).collect::<Vec<_>>(),
        "paused": status.paused.iter().map(|(name, pause)| json!({ "schedule": name, "pause": pause })).collect::<Vec<_>>(),
        "unfinished": status.unfinished.iter().map(row).collect::<Vec<_>>(),
        "ended_last_24h": counts(&status.ended),
        "shadows_last_24h": counts(&status.rehearsed),
        "shadow_alerts_last_24h": status.shadow_alerts.iter().map(row).collect::<Vec<_>>(),
        "alerts_last_24h": status.alerts.iter().map(row).collect::<Vec<_>>(),
    })
}

fn say(status: &Status, now: Timestamp) -> String {
    let mut lines = vec![match status.host {
        Some(Some(pid)) => format!("A host runs (process {pid})."),
        Some(None) => "A host runs.".to_owned(),
        None => "No host runs: nothing that is due will run.".to_owned(),
    }];
    for notice in &status.notices {
        lines.push(format!(
            "NOTICE  since {}  {}",
            print::utc(notice.since),
            notice.name
        ));
        lines.extend(
            notice
                .text
                .lines()
                .map(|line| format!("  {}", print::plain(line))),
        );
    }
    for shelf in status.too_old.iter().take(LINES) {
        lines.push(format!(
            "TOO OLD {}",
            super::staleness::sentence(shelf, now)
        ));
    }
    if status.too_old.len() > LINES {
        let more = status.too_old.len() - LINES;
        lines.push(format!("        … {more} more: `strongroom metrics`"));
    }
    for (name, pause) in &status.paused {
        let until = pause
            .until
            .map_or_else(String::new, |until| format!(" until {}", print::utc(until)));
        lines.push(format!(
            "PAUSED  {name}{until}: {}",
            print::plain(&pause.explain())
        ));
    }
    lines.extend(lately(status, now));
    lines.join("\n")
}

/// What went wrong in the last day, what goes on, what ended.
fn lately(status: &Status, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    for row in status.alerts.iter().rev().take(LINES).rev() {
        lines.push(format!("ALERT   {}", sentence(row)));
    }
    if status.alerts.len() > LINES {
        lines.push(format!(
            "        … {} more in the last 24 hours: `strongroom occurrences`",
            status.alerts.len() - LINES
        ));
    }
    for row in status.shadow_alerts.iter().rev().take(LINES).rev() {
        lines.push(format!("SHADOW  {}", sentence(row)));
    }
    let (under_way, waiting): (Vec<_>, Vec<_>) = status
        .unfinished
        .iter()
        .partition(|row| row.owner.is_some() || row.operation.is_some());
    for row in under_way.iter().take(LINES) {
        lines.push(format!("RUNS    {}", sentence(row)));
    }
    let late = waiting.iter().filter(|row| row.ready_at <= now).count();
    lines.push(format!(
        "{} under way, {} waiting, {late} of them for their turn.",
        under_way.len(),
        waiting.len()
    ));
    let words = |ended: &BTreeMap<Outcome, usize>| {
        let words = ended.iter();
        let words: Vec<String> = words
            .map(|(outcome, count)| format!("{count} {outcome}"))
            .collect();
        words.join(", ")
    };
    lines.push(if status.ended.is_empty() {
        "Nothing ended in the last 24 hours.".to_owned()
    } else {
        format!("Ended in the last 24 hours: {}.", words(&status.ended))
    });
    if !status.rehearsed.is_empty() {
        lines.push(format!(
            "Shadows, which do not count: {}.",
            words(&status.rehearsed)
        ));
    }
    lines
}

fn sentence(row: &OccurrenceRow) -> String {
    let reason = row
        .reason
        .as_deref()
        .and_then(|reason| reason.lines().next())
        .unwrap_or_default();
    let outcome = row
        .outcome
        .map_or_else(|| "under way".to_owned(), |outcome| outcome.to_string());
    let colon = if reason.is_empty() { "" } else { ": " };
    format!(
        "{} {} {} {outcome}{colon}{}",
        print::utc(row.due),
        row.schedule,
        row.tenant,
        print::plain(reason)
    )
}
