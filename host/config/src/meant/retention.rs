//! Which snapshots are kept: the rules of a schedule.
//!
//! Owns: that the rules keep something.
//! Never: decides about a snapshot; `strongroom_domain::retention` does.

use strongroom_domain::retention::{Retention, Within};

use crate::problems::Problems;
use crate::written::{At, RetentionWritten};

/// Without `floor`, the newest good snapshot is never deleted.
const FLOOR: u32 = 1;

/// The rules, or `None` and a reported problem.
pub(super) fn retention(written: &RetentionWritten, problems: &mut Problems) -> Option<Retention> {
    let counts = [
        ("keep-last", &written.keep_last),
        ("keep-hourly", &written.keep_hourly),
        ("keep-daily", &written.keep_daily),
        ("keep-weekly", &written.keep_weekly),
        ("keep-monthly", &written.keep_monthly),
        ("keep-yearly", &written.keep_yearly),
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
    if !written.given.iter().any(|key| key.starts_with("keep-")) {
        problems.error(
            &written.span,
            "no rule here keeps a snapshot",
            "add one such as `keep-within = \"5d\"` or `keep-last = 5`; to keep everything, remove the table",
        );
    }
    let keep_within = match &written.keep_within {
        None => None,
        Some(at) => Some(within(at, problems)?),
    };
    let count = |at: &Option<At<u32>>| at.as_ref().map(|at| at.value);
    Some(Retention {
        keep_within,
        keep_last: count(&written.keep_last),
        keep_hourly: count(&written.keep_hourly),
        keep_daily: count(&written.keep_daily),
        keep_weekly: count(&written.keep_weekly),
        keep_monthly: count(&written.keep_monthly),
        keep_yearly: count(&written.keep_yearly),
        floor: count(&written.floor).unwrap_or(FLOOR),
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
