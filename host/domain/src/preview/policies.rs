//! What an edit changes besides the due times, in sentences.
//!
//! Owns: which keys change what happens, and how each change is said.

use std::time::Duration;

use super::when;
use crate::blackout::Period;
use crate::retention::Retention;
use crate::schedule::{Schedule, SwapRole, Trigger};

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
    for ((what, old), (_, new)) in stated(old).into_iter().zip(stated(new)) {
        // Empty: it says nothing about such a trigger.
        if old != new && !old.is_empty() && !new.is_empty() {
            found.push(format!("{what} changes from {old} to {new}"));
        }
    }
    if old.config != new.config {
        found.push("`config` changes".to_owned());
    }
    found.extend(grants(old, new));
    if old.swap_role() != new.swap_role() {
        let kept = "it keeps the promise from now on: what it does counts".to_owned();
        found.push(swap_role(new).unwrap_or(kept));
    }
    match (old.enabled, new.enabled) {
        (true, false) => found.push("it is disabled: nothing of it runs any more".to_owned()),
        (false, true) => found.push("it is enabled".to_owned()),
        _ => {}
    }
    found
}

/// What a schedule is in the swap of a provider, if it does not simply keep its promise.
pub(super) fn swap_role(new: &Schedule) -> Option<String> {
    match new.swap_role() {
        SwapRole::Primary => None,
        SwapRole::ShadowOf(primary) => Some(format!(
            "it is a shadow of `{primary}`: nothing it does counts"
        )),
        SwapRole::SucceededBy(successor) => Some(format!(
            "`{successor}` takes its place: it makes nothing new, and its shelf runs out by its own rules"
        )),
    }
}

/// What a schedule says, key by key: the same keys in the same order for each.
fn stated(schedule: &Schedule) -> Vec<(&'static str, String)> {
    let (gap, overlap) = match &schedule.trigger {
        Trigger::Cron { gap, overlap, .. } => (word(gap), word(overlap)),
        _ => (String::new(), String::new()),
    };
    let (account, drilled) = (schedule.account.as_ref(), schedule.drill_of());
    let retry = &schedule.retry;
    let memory = match schedule.memory % (1 << 20) {
        0 => format!("{}MiB", schedule.memory >> 20),
        _ => format!("{}KiB", schedule.memory >> 10),
    };
    vec![
        ("`timezone`", format!("`{}`", schedule.zone.as_str())),
        ("`dst-gap`", gap),
        ("`dst-overlap`", overlap),
        ("`plugin`", format!("`{}`", schedule.plugin)),
        (
            "`role`",
            (schedule.role).map_or("that of the plugin".to_owned(), |role| format!("`{role}`")),
        ),
        (
            "`drill-of`",
            drilled.map_or("none".to_owned(), |drilled| format!("`{drilled}`")),
        ),
        ("`spread`", length(schedule.spread)),
        ("`blackout`", blackouts(schedule)),
        ("`overlap`", word(schedule.overlap)),
        ("`missed`", word(schedule.missed)),
        ("`missed-within`", length(schedule.missed_within)),
        ("`timeout`", length(schedule.timeout)),
        ("`priority`", word(schedule.priority)),
        (
            "`account`",
            account.map_or("none".to_owned(), |account| format!("`{account}`")),
        ),
        ("`retry.attempts`", retry.attempts.to_string()),
        ("`retry.delay`", length(retry.delay)),
        ("`retry.longest`", length(retry.longest)),
        ("what `retention` keeps", kept(schedule.retention())),
        ("`off-site`", off_site(schedule)),
        (
            "`max-age`",
            schedule.max_age().map_or("none".to_owned(), length),
        ),
        ("`place`", places(schedule)),
        ("`memory`", memory),
    ]
}

fn off_site(schedule: &Schedule) -> String {
    match schedule.off_site() {
        None => "none".to_owned(),
        Some(off_site) if off_site.copy => format!("copies of `{}`", off_site.of),
        Some(off_site) => format!("its own beside `{}`", off_site.of),
    }
}

fn places(schedule: &Schedule) -> String {
    match schedule.places() {
        [] => "any".to_owned(),
        places => format!("`{}`", places.join("`, `")),
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
