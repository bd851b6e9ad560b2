//! Lengths of time, with their limits; waits after a failure.
//!
//! Owns: what is too short or too long, and why.
//! Never: reads a length itself; the domain does.

use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use strongroom_domain::calendar::parse_duration;
use strongroom_domain::retry::RetryPolicy;
use strongroom_domain::schedule::defaults;

use crate::problems::Problems;
use crate::raw::{RawRetry, RawSchedule};
use crate::reader::At;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// A run that takes longer than a week is one that hangs.
const TIMEOUTS: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(7 * 24 * 3600);
/// Beyond a year, what was missed is history.
const MISSED_WITHIN: RangeInclusive<Duration> = MINUTE..=Duration::from_secs(366 * 24 * 3600);
/// Shorter is a hot loop at a provider that is already in trouble; longer than a day, the next due time is there.
const WAITS: RangeInclusive<Duration> = Duration::from_secs(1)..=DAY;
/// Tries beyond this only repeat the same failure.
const ATTEMPTS: RangeInclusive<u32> = 1..=100;

/// `timeout` and `missed-within`; what is wrong is reported.
pub(super) fn of_runs(raw: &RawSchedule, problems: &mut Problems) -> (Duration, Duration) {
    let timeout = length(
        "timeout",
        raw.timeout.as_ref(),
        defaults::TIMEOUT,
        TIMEOUTS,
        problems,
    );
    let missed_within = length(
        "missed-within",
        raw.missed_within.as_ref(),
        defaults::MISSED_WITHIN,
        MISSED_WITHIN,
        problems,
    );
    (timeout, missed_within)
}

/// A length of time within limits; the default if it is absent or wrong.
pub(super) fn length(
    key: &str,
    raw: Option<&At<String>>,
    default: Duration,
    limits: RangeInclusive<Duration>,
    problems: &mut Problems,
) -> Duration {
    let Some(at) = raw else { return default };
    match parse_duration(&at.value) {
        Ok(length) => {
            within(
                key,
                &at.value,
                length,
                &limits,
                &at.span,
                problems,
                |limit| in_words(*limit),
            );
            length
        }
        Err(error) => {
            problems.error(&at.span, error.message, error.hint.unwrap_or_default());
            default
        }
    }
}

/// Reports a value outside its limits.
fn within<T: PartialOrd>(
    key: &str,
    shown: &dyn Display,
    value: T,
    limits: &RangeInclusive<T>,
    span: &Range<usize>,
    problems: &mut Problems,
    words: impl Fn(&T) -> String,
) {
    let (message, limit, side) = if value < *limits.start() {
        (
            format!("`{key}` is too small: {shown}"),
            limits.start(),
            "smallest",
        )
    } else if value > *limits.end() {
        (
            format!("`{key}` is too large: {shown}"),
            limits.end(),
            "largest",
        )
    } else {
        return;
    };
    problems.error(span, message, format!("the {side} is {}", words(limit)));
}

/// `2h30m`: as it would be written in a file.
pub(super) fn in_words(length: Duration) -> String {
    let mut seconds = length.as_secs();
    let mut text = String::new();
    for (unit, size) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if seconds >= size {
            text.push_str(&format!("{}{unit}", seconds / size));
            seconds %= size;
        }
    }
    text
}

/// What happens after a failure; what is wrong is reported.
pub(super) fn retry(raw: Option<&At<RawRetry>>, problems: &mut Problems) -> RetryPolicy {
    let default = RetryPolicy::default();
    let Some(raw) = raw else {
        return default;
    };
    let attempts = raw.attempts.as_ref().map_or(default.attempts, |at| {
        within(
            "attempts",
            &at.value,
            at.value,
            &ATTEMPTS,
            &at.span,
            problems,
            ToString::to_string,
        );
        at.value
    });
    let mut delay = length("delay", raw.delay.as_ref(), default.delay, WAITS, problems);
    let mut longest = length(
        "longest",
        raw.longest.as_ref(),
        default.longest,
        WAITS,
        problems,
    );
    match (&raw.delay, &raw.longest) {
        (Some(delay_at), Some(longest_at)) if longest < delay => {
            let message = "the longest wait is shorter than the first";
            let hint = format!(
                "write `longest = \"{}\"` or more, or a shorter `delay`",
                in_words(delay)
            );
            let problem = problems.at(&longest_at.span, message, hint);
            let problem = problem.noted(&problems.source, delay_at.span.clone(), "the first wait");
            problems.add(problem);
        }
        // One of them is the default: it gives way.
        (Some(_), None) => longest = longest.max(delay),
        (None, Some(_)) => delay = delay.min(longest),
        _ => {}
    }
    RetryPolicy {
        attempts,
        delay,
        longest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_shown_as_they_would_be_written() {
        assert_eq!(in_words(Duration::from_secs(90 * 60)), "1h30m");
        assert_eq!(in_words(*TIMEOUTS.end()), "7d");
        assert_eq!(in_words(*WAITS.start()), "1s");
    }
}
