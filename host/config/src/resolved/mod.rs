//! From as written to as meant: an entry of a file becomes a schedule that cannot be wrong in itself.
//!
//! Owns: which parts an entry must have.
//! Never: stops at the first problem; every part is looked at.
//! Read next: `names`, `trigger`, `lengths`, `grants`, `retention`, then `warnings`.

mod blackout;
mod catch_up;
mod credential;
mod drill;
mod grants;
mod lengths;
mod limit;
mod names;
mod placement;
mod retention;
mod services;
mod size;
mod spread;
mod swap_role;
mod trigger;
mod warnings;

use std::ops::Range;
use std::sync::Arc;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use strongroom_domain::calendar::Zone;
use strongroom_domain::retention::Retention;
use strongroom_domain::schedule::{Priority, Schedule, SwapRole, Trigger, defaults};
use strongroom_domain::{AccountName, PluginName, ScheduleName};

pub use credential::Declared;
pub(crate) use credential::credential;
pub(crate) use limit::{Limit, Limited, limit};
pub(crate) use swap_role::TIMETABLE;

use crate::calendars::Calendars;
use crate::interner::Interner;
use crate::problems::{Problems, shortened};
use crate::raw::{At, RawSchedule};
use names::named;

/// The largest `config` as JSON: it is copied into every call.
const CONFIG_LIMIT: usize = 64 << 10;

/// The schedule of an entry, or `None` if something of it is wrong; then the problems say what. `name` is its name, if
/// that is right.
pub(crate) fn schedule(
    raw: RawSchedule,
    name: Option<ScheduleName>,
    header: &Range<usize>,
    calendars: &mut Calendars,
    interner: &mut Interner,
    problems: &mut Problems,
) -> Option<Schedule> {
    let errors = problems.errors();
    required(&raw, header, problems);
    let name = name.or_else(|| {
        let at = raw.name.as_ref()?;
        named("a schedule", ScheduleName::new, at, problems)
    });
    let account =
        (raw.account.as_ref()).and_then(|at| named("an account", AccountName::new, at, problems));
    let swap_role = swap_role::swap_role(&raw, problems);
    let drill_of = drill::drill_of(&raw, problems);
    let plugin = plugin(&raw, drill_of.as_ref(), problems).map(|name| interner.plugin(name));
    let tenants = names::tenants(raw.tenants.as_ref(), interner, problems);
    let zone = zone(raw.timezone.as_ref(), interner, problems);
    let trigger = due(&raw, swap_role.as_ref(), header, interner, problems);
    let (overlap, missed) = catch_up::policies(&raw, problems);
    let spread = spread::spread(
        raw.spread.as_ref(),
        trigger.as_ref().zip(zone.as_ref()),
        interner,
        problems,
    );
    let blackout = blackout::blackout(
        raw.blackout.as_ref(),
        zone.as_ref(),
        calendars,
        interner,
        problems,
    );
    let (timeout, missed_within) = lengths::of_runs(&raw, problems);
    let memory = memory(raw.memory.as_ref(), problems);
    let retry = lengths::retry(raw.retry.as_ref(), problems);
    let retention = retained(&raw, interner, problems);
    let placement = placement::placement(&raw, problems);
    let config = config(raw.config.as_ref(), interner, problems);
    let grants = interner.grants(grants::grants(raw.grants.as_ref(), &tenants, problems));
    if problems.errors() > errors {
        return None;
    }
    let schedule = Schedule {
        name: name?,
        plugin: plugin?,
        drill_of,
        trigger: trigger?,
        zone: zone?,
        tenants,
        spread,
        blackout,
        priority: chosen::<Priority>(raw.priority.as_ref()),
        account,
        overlap,
        missed,
        missed_within,
        timeout,
        retry,
        retention,
        placement: placement.map(|placement| interner.placement(placement)),
        config,
        grants,
        memory: memory?,
        enabled: raw.enabled.as_ref().is_none_or(|at| at.value),
        swap_role: swap_role?,
    };
    warnings::look(&schedule, &raw, header, interner, problems);
    warnings::look_at_blackout(&schedule, &raw, calendars.now, problems);
    Some(schedule)
}

/// When it is due; of a schedule that has that from another one, until it is found, a trigger that stands for it.
fn due(
    raw: &RawSchedule,
    swap_role: Option<&SwapRole>,
    header: &Range<usize>,
    interner: &mut Interner,
    problems: &mut Problems,
) -> Option<Trigger> {
    match swap_role.and_then(SwapRole::other) {
        Some(other) => Some(swap_role::not_yet(other)),
        None if swap_role::is_given(raw) => None,
        None => trigger::trigger(raw, header, interner, problems),
    }
}

/// The plugin; of a drill, until it gets that of the schedule it drills, a name like that schedule's.
fn plugin(
    raw: &RawSchedule,
    drill_of: Option<&ScheduleName>,
    problems: &mut Problems,
) -> Option<PluginName> {
    if let Some(drilled) = drill_of {
        return PluginName::new(drilled.as_str()).ok();
    }
    let at = raw.plugin.as_ref()?;
    named("a plugin", PluginName::new, at, problems)
}

fn memory(raw: Option<&At<String>>, problems: &mut Problems) -> Option<u64> {
    raw.map_or(Some(defaults::MEMORY), |at| size::memory(at, problems))
}

/// The rules, kept once for all schedules that have them.
fn retained(
    raw: &RawSchedule,
    interner: &mut Interner,
    problems: &mut Problems,
) -> Option<Arc<Retention>> {
    let rules = retention::retention(raw.retention.as_ref()?, problems)?;
    Some(interner.retention(rules))
}

/// The domain's value of a word that the schema allows; its default if there is none.
fn chosen<T: DeserializeOwned + Default>(choice: Option<&At<String>>) -> T {
    let word = choice.map(|at| at.value.as_str().into_deserializer());
    word.and_then(|word: StrDeserializer<'_, serde::de::value::Error>| T::deserialize(word).ok())
        .unwrap_or_default()
}

/// How messages name an entry.
fn called(raw: &RawSchedule) -> String {
    match &raw.name {
        Some(name) => format!("schedule `{}`", shortened(&name.value)),
        None => "this schedule".to_owned(),
    }
}

fn required(raw: &RawSchedule, header: &Range<usize>, problems: &mut Problems) {
    let keys = [
        ("name", raw.name.is_none(), "name = \"acme-daily\""),
        (
            "plugin",
            raw.plugin.is_none() && !raw.given.contains("drill-of"),
            "plugin = \"local-snapshot\"",
        ),
        ("tenants", raw.tenants.is_none(), "tenants = [\"acme\"]"),
    ];
    for (key, missing, example) in keys {
        // Another schedule says for whom.
        let elsewhere = key == "tenants" && swap_role::is_given(raw);
        // A key of the wrong kind is there, and was reported.
        if missing && !raw.given.contains(key) && !elsewhere {
            let message = format!("{} has no `{key}`", called(raw));
            problems.error(header, message, format!("add a line such as `{example}`"));
        }
    }
}

fn zone(
    raw: Option<&At<String>>,
    interner: &mut Interner,
    problems: &mut Problems,
) -> Option<Zone> {
    match raw {
        None => interner.zone("UTC").ok(),
        Some(at) => interner
            .zone(&at.value)
            .map_err(|error| {
                problems.error(&at.span, error.message, error.hint.unwrap_or_default())
            })
            .ok(),
    }
}

fn config(
    raw: Option<&At<serde_json::Map<String, serde_json::Value>>>,
    interner: &mut Interner,
    problems: &mut Problems,
) -> Arc<str> {
    let Some(at) = raw else {
        return interner.text("{}");
    };
    let json = serde_json::to_string(&at.value).unwrap_or_default();
    if json.len() > CONFIG_LIMIT {
        let message = format!("`config` is {} KiB large", json.len() >> 10);
        problems.error(
            &at.span,
            message,
            format!(
                "at most {} KiB: it is copied into every call",
                CONFIG_LIMIT >> 10
            ),
        );
    }
    interner.text(&json)
}

#[cfg(test)]
mod tests {
    use strongroom_domain::Outcome;
    use strongroom_domain::calendar::{DstGap, DstOverlap};
    use strongroom_domain::schedule::{After, Missed, Overlap};

    use super::*;
    use crate::schema::{Table, section};

    #[test]
    fn every_word_of_the_schema_is_one_of_the_domain() {
        fn agrees<T: DeserializeOwned + Default + PartialEq>(key: &str) {
            let choices = &section(Table::Schedule).key(key).unwrap().choices;
            let resolved = choices.iter().map(|word| {
                chosen::<T>(Some(&At {
                    value: word.clone(),
                    span: 0..0,
                }))
            });
            let resolved: Vec<T> = resolved.collect();
            let distinct = resolved
                .iter()
                .enumerate()
                .all(|(at, one)| !resolved[..at].contains(one));
            assert!(!choices.is_empty() && distinct, "{key}: {choices:?}");
        }
        agrees::<DstGap>("dst-gap");
        agrees::<DstOverlap>("dst-overlap");
        agrees::<Overlap>("overlap");
        agrees::<Missed>("missed");
        agrees::<Priority>("priority");
        let ends = &section(Table::Schedule)
            .key("after-outcome")
            .unwrap()
            .choices;
        assert_eq!(*ends, After::OUTCOMES.map(Outcome::as_str));
    }
}
