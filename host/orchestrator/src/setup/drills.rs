//! Drills put beside the schedules they drill: served by the same plugin, with the same grants and configuration.
//!
//! Owns: that what is drilled can be verified at all.
//! Never: says again what is wrong with the schedule that is drilled.

use std::collections::BTreeMap;
use std::sync::Arc;

use strongroom_config::{Diagnostic, Located};
use strongroom_domain::ScheduleName;
use strongroom_domain::role::Role;

use crate::call::prepared::Prepared;

/// The drill as prepared, or what is wrong with it; neither: the schedule it drills is wrong itself.
pub(super) fn fit(
    located: &Located,
    prepared: &BTreeMap<ScheduleName, Prepared>,
) -> (Option<Prepared>, Option<Diagnostic>) {
    let schedule = &located.schedule;
    let drilled = schedule.drill_of();
    let Some(drilled) = drilled.and_then(|name| prepared.get(name)) else {
        return (None, None);
    };
    let theirs = &drilled.schedule;
    if drilled.role != Role::Snapshots {
        let message = format!(
            "`{}` runs plugin `{}`, which keeps no snapshots: there is nothing to drill",
            theirs.name, theirs.plugin
        );
        let hint = "write the name of a schedule that makes snapshots";
        return (None, Some(located.problem("drill-of", message, Some(hint))));
    }
    if !drilled.offers("verify") {
        let message = format!(
            "plugin `{}` of `{}` does not offer `verify`: its snapshots cannot be drilled",
            theirs.plugin, theirs.name
        );
        let hint = "`strongroom plugin inspect` shows the features of a plugin; remove the drill";
        return (None, Some(located.problem("drill-of", message, Some(hint))));
    }
    let mut own = Arc::clone(schedule);
    // What the plugin is really given: a grant may have been withheld.
    Arc::make_mut(&mut own).grants = Arc::clone(&theirs.grants);
    let drill = Prepared {
        schedule: own,
        ..drilled.clone()
    };
    (Some(drill), None)
}
