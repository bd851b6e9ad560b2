//! `strongroom swap report`: the schedule and its shadow, side by side.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use strongroom_domain::preview::length;
use strongroom_domain::swap::{Against, Listed, Middle, Side, against};
use strongroom_ledger::OpenMode;
use strongroom_orchestrator::{Clock, SystemClock};

use super::{Pair, days_ago, sides};
use crate::arguments::{Arguments, Report};
use crate::compose;
use crate::error::CliError;
use crate::print;

pub(super) async fn run(arguments: &Arguments, options: &Report) -> Result<u8, CliError> {
    let (_, _, setup) = compose::setup(arguments).await?;
    let pair = Pair::of(&setup, &options.schedule, options.shadow.as_deref())?;
    let ledger = compose::ledger(arguments, OpenMode::Reader).await?;
    let context = compose::context(arguments, Arc::new(SystemClock), ledger.clone(), None);
    let since = days_ago(SystemClock.now(), options.days);
    let found = sides(&context, &setup, &pair, since, !options.record_only).await?;
    ledger.close().await;
    let Some((old, new)) = found else {
        return Err(CliError::not_found("the two schedules are not there"));
    };
    let reasons = against(&old, &new, options.days, since);
    let value = json!({
        "since": since, "days": options.days, "primary": old, "shadow": new,
        "advised": reasons.is_empty(), "against": reasons,
    });
    print::answer(arguments, &value, || {
        say(&old, &new, &reasons, options.days)
    })
}

fn say(old: &Side, new: &Side, reasons: &[Against], days: u32) -> String {
    type Figure = (&'static str, fn(&Side) -> String);
    let rows: [Figure; 9] = [
        ("plugin", |side| side.plugin.to_string()),
        ("due times", |side| side.due_times.to_string()),
        ("outcomes", |side| counted(&side.outcomes)),
        ("failures", |side| counted(&side.failures)),
        ("duration", |side| {
            middle(side.duration_ms, |ms| length(Duration::from_millis(ms)))
        }),
        ("size", |side| middle(side.size_bytes, print::size)),
        ("shelf", |side| counted(&side.shelf)),
        ("verified", |side| side.verified.to_string()),
        ("provider", |side| listed(side.provider.as_ref())),
    ];
    let mut text = format!(
        "`{}` and its shadow `{}`, the last {days} days\n",
        old.schedule, new.schedule
    );
    let left: Vec<String> = rows.iter().map(|(_, of)| of(old)).collect();
    let names = (old.schedule.to_string(), new.schedule.to_string());
    let width = left
        .iter()
        .chain([&names.0])
        .map(|cell| cell.chars().count());
    let width = width.max().unwrap_or_default();
    text.push_str(&format!("{:<10}  {:<width$}  {}\n", "", names.0, names.1));
    for ((what, of), left) in rows.iter().zip(&left) {
        text.push_str(&format!("{what:<10}  {left:<width$}  {}\n", of(new)));
    }
    match reasons {
        [] => text.push_str("A cut-over is advised."),
        reasons => {
            let why: Vec<&str> = reasons.iter().map(|one| one.why.as_str()).collect();
            text.push_str(&format!(
                "A cut-over is not advised: {}.",
                print::plain(&why.join("; "))
            ));
        }
    }
    text
}

fn counted<K: Display>(counts: &BTreeMap<K, u64>) -> String {
    let counts: Vec<String> = counts
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    if counts.is_empty() {
        "none".to_owned()
    } else {
        counts.join(", ")
    }
}

fn middle(figures: Option<Middle>, shown: impl Fn(u64) -> String) -> String {
    figures.map_or("none".to_owned(), |Middle { median, max }| {
        format!("{}, at most {}", shown(median), shown(max))
    })
}

fn listed(listed: Option<&Listed>) -> String {
    match listed {
        None => "not asked".to_owned(),
        Some(Listed {
            failure: Some(_), ..
        }) => "did not answer".to_owned(),
        Some(Listed {
            snapshots,
            missing,
            unknown,
            ..
        }) => format!("{snapshots} listed, {missing} missing, {unknown} unknown"),
    }
}
