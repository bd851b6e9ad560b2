//! Drills: entries that prove the snapshots of another schedule, `drill-of`.
//!
//! Owns: what a drill may not have of its own.
//! Never: looks at the schedule it drills; that may stand in another file.
//! Read next: `cross_checks::drills`.

use strongroom_domain::ScheduleName;

use super::names::named;
use crate::problems::Problems;
use crate::raw::RawSchedule;
use crate::reader::RawTable;
use crate::section::Group;

/// The schedule that is drilled; `None`: this is no drill, or a problem was reported.
pub(super) fn drill_of(raw: &RawSchedule, problems: &mut Problems) -> Option<ScheduleName> {
    let at = raw.drill_of.as_ref()?;
    let drilled = named("a schedule", ScheduleName::new, at, problems)?;
    for (key, span) in raw.places() {
        let name = key.name;
        let (message, hint) = match key.group {
            Group::Plugin => (
                format!("a drill has no `{name}` of its own: it uses what `{drilled}` has"),
                "remove it",
            ),
            Group::Snapshots if name != "drill-of" => (
                format!("`{name}` says nothing of a drill: it makes no snapshots"),
                "write it for the schedule that makes them, or remove it",
            ),
            Group::Snapshots | Group::Timetable | Group::Any => continue,
        };
        let problem = problems.at(&span, message, hint);
        let problem = problem.noted(&problems.source, at.span.clone(), "this makes it a drill");
        problems.add(problem);
    }
    Some(drilled)
}
