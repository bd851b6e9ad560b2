//! What an edit changes besides the due times, in sentences.
//!
//! Owns: which keys change what happens, and how each change is said.

use std::time::Duration;

use super::when;
use crate::blackout::Period;
use crate::calendar::{DstGap, DstOverlap};
use crate::retention::Retention;
use crate::schedule::{Schedule, Trigger};

/// Every change of a schedule that alters what happens; each a sentence without a full stop.
pub(super) fn changes(old: &Schedule, new: &Schedule) -> Vec<String> {
    let mut found = Vec::new();
    if when(old) != when(new) {
        found.push(format!(
            "when it is due: {} becomes {}",
            when(old),
            when(new)
        ));
    }
    let mut say = |what: &str, old: String, new: String| {
        if old != new {
            found.push(format!("{what} changes from {old} to {new}"));
        }
    };
    let ticks = |text: &str| format!("`{text}`");
    say(
        "`timezone`",
        ticks(old.zone.as_str()),
        ticks(new.zone.as_str()),
    );
    let (old_dst, new_dst) = (dst(old), dst(new));
    if let (Some(old), Some(new)) = (old_dst, new_dst) {
        say("`dst-gap`", word(old.0), word(new.0));
        say("`dst-overlap`", word(old.1), word(new.1));
    }
    say(
        "`plugin`",
        ticks(old.plugin.as_str()),
        ticks(new.plugin.as_str()),
    );
    say("`spread`", length(old.spread), length(new.spread));
    say("`blackout`", blackouts(old), blackouts(new));
    say("`overlap`", word(old.overlap), word(new.overlap));
    say("`missed`", word(old.missed), word(new.missed));
    say(
        "`missed-within`",
        length(old.missed_within),
        length(new.missed_within),
    );
    say("`timeout`", length(old.timeout), length(new.timeout));
    say("`priority`", word(old.priority), word(new.priority));
    let account = |schedule: &Schedule| {
        schedule
            .account
            .as_ref()
            .map_or("none".to_owned(), |account| format!("`{account}`"))
    };
    say("`account`", account(old), account(new));
    say(
        "`retry.attempts`",
        old.retry.attempts.to_string(),
        new.retry.attempts.to_string(),
    );
    say(
        "`retry.delay`",
        length(old.retry.delay),
        length(new.retry.delay),
    );
    say(
        "`retry.longest`",
        length(old.retry.longest),
        length(new.retry.longest),
    );
    say(
        "what `retention` keeps",
        kept(old.retention.as_ref()),
        kept(new.retention.as_ref()),
    );
    let mebibytes = |bytes: u64| format!("{} KiB", bytes >> 10);
    say("`memory`", mebibytes(old.memory), mebibytes(new.memory));
    if old.config != new.config {
        found.push("`config` changes".to_owned());
    }
    found.extend(grants(old, new));
    match (old.enabled, new.enabled) {
        (true, false) => found.push("it is disabled: nothing of it runs any more".to_owned()),
        (false, true) => found.push("it is enabled".to_owned()),
        _ => {}
    }
    found
}

fn dst(schedule: &Schedule) -> Option<(DstGap, DstOverlap)> {
    match &schedule.trigger {
        Trigger::Cron { gap, overlap, .. } => Some((*gap, *overlap)),
        _ => None,
    }
}

/// The word of the schedule file.
fn word(value: impl serde::Serialize) -> String {
    serde_json::to_string(&value)
        .unwrap_or_default()
        .replace('"', "`")
}

/// A length of time as it is written in a schedule file; `none` for no time.
#[must_use]
pub fn length(length: Duration) -> String {
    let mut rest = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, size) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
        ("ms", 1),
    ] {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if text.is_empty() {
        "none".to_owned()
    } else {
        text
    }
}

fn blackouts(schedule: &Schedule) -> String {
    let names: Vec<String> = schedule
        .blackout
        .periods
        .iter()
        .map(|period| match period {
            Period::Days { first, last, name } if first == last => format!("`{name}` ({first})"),
            Period::Days { first, last, name } => format!("`{name}` ({first} to {last})"),
            Period::Hours {
                weekdays,
                from,
                to,
                name,
            } => {
                let days: Vec<&str> = DAYS
                    .iter()
                    .filter(|(day, _)| weekdays.contains(*day))
                    .map(|(_, name)| *name)
                    .collect();
                let days = if days.len() == DAYS.len() {
                    "daily".to_owned()
                } else {
                    days.join(" ")
                };
                format!(
                    "`{name}` ({days} {} to {})",
                    from.strftime("%H:%M"),
                    to.strftime("%H:%M")
                )
            }
            Period::Between { from, to, name } => format!("`{name}` ({from} to {to})"),
        })
        .collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

const DAYS: [(jiff::civil::Weekday, &str); 7] = {
    use jiff::civil::Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    [
        (Monday, "Mon"),
        (Tuesday, "Tue"),
        (Wednesday, "Wed"),
        (Thursday, "Thu"),
        (Friday, "Fri"),
        (Saturday, "Sat"),
        (Sunday, "Sun"),
    ]
};

fn kept(retention: Option<&Retention>) -> String {
    let Some(rules) = retention else {
        return "everything".to_owned();
    };
    let counts = [
        ("keep-last", rules.keep_last),
        ("keep-hourly", rules.keep_hourly),
        ("keep-daily", rules.keep_daily),
        ("keep-weekly", rules.keep_weekly),
        ("keep-monthly", rules.keep_monthly),
        ("keep-yearly", rules.keep_yearly),
        ("floor", Some(rules.floor)),
    ];
    let within = rules
        .keep_within
        .as_ref()
        .map(|within| format!("keep-within {within}"));
    let counts = counts
        .into_iter()
        .filter_map(|(key, count)| count.map(|count| format!("{key} {count}")));
    let rules: Vec<String> = within.into_iter().chain(counts).collect();
    format!("`{}`", rules.join(", "))
}

fn grants(old: &Schedule, new: &Schedule) -> Vec<String> {
    let mut found = Vec::new();
    let access = |access| word(access).replace('`', "");
    for (name, tree) in &new.grants.files {
        let (path, may) = (tree.path.display(), access(tree.access));
        match old.grants.files.get(name) {
            None => found.push(format!("the plugin may {may} `{name}`, {path}")),
            Some(before) if before != tree => found.push(format!(
                "the grant of `{name}` changes from {} {} to {may} {path}",
                access(before.access),
                before.path.display()
            )),
            Some(_) => {}
        }
    }
    for (name, tree) in &old.grants.files {
        if !new.grants.files.contains_key(name) {
            found.push(format!(
                "the plugin may no longer {} `{name}`",
                access(tree.access)
            ));
        }
    }
    match (old.grants.state, new.grants.state) {
        (false, true) => found.push("the plugin may keep notes between runs".to_owned()),
        (true, false) => found.push("the plugin may no longer keep notes between runs".to_owned()),
        _ => {}
    }
    found
}
