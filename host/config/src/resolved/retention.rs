//! Which snapshots are kept: the rules of a schedule.
//!
//! Owns: that the rules keep something.
//! Never: decides about a snapshot; `strongroom_domain::retention` does.

use strongroom_domain::retention::{Retention, Within};

use crate::problems::Problems;
use crate::raw::RawRetention;
use crate::reader::{At, RawTable};

/// Without `floor`, the newest good snapshot is never deleted.
const FLOOR: u32 = 1;

/// The rules, or `None` and a reported problem.
pub(super) fn retention(raw: &At<RawRetention>, problems: &mut Problems) -> Option<Retention> {
    let counts = [
        ("keep-last", &raw.keep_last),
        ("keep-hourly", &raw.keep_hourly),
        ("keep-daily", &raw.keep_daily),
        ("keep-weekly", &raw.keep_weekly),
        ("keep-monthly", &raw.keep_monthly),
        ("keep-yearly", &raw.keep_yearly),
    ];
    for (key, at) in counts
        .iter()
        .filter_map(|(key, at)| at.as_ref().map(|at| (key, at)))
    {
        if at.value == 0 {
            problems.error(
                &at.span,
                format!("`{key} = 0` keeps nothing"),
                "remove the line, or write 1 or more",
            );
        }
    }
    if !raw.given().iter().any(|key| key.starts_with("keep-")) {
        problems.error(
            &raw.span,
            "no rule here keeps a snapshot",
            "add one such as `keep-within = \"5d\"` or `keep-last = 5`; to keep everything, remove the table",
        );
    }
    let keep_within = match &raw.keep_within {
        None => None,
        Some(at) => Some(within(at, problems)?),
    };
    let count = |at: &Option<At<u32>>| at.as_ref().map(|at| at.value);
    Some(Retention {
        keep_within,
        keep_last: count(&raw.keep_last),
        keep_hourly: count(&raw.keep_hourly),
        keep_daily: count(&raw.keep_daily),
        keep_weekly: count(&raw.keep_weekly),
        keep_monthly: count(&raw.keep_monthly),
        keep_yearly: count(&raw.keep_yearly),
        floor: count(&raw.floor).unwrap_or(FLOOR),
    })
}

fn within(at: &At<String>, problems: &mut Problems) -> Option<Within> {
    match Within::parse(&at.value) {
        Ok(within) => Some(within),
        Err(error) => {
            problems.error(&at.span, error.message, error.hint.unwrap_or_default());
            None
        }
    }
}
