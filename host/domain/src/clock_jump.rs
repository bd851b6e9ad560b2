//! A clock that jumps: the machine's time was set, by a person or by a time service gone wrong.
//!
//! Owns: what counts as a jump. Due times are safe anyway (`planning`); what cannot be undone waits for a person.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A difference that is no jump: time services correct seconds, not minutes.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// How long a jump forward is not believed: a time service that went wrong for a moment must not use up the due times
/// of the days it skipped.
pub const DOUBT: Duration = Duration::from_secs(60);

/// The machine's two clocks, read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The time of day, which can be set.
    pub wall: Timestamp,
    /// Time since some moment, which only runs.
    pub steady: Duration,
}

/// By how much the time of day was set between two readings, if that is a jump.
#[must_use]
pub fn jumped(before: Reading, now: Reading) -> Option<SignedDuration> {
    let passed = now.steady.saturating_sub(before.steady);
    let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
    let shown = now.wall.duration_since(before.wall);
    let by = shown.checked_sub(passed)?;
    (by.abs() > TOLERANCE).then_some(by)
}

/// What to tell a person about a jump.
#[must_use]
pub fn explain(by: SignedDuration, now: Timestamp) -> String {
    let direction = if by.is_negative() { "back" } else { "forward" };
    format!(
        "the clock of this machine was set {direction} by {:#} and shows {now}; nothing is deleted until a person \
         confirms the time with `strongroom clock accept --reason …`",
        SignedDuration::from_secs(by.abs().as_secs())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall: i64, steady: u64) -> Reading {
        Reading {
            wall: Timestamp::from_second(wall).unwrap(),
            steady: Duration::from_secs(steady),
        }
    }

    #[test]
    fn only_more_than_five_minutes_is_a_jump() {
        assert_eq!(jumped(at(0, 0), at(3600, 3600)), None);
        assert_eq!(jumped(at(0, 0), at(300 + 10, 10)), None);
        assert_eq!(
            jumped(at(0, 0), at(301 + 10, 10)),
            Some(SignedDuration::from_secs(301))
        );
        assert_eq!(
            jumped(at(0, 0), at(-291, 10)),
            Some(SignedDuration::from_secs(-301))
        );
    }

    #[test]
    fn a_jump_is_explained() {
        let text = explain(SignedDuration::from_secs(-7260), Timestamp::UNIX_EPOCH);
        assert!(text.contains("back by 2h 1m"), "{text}");
    }
}
