//! The role of a schedule in the swap of a provider: `shadow-of`, `succeeded-by`.
//!
//! Owns: which keys such an entry has not, because it has them from another schedule.
//! Never: looks for that schedule (`cross_checks::swaps`).

use strongroom_domain::ScheduleName;
use strongroom_domain::schedule::{After, SwapRole, Trigger};

use super::names::named;
use crate::problems::Problems;
use crate::raw::RawSchedule;
use crate::reader::{At, RawTable};
use crate::section::Group;

/// Whether the entry names a role in a swap, rightly or wrongly.
pub(super) fn is_given(raw: &RawSchedule) -> bool {
    raw.has("shadow-of") || raw.has("succeeded-by")
}

/// The role, or `None` and a reported problem.
pub(super) fn swap_role(raw: &RawSchedule, problems: &mut Problems) -> Option<SwapRole> {
    let name = |at: &At<String>, problems: &mut Problems| {
        named("a schedule", ScheduleName::new, at, problems)
    };
    let shadow = &raw.shadow_of;
    match (shadow, &raw.succeeded_by) {
        (None, None) if is_given(raw) => None,
        (None, None) => Some(SwapRole::Primary),
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
                raw,
                problems,
            );
            name(at, problems).map(SwapRole::ShadowOf)
        }
        (None, Some(at)) => {
            let why = "a succeeded schedule has it from the one that took its place";
            alone("succeeded-by", why, raw, problems);
            name(at, problems).map(SwapRole::SucceededBy)
        }
    }
}

/// Reports every key that such an entry has from another schedule.
fn alone(with: &str, why: &str, raw: &RawSchedule, problems: &mut Problems) {
    for (key, span) in raw.places() {
        if key.group == Group::Timetable {
            let message = format!("`{}` does not go with `{with}`", key.name);
            problems.error(&span, message, format!("{why}; remove it here"));
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
