//! The role of a schedule in the swap of a provider: `shadow-of`, `succeeded-by`.
//!
//! Owns: which keys such an entry has not, because it has them from another schedule.
//! Never: looks for that schedule (`swaps`).

use strongroom_domain::ScheduleName;
use strongroom_domain::schedule::{After, SwapRole, Trigger};

use super::names::named;
use crate::problems::Problems;
use crate::raw::{At, RawSchedule};

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

/// Whether the entry names a role in a swap, rightly or wrongly.
pub(super) fn is_given(raw: &RawSchedule) -> bool {
    raw.given.contains("shadow-of") || raw.given.contains("succeeded-by")
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
    let spans = [
        raw.cron.as_ref().map(|at| &at.span),
        raw.every.as_ref().map(|at| &at.span),
        raw.at.as_ref().map(|at| &at.span),
        raw.on.as_ref().map(|at| &at.span),
        raw.after.as_ref().map(|at| &at.span),
        raw.after_outcome.as_ref().map(|at| &at.span),
        raw.timezone.as_ref().map(|at| &at.span),
        raw.dst_gap.as_ref().map(|at| &at.span),
        raw.dst_overlap.as_ref().map(|at| &at.span),
        raw.spread.as_ref().map(|at| &at.span),
        raw.blackout.as_ref().map(|at| &at.span),
        raw.tenants.as_ref().map(|at| &at.span),
    ];
    for (key, span) in TIMETABLE.into_iter().zip(spans) {
        if let Some(span) = span {
            let message = format!("`{key}` does not go with `{with}`");
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
