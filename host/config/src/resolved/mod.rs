//! From raw to resolved: an entry of a file becomes a schedule that cannot be wrong in itself.
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
mod paths;
mod placement;
mod retention;
mod role;
mod services;
mod size;
mod spread;
mod swap_role;
mod trigger;
mod warnings;
mod words;

use std::ops::Range;
use std::sync::Arc;

use strongroom_domain::calendar::Zone;
use strongroom_domain::retention::Retention;
use strongroom_domain::schedule::{
    Priority, Schedule, SnapshotSettings, SwapRole, Trigger, defaults,
};
use strongroom_domain::{AccountName, PluginName, ScheduleName};

pub use credential::Declared;
pub(crate) use credential::credential;
pub(crate) use limit::{Limit, Limited, limit};

use crate::calendars::Calendars;
use crate::interner::Interner;
use crate::problems::Problems;
use crate::raw::RawSchedule;
use crate::reader::{At, RawTable};
use crate::section::Key;
use names::named;
use words::{called, chosen};

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
    let role = role::role(&raw, problems);
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
        role,
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
        snapshots: interner.snapshots(SnapshotSettings {
            retention,
            drill_of,
            placement,
            swap_role: swap_role?,
        }),
        config,
        grants,
        memory: memory?,
        enabled: raw.enabled.as_ref().is_none_or(|at| at.value),
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

fn required(raw: &RawSchedule, header: &Range<usize>, problems: &mut Problems) {
    let needed = |key: &&Key| match key.name {
        // A drill has it from the schedule that it drills.
        "plugin" => !raw.has("drill-of"),
        // Another schedule says for whom.
        "tenants" => !swap_role::is_given(raw),
        _ => key.required,
    };
    let keys = RawSchedule::SECTION.keys.iter().filter(needed);
    // A key of the wrong kind is there, and was reported.
    for key in keys.filter(|key| !raw.has(key.name)) {
        problems.missing(&called(raw), key, header);
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
