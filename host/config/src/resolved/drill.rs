//! Drills: entries that prove the snapshots of another schedule, `drill-of`.
//!
//! Owns: what a drill may not have of its own.
//! Never: looks at the schedule it drills; that may stand in another file.
//! Read next: `drills`.

use std::ops::Range;

use strongroom_domain::ScheduleName;

use super::names::named;
use crate::problems::Problems;
use crate::raw::RawSchedule;

/// The schedule that is drilled; `None`: this is no drill, or a problem was reported.
pub(super) fn drill_of(raw: &RawSchedule, problems: &mut Problems) -> Option<ScheduleName> {
    let at = raw.drill_of.as_ref()?;
    let drilled = named("a schedule", ScheduleName::new, at, problems)?;
    for (key, span) in own(raw) {
        let (message, hint) = if ["plugin", "memory", "config", "grants"].contains(&key) {
            (
                format!("a drill has no `{key}` of its own: it uses what `{drilled}` has"),
                "remove it",
            )
        } else {
            (
                format!("`{key}` says nothing of a drill: it makes no snapshots"),
                "write it for the schedule that makes them, or remove it",
            )
        };
        let problem = problems.at(&span, message, hint);
        let problem = problem.noted(&problems.source, at.span.clone(), "this makes it a drill");
        problems.add(problem);
    }
    Some(drilled)
}

/// What is there and belongs to the schedule that is drilled, with its place.
fn own(raw: &RawSchedule) -> impl Iterator<Item = (&'static str, Range<usize>)> {
    let plugin = raw.plugin.as_ref().map(|at| at.span.clone());
    let memory = raw.memory.as_ref().map(|at| at.span.clone());
    let config = raw.config.as_ref().map(|at| at.span.clone());
    let grants = raw.grants.as_ref().map(|table| table.span.clone());
    let retention = raw.retention.as_ref().map(|table| table.span.clone());
    let off_site = raw.off_site.as_ref().map(|table| table.span.clone());
    let max_age = raw.max_age.as_ref().map(|at| at.span.clone());
    let place = raw.place.as_ref().map(|at| at.span.clone());
    let shadow_of = raw.shadow_of.as_ref().map(|at| at.span.clone());
    let succeeded_by = raw.succeeded_by.as_ref().map(|at| at.span.clone());
    [
        ("plugin", plugin),
        ("memory", memory),
        ("config", config),
        ("grants", grants),
        ("retention", retention),
        ("off-site", off_site),
        ("max-age", max_age),
        ("place", place),
        ("shadow-of", shadow_of),
        ("succeeded-by", succeeded_by),
    ]
    .into_iter()
    .filter_map(|(key, span)| Some((key, span?)))
}
