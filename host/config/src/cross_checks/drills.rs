//! Drills and the schedules they drill: each drill gets the plugin, configuration and grants of its schedule.
//!
//! Owns: problems between the two.
//! Never: whether the plugin can verify; that is known when plugins are loaded.
//! Read next: `resolved::drill`.

use std::collections::HashMap;
use std::sync::Arc;

use strongroom_domain::ScheduleName;
use strongroom_domain::schedule::Schedule;

use super::references::{Hints, lacking};
use crate::diagnostic::Diagnostics;
use crate::located::Located;
use crate::merge::Merged;

/// Looks at every drill, and completes those that are right.
pub(crate) fn complete(read: &mut Merged, problems: &mut Diagnostics) {
    if !read.schedules.iter().any(|one| is_drill(&one.schedule)) {
        return;
    }
    let known: HashMap<ScheduleName, usize> = (read.schedules.iter().enumerate())
        .map(|(at, located)| (located.schedule.name.clone(), at))
        .collect();
    let mut hints = Hints::default();
    let mut right = Vec::new();
    for (at, located) in read.schedules.iter().enumerate() {
        let Some(name) = located.schedule.drill_of() else {
            continue;
        };
        let drilled = known.get(name).and_then(|at| read.schedules.get(*at));
        if let Some(drilled) = drilled {
            if compare(located, drilled, problems) {
                right.push((at, Arc::clone(&drilled.schedule)));
            }
        } else if read.place(name).is_none() {
            let or = "write the `name` of a schedule of this folder that makes snapshots";
            let hint = hints.instead(name, read, or);
            let message = format!("there is no schedule `{name}` to drill");
            problems.push(located.problem("drill-of", message, Some(&hint)));
        }
    }
    for (at, drilled) in right {
        if let Some(located) = read.schedules.get_mut(at) {
            fill(Arc::make_mut(&mut located.schedule), &drilled);
        }
    }
}

fn is_drill(schedule: &Schedule) -> bool {
    schedule.drill_of().is_some()
}

/// Whether one can drill the other.
fn compare(located: &Located, drilled: &Located, problems: &mut Diagnostics) -> bool {
    let (name, theirs) = (&located.schedule.name, &drilled.schedule.name);
    if is_drill(&drilled.schedule) {
        let (message, hint) = if name == theirs {
            let hint = "write the name of the schedule that makes the snapshots".to_owned();
            (format!("`{name}` drills itself"), hint)
        } else {
            let hint = match drilled.schedule.drill_of() {
                Some(makes) if makes != theirs && makes != name => {
                    format!("drill `{makes}`, as `{theirs}` does")
                }
                _ => "write the name of the schedule that makes the snapshots".to_owned(),
            };
            let message = format!("`{theirs}` is a drill itself: it has no snapshots");
            (message, hint)
        };
        problems.push(located.problem("drill-of", message, Some(&hint)));
        return false;
    }
    if let Some(tenants) = lacking(located, drilled) {
        let message =
            format!("`{name}` can drill nothing of {tenants}: `{theirs}` makes no snapshots of it");
        let hint = "name the same tenants there, or remove them here";
        let problem = located.problem("tenants", message, Some(hint));
        problems.push(drilled.noted_at(
            problem,
            "tenants",
            "the tenants of the schedule it drills",
        ));
        return false;
    }
    if located.schedule.enabled && !drilled.schedule.enabled {
        let message = format!("`{name}` drills `{theirs}`, which is not enabled");
        let hint = "it goes on with the snapshots that are there";
        problems.push(
            located
                .problem("drill-of", message, Some(hint))
                .as_warning(),
        );
    }
    true
}

/// A drill runs as the schedule it drills does.
fn fill(drill: &mut Schedule, drilled: &Schedule) {
    drill.plugin = drilled.plugin.clone();
    drill.role = drill.role.or(drilled.role);
    drill.config = Arc::clone(&drilled.config);
    drill.grants = Arc::clone(&drilled.grants);
    drill.memory = drilled.memory;
    if drill.account.is_none() {
        drill.account = drilled.account.clone();
    }
}
