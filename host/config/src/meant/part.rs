//! The part of a schedule in the swap of a provider: `shadow-of`, `succeeded-by`.
//!
//! Owns: which keys such an entry has not, because it has them from another schedule.
//! Never: looks for that schedule (`swaps`).

use strongroom_domain::ScheduleName;
use strongroom_domain::schedule::{After, Part, Trigger};

use super::names::named;
use crate::problems::Problems;
use crate::written::{At, ScheduleWritten};

/// The keys that say when, and for whom.
pub(crate) const TIMETABLE: [&str; 12] = [
    "cron",
    "every",
    "at",
    "on",
    "after",
    "after-outcome",
    "timezone",
    "dst-gap",
    "dst-overlap",
    "spread",
    "blackout",
    "tenants",
];

/// Whether the entry says that it has a part, rightly or wrongly.
pub(super) fn is_given(written: &ScheduleWritten) -> bool {
    written.given.contains("shadow-of") || written.given.contains("succeeded-by")
}

/// The part, or `None` and a reported problem.
pub(super) fn part(written: &ScheduleWritten, problems: &mut Problems) -> Option<Part> {
    let name = |at: &At<String>, problems: &mut Problems| {
        named("a schedule", ScheduleName::new, at, problems)
    };
    let shadow = &written.shadow_of;
    match (shadow, &written.succeeded_by) {
        (None, None) if is_given(written) => None,
        (None, None) => Some(Part::Primary),
        (Some(shadow), Some(succeeded)) => {
            let hint =
                "keep `shadow-of` for a rehearsal, `succeeded-by` for what was in force before";
            let message = "a schedule is a shadow or was succeeded, not both";
            let problem = problems.at(&succeeded.span, message, hint);
            let problem = problem.noted(&problems.source, shadow.span.clone(), "the other one");
            problems.add(problem);
            None
        }
        (Some(at), None) => {
            alone(
                "shadow-of",
                "a shadow has it from the schedule it shadows",
                written,
                problems,
            );
            name(at, problems).map(Part::ShadowOf)
        }
        (None, Some(at)) => {
            let why = "a succeeded schedule has it from the one that took its place";
            alone("succeeded-by", why, written, problems);
            name(at, problems).map(Part::SucceededBy)
        }
    }
}

/// Reports every key that such an entry has from another schedule.
fn alone(part: &str, why: &str, written: &ScheduleWritten, problems: &mut Problems) {
    let spans = [
        written.cron.as_ref().map(|at| &at.span),
        written.every.as_ref().map(|at| &at.span),
        written.at.as_ref().map(|at| &at.span),
        written.on.as_ref().map(|at| &at.span),
        written.after.as_ref().map(|at| &at.span),
        written.after_outcome.as_ref().map(|at| &at.span),
        written.timezone.as_ref().map(|at| &at.span),
        written.dst_gap.as_ref().map(|at| &at.span),
        written.dst_overlap.as_ref().map(|at| &at.span),
        written.spread.as_ref().map(|at| &at.span),
        written.blackout.as_ref().map(|at| &at.span),
        written.tenants.as_ref().map(|at| &at.span),
    ];
    for (key, span) in TIMETABLE.into_iter().zip(spans) {
        if let Some(span) = span {
            let message = format!("`{key}` does not go with `{part}`");
            problems.error(span, message, format!("{why}; remove it here"));
        }
    }
}

/// Stands until the other schedule is found: it is due by that one's trigger.
pub(super) fn not_yet(other: &ScheduleName) -> Trigger {
    Trigger::After(After {
        schedule: other.clone(),
        outcomes: Vec::new(),
    })
}
