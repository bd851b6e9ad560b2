//! Which role of its plugin a schedule is for: `role`.
//!
//! Owns: which keys do not go with a role.
//! Never: which roles the plugin exports; whoever knows plugins compares that.

use strongroom_domain::role::Role;

use crate::problems::Problems;
use crate::raw::RawSchedule;
use crate::reader::RawTable;
use crate::section::Group;

/// The role that is written; what does not go with it is reported.
pub(super) fn role(raw: &RawSchedule, problems: &mut Problems) -> Option<Role> {
    let at = raw.role.as_ref()?;
    let role = Role::named(&at.value)?;
    for (key, span) in raw.places() {
        let right = match (key.group, role) {
            (Group::Any | Group::Timetable | Group::Plugin, _) => true,
            (Group::Snapshots, Role::Snapshots) => true,
            (Group::Snapshots, Role::Task) => false,
        };
        if !right {
            let message = format!("`{}` does not go with the role `{role}`", key.name);
            let hint = format!(
                "only the role `{}` has it; remove one of the two",
                Role::Snapshots
            );
            let problem = problems.at(&span, message, hint);
            let problem = problem.noted(&problems.source, at.span.clone(), "the role");
            problems.add(problem);
        }
    }
    Some(role)
}
