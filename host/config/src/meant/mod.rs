//! From as written to as meant: an entry of a file becomes a schedule that cannot be wrong in itself.
//!
//! Owns: which parts an entry must have.
//! Never: stops at the first problem; every part is looked at.
//! Read next: `names`, `trigger`, `lengths`, `grants`, `retention`, then `warnings`.

mod blackout;
mod catching_up;
mod credential;
mod drill;
mod grants;
mod keeping;
mod lengths;
mod limit;
mod names;
mod part;
mod retention;
mod services;
mod size;
mod spread;
mod trigger;
mod warnings;

use std::ops::Range;
use std::sync::Arc;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use strongroom_domain::calendar::Zone;
use strongroom_domain::retention::Retention;
use strongroom_domain::schedule::{Part, Priority, Schedule, Trigger, defaults};
use strongroom_domain::{AccountName, PluginName, ScheduleName};

pub use credential::Declared;
pub(crate) use credential::credential;
pub(crate) use limit::{Limit, Limited, limit};
pub(crate) use part::TIMETABLE;

use crate::calendars::Calendars;
use crate::problems::{Problems, shortened};
use crate::shared::Shared;
use crate::written::{At, ScheduleWritten};
use names::named;

/// The largest `config` as JSON: it is copied into every call.
const CONFIG_LIMIT: usize = 64 << 10;

/// The schedule of an entry, or `None` if something of it is wrong; then the problems say what. `name` is its name, if
/// that is right.
pub(crate) fn schedule(
    written: ScheduleWritten,
    name: Option<ScheduleName>,
    header: &Range<usize>,
    calendars: &mut Calendars,
    shared: &mut Shared,
    problems: &mut Problems,
) -> Option<Schedule> {
    let errors = problems.errors();
    required(&written, header, problems);
    let name = name.or_else(|| {
        let at = written.name.as_ref()?;
        named("a schedule", ScheduleName::new, at, problems)
    });
    let account = (written.account.as_ref())
        .and_then(|at| named("an account", AccountName::new, at, problems));
    let part = part::part(&written, problems);
    let drill_of = drill::drill_of(&written, problems);
    let plugin = plugin(&written, drill_of.as_ref(), problems).map(|name| shared.plugin(name));
    let tenants = names::tenants(written.tenants.as_ref(), shared, problems);
    let zone = zone(written.timezone.as_ref(), shared, problems);
    let trigger = due(&written, part.as_ref(), header, shared, problems);
    let (overlap, missed) = catching_up::policies(&written, problems);
    let spread = spread::spread(
        written.spread.as_ref(),
        trigger.as_ref().zip(zone.as_ref()),
        shared,
        problems,
    );
    let blackout = blackout::blackout(
        written.blackout.as_ref(),
        zone.as_ref(),
        calendars,
        shared,
        problems,
    );
    let (timeout, missed_within) = lengths::of_runs(&written, problems);
    let memory = memory(written.memory.as_ref(), problems);
    let retry = lengths::retry(written.retry.as_ref(), problems);
    let retention = retained(&written, shared, problems);
    let keeping = keeping::keeping(&written, problems);
    let config = config(written.config.as_ref(), shared, problems);
    let grants = shared.grants(grants::grants(written.grants.as_ref(), &tenants, problems));
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
        priority: chosen::<Priority>(written.priority.as_ref()),
        account,
        overlap,
        missed,
        missed_within,
        timeout,
        retry,
        retention,
        keeping: keeping.map(|keeping| shared.keeping(keeping)),
        config,
        grants,
        memory: memory?,
        enabled: written.enabled.as_ref().is_none_or(|at| at.value),
        part: part?,
    };
    warnings::look(&schedule, &written, header, shared, problems);
    warnings::look_at_blackout(&schedule, &written, calendars.now, problems);
    Some(schedule)
}

/// When it is due; of a schedule that has that from another one, until it is found, a trigger that stands for it.
fn due(
    written: &ScheduleWritten,
    part: Option<&Part>,
    header: &Range<usize>,
    shared: &mut Shared,
    problems: &mut Problems,
) -> Option<Trigger> {
    match part.and_then(Part::other) {
        Some(other) => Some(part::not_yet(other)),
        None if part::is_given(written) => None,
        None => trigger::trigger(written, header, shared, problems),
    }
}

/// The plugin; of a drill, until it gets that of the schedule it drills, a name like that schedule's.
fn plugin(
    written: &ScheduleWritten,
    drill_of: Option<&ScheduleName>,
    problems: &mut Problems,
) -> Option<PluginName> {
    if let Some(drilled) = drill_of {
        return PluginName::new(drilled.as_str()).ok();
    }
    let at = written.plugin.as_ref()?;
    named("a plugin", PluginName::new, at, problems)
}

fn memory(written: Option<&At<String>>, problems: &mut Problems) -> Option<u64> {
    written.map_or(Some(defaults::MEMORY), |at| size::memory(at, problems))
}

/// The rules, kept once for all schedules that have them.
fn retained(
    written: &ScheduleWritten,
    shared: &mut Shared,
    problems: &mut Problems,
) -> Option<Arc<Retention>> {
    let rules = retention::retention(written.retention.as_ref()?, problems)?;
    Some(shared.retention(rules))
}

/// The domain's value of a word that the schema allows; its default if there is none.
fn chosen<T: DeserializeOwned + Default>(choice: Option<&At<String>>) -> T {
    let word = choice.map(|at| at.value.as_str().into_deserializer());
    word.and_then(|word: StrDeserializer<'_, serde::de::value::Error>| T::deserialize(word).ok())
        .unwrap_or_default()
}

/// How messages name an entry.
fn called(written: &ScheduleWritten) -> String {
    match &written.name {
        Some(name) => format!("schedule `{}`", shortened(&name.value)),
        None => "this schedule".to_owned(),
    }
}

fn required(written: &ScheduleWritten, header: &Range<usize>, problems: &mut Problems) {
    let keys = [
        ("name", written.name.is_none(), "name = \"acme-daily\""),
        (
            "plugin",
            written.plugin.is_none() && !written.given.contains("drill-of"),
            "plugin = \"local-snapshot\"",
        ),
        ("tenants", written.tenants.is_none(), "tenants = [\"acme\"]"),
    ];
    for (key, missing, example) in keys {
        // Another schedule says for whom.
        let elsewhere = key == "tenants" && part::is_given(written);
        // A key of the wrong kind is there, and was reported.
        if missing && !written.given.contains(key) && !elsewhere {
            let message = format!("{} has no `{key}`", called(written));
            problems.error(header, message, format!("add a line such as `{example}`"));
        }
    }
}

fn zone(
    written: Option<&At<String>>,
    shared: &mut Shared,
    problems: &mut Problems,
) -> Option<Zone> {
    match written {
        None => shared.zone("UTC").ok(),
        Some(at) => shared
            .zone(&at.value)
            .map_err(|error| {
                problems.error(&at.span, error.message, error.hint.unwrap_or_default())
            })
            .ok(),
    }
}

fn config(
    written: Option<&At<serde_json::Map<String, serde_json::Value>>>,
    shared: &mut Shared,
    problems: &mut Problems,
) -> Arc<str> {
    let Some(at) = written else {
        return shared.text("{}");
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
    shared.text(&json)
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
            let meant = choices.iter().map(|word| {
                chosen::<T>(Some(&At {
                    value: word.clone(),
                    span: 0..0,
                }))
            });
            let meant: Vec<T> = meant.collect();
            let distinct = meant
                .iter()
                .enumerate()
                .all(|(at, one)| !meant[..at].contains(one));
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
