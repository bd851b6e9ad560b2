//! Schedules that have their due times and tenants from another one: shadows, and those that were succeeded.
//!
//! Owns: finding that schedule, and what is wrong with pairs that do not fit.
//! Never: a chain: the one that is named keeps its promise by itself.
//! Read next: `set`, `edit::swap`.

use std::collections::HashMap;
use std::sync::Arc;

use strongroom_domain::ScheduleName;
use strongroom_domain::grants::Access;
use strongroom_domain::schedule::{Schedule, SwapRole};

use super::references::Hints;
use crate::diagnostic::Diagnostics;
use crate::located::Located;
use crate::merge::Merged;

/// Gives every shadow and every succeeded schedule what it has from another one.
pub(crate) fn resolve(read: &mut Merged, problems: &mut Diagnostics) {
    let in_swap = |located: &Located| located.schedule.swap_role() != &SwapRole::Primary;
    if !read.schedules.iter().any(in_swap) {
        return;
    }
    let known: HashMap<ScheduleName, Located> = read
        .schedules
        .iter()
        .map(|located| (located.schedule.name.clone(), located.clone()))
        .collect();
    let mut hints = Hints::default();
    let mut found = Vec::new();
    for located in read.schedules.iter().filter(|one| in_swap(one)) {
        let Some(other) = located.schedule.swap_role().other() else {
            continue;
        };
        let key = key(located.schedule.swap_role());
        match known.get(other) {
            _ if *other == located.schedule.name => {
                let message = format!("`{other}` names itself");
                let hint = "write the `name` of the other schedule of the swap";
                problems.push(located.problem(key, message, Some(hint)));
            }
            // It is said of the other one.
            Some(first) if is_cut_short(&first.schedule, &located.schedule) => {}
            Some(first) => match unfit(&located.schedule, &first.schedule) {
                Some((message, hint)) => {
                    let problem = located.problem(key, message, Some(&hint));
                    let there = self::key(first.schedule.swap_role());
                    problems.push(first.noted_at(problem, there, "the schedule that it names"));
                }
                None => found.push(first.clone()),
            },
            // What is wrong with that one was said.
            None if read.place(other).is_some() => {}
            None => {
                let or = "write the `name` of a schedule of this folder";
                let hint = hints.instead(other, read, or);
                let message = format!("there is no schedule `{other}`");
                problems.push(located.problem(key, message, Some(&hint)));
            }
        }
    }
    let found: HashMap<&ScheduleName, &Located> = found
        .iter()
        .map(|located| (&located.schedule.name, located))
        .collect();
    for located in &mut read.schedules {
        let first = located
            .schedule
            .swap_role()
            .other()
            .and_then(|name| found.get(name));
        if let Some(first) = first {
            take(Arc::make_mut(&mut located.schedule), &first.schedule);
            shared_source(located, problems);
        }
    }
}

fn key(swap_role: &SwapRole) -> &'static str {
    match swap_role {
        SwapRole::Primary => "name",
        SwapRole::ShadowOf(_) => "shadow-of",
        SwapRole::SucceededBy(_) => "succeeded-by",
    }
}

/// Whether a shadow has taken the place of the schedule that it still shadows.
fn is_cut_short(shadow: &Schedule, first: &Schedule) -> bool {
    shadow.shadows() == Some(&first.name) && first.successor() == Some(&shadow.name)
}

/// Why two schedules are no pair, and what to do.
fn unfit(schedule: &Schedule, first: &Schedule) -> Option<(String, String)> {
    let other = &first.name;
    let (is_shadow, why) = match (schedule.swap_role(), first.swap_role()) {
        (_, SwapRole::Primary) => return None,
        (_, SwapRole::SucceededBy(new)) if is_cut_short(schedule, first) => {
            let message = format!("`{new}` took the place of `{other}` and is still its shadow");
            let hint = "a cut-over was cut short: remove this line and say here when and for whom, as the other one did";
            return Some((message, hint.to_owned()));
        }
        (SwapRole::ShadowOf(_), SwapRole::ShadowOf(of)) => {
            (true, format!("it is a shadow of `{of}` itself"))
        }
        (SwapRole::ShadowOf(_), SwapRole::SucceededBy(new)) => {
            (true, format!("`{new}` took its place"))
        }
        (_, SwapRole::ShadowOf(of)) => (false, format!("it is only a shadow of `{of}`")),
        (_, SwapRole::SucceededBy(new)) => (false, format!("`{new}` took its place in turn")),
    };
    let (what, hint) = if is_shadow {
        ("have a shadow", "name the schedule that keeps the promise")
    } else {
        (
            "take the place of another schedule",
            "name the schedule that keeps the promise now",
        )
    };
    Some((format!("`{other}` cannot {what}: {why}"), hint.to_owned()))
}

/// Everything that says when and for whom.
fn take(schedule: &mut Schedule, first: &Schedule) {
    schedule.trigger = first.trigger.clone();
    schedule.zone = first.zone.clone();
    schedule.tenants.clone_from(&first.tenants);
    schedule.spread = first.spread;
    schedule.blackout = first.blackout.clone();
    schedule.enabled &= first.enabled || schedule.successor().is_some();
}

/// Sources that the tenants of the other schedule would share.
fn shared_source(located: &Located, problems: &mut Diagnostics) {
    let schedule = &located.schedule;
    let [first, second, ..] = schedule.tenants.as_slice() else {
        return;
    };
    for (name, tree) in &schedule.grants.files {
        if tree.access == Access::Read && !tree.per_tenant() {
            let message = format!(
                "`{name}` is one folder for all tenants: `{first}` would get the data of `{second}`"
            );
            let hint = "write `{tenant}` where the tenant's name belongs";
            let key = format!("grants.files.{name}.path");
            problems.push(located.problem(&key, message, Some(hint)));
        }
    }
}
