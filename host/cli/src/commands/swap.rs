//! `strongroom swap`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use strongroom_app::swap::{self, SwapReport, Swapped};
use strongroom_domain::preview::length;
use strongroom_domain::swap::{Listed, Middle, Side};

use super::*;
use crate::arguments::Swap;

pub(super) async fn run(at: &Installation, json: bool, command: &Swap) -> Result<u8, Error> {
    match command {
        Swap::Report(options) => {
            let (schedule, shadow) = (&options.schedule, options.shadow.as_deref());
            let ask = !options.record_only;
            let report = swap::report(at, schedule, shadow, options.days, ask).await?;
            print::result(json, &report, || say(&report))
        }
        Swap::CutOver(options) => {
            let (schedule, shadow) = (&options.schedule, options.shadow.as_deref());
            let (days, despite) = (options.days, options.despite.as_deref());
            let act = act(&options.reason)?;
            let done = swap::cut_over(at, schedule, shadow, days, despite, act).await?;
            for one in &done.against {
                eprintln!("warning: {}", plain(&one.why));
            }
            print::result(json, &done, || tell(&done))
        }
        Swap::Back(options) => {
            let done = swap::back(at, &options.schedule, act(&options.reason)?).await?;
            print::result(json, &done, || tell(&done))
        }
    }
}

fn tell(done: &Swapped) {
    print::diagnostics(&done.warnings);
    let (from, to) = (&done.was, &done.primary);
    let rest = match done.was_rehearses {
        false => format!("`{from}` makes nothing new, and its shelf runs out by its own rules"),
        true => format!("`{from}` rehearses beside it"),
    };
    out!("`{to}` keeps the promise from now on; {rest}.");
    for name in &done.followed {
        out!("`{name}` named `{from}` and names `{to}` now.");
    }
    for file in &done.files {
        out!("written: {file}");
    }
    out!(
        "{}",
        match done.host_runs {
            true => "The host that runs takes it up by itself.",
            false => "No host runs; the next one begins with it.",
        }
    );
}

fn say(report: &SwapReport) {
    type Figure = (&'static str, fn(&Side) -> String);
    let rows: [Figure; 10] = [
        ("", |side| side.schedule.to_string()),
        ("plugin", |side| side.plugin.to_string()),
        ("due times", |side| side.due_times.to_string()),
        ("outcomes", |side| counted(&side.outcomes)),
        ("failures", |side| counted(&side.failures)),
        ("duration", |side| {
            middle(side.duration_ms, |ms| length(Duration::from_millis(ms)))
        }),
        ("size", |side| middle(side.size_bytes, size)),
        ("shelf", |side| counted(&side.shelf)),
        ("verified", |side| side.verified.to_string()),
        ("provider", |side| listed(side.provider.as_ref())),
    ];
    let (old, new) = (&report.primary, &report.shadow);
    let days = report.days;
    out!(
        "`{}` and its shadow `{}`, the last {days} days",
        old.schedule,
        new.schedule
    );
    let left: Vec<String> = rows.iter().map(|(_, of)| of(old)).collect();
    let width = left.iter().map(|cell| cell.chars().count()).max();
    let width = width.unwrap_or_default();
    for ((what, of), left) in rows.iter().zip(&left) {
        out!("{what:<10}  {left:<width$}  {}", of(new));
    }
    if report.advised {
        return out!("A cut-over is advised.");
    }
    let why: Vec<&str> = report.against.iter().map(|one| one.why.as_str()).collect();
    out!("A cut-over is not advised: {}.", plain(&why.join("; ")));
}

fn counted<K: Display>(counts: &BTreeMap<K, u64>) -> String {
    let counts = counts.iter();
    let counts: Vec<String> = counts
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    match counts.as_slice() {
        [] => "none".to_owned(),
        counts => counts.join(", "),
    }
}

fn middle(figures: Option<Middle>, shown: impl Fn(u64) -> String) -> String {
    figures.map_or("none".to_owned(), |Middle { median, max }| {
        format!("{}, at most {}", shown(median), shown(max))
    })
}

fn listed(listed: Option<&Listed>) -> String {
    let Some(listed) = listed else {
        return "not asked".to_owned();
    };
    if listed.failure.is_some() {
        return "did not answer".to_owned();
    }
    let (snapshots, missing, unknown) = (listed.snapshots, listed.missing, listed.unknown);
    format!("{snapshots} listed, {missing} missing, {unknown} unknown")
}
