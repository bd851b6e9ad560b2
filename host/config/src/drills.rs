//! Drills and the schedules they drill: each drill gets the plugin, configuration and grants of its schedule.
//!
//! Owns: problems between the two.
//! Never: whether the plugin can verify; that is known when plugins are loaded.
//! Read next: `across`, `meant/drill`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use strongroom_domain::ScheduleName;
use strongroom_domain::schedule::Schedule;

use crate::diagnostic::Diagnostics;
use crate::located::Located;
use crate::together::Together;
use crate::unknown::nearest;

/// A name is compared with all others for so many hints.
const GUESSES: usize = 20;
/// Names that one sentence holds.
const NAMED: usize = 5;

/// Looks at every drill, and completes those that are right.
pub(crate) fn complete(read: &mut Together, problems: &mut Diagnostics) {
    if !read.schedules.iter().any(|one| is_drill(&one.schedule)) {
        return;
    }
    let known: HashMap<ScheduleName, usize> = (read.schedules.iter().enumerate())
        .map(|(at, located)| (located.schedule.name.clone(), at))
        .collect();
    let mut guesses = 0;
    let mut right = Vec::new();
    for (at, located) in read.schedules.iter().enumerate() {
        let Some(name) = &located.schedule.drill_of else {
            continue;
        };
        let drilled = known.get(name).and_then(|at| read.schedules.get(*at));
        if let Some(drilled) = drilled {
            if compare(located, drilled, problems) {
                right.push((at, Arc::clone(&drilled.schedule)));
            }
        } else if read.place(name).is_none() {
            guesses += 1;
            let names = read.names().map(ScheduleName::as_str);
            let near = (guesses <= GUESSES).then(|| nearest(name.as_str(), names));
            let hint = near.flatten().map_or_else(
                || "write the `name` of a schedule of this folder that makes snapshots".to_owned(),
                |near| format!("did you mean `\"{near}\"`?"),
            );
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
    schedule.drill_of.is_some()
}

/// Whether one can drill the other.
fn compare(located: &Located, drilled: &Located, problems: &mut Diagnostics) -> bool {
    let (name, theirs) = (&located.schedule.name, &drilled.schedule.name);
    if is_drill(&drilled.schedule) {
        let (message, hint) = if name == theirs {
            let hint = "write the name of the schedule that makes the snapshots".to_owned();
            (format!("`{name}` drills itself"), hint)
        } else {
            let hint = match &drilled.schedule.drill_of {
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
    let have: HashSet<_> = drilled.schedule.tenants.iter().collect();
    let missing: Vec<_> = (located.schedule.tenants.iter())
        .filter(|tenant| !have.contains(tenant))
        .map(|tenant| format!("`{tenant}`"))
        .collect();
    if !missing.is_empty() {
        let shown = missing.iter().take(NAMED).cloned().collect::<Vec<_>>();
        let more = match missing.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "`{name}` can drill nothing of {}{more}: `{theirs}` makes no snapshots of it",
            shown.join(", ")
        );
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
    drill.config = Arc::clone(&drilled.config);
    drill.grants = Arc::clone(&drilled.grants);
    drill.memory = drilled.memory;
    if drill.account.is_none() {
        drill.account = drilled.account.clone();
    }
}
