//! Lengths of time as people write them: `90s`, `2h30m`, `5d`.
//!
//! Owns: numbers with units, and what to say when they are wrong.
//! Never: calendar lengths (months, years); those are `retention::Within`.

use std::time::Duration;

/// Longest length of time: beyond a century it is a slip of the hand.
const LONGEST_MS: u64 = 100 * 366 * 86_400_000;

/// Units from long to short, with their milliseconds.
const UNITS: [(&str, u64); 6] = [
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Says why a text is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DurationError {
    /// One sentence.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// Reads a length of time: whole numbers with `w d h m s ms`, long units first (`1w2d`, `2h30m`, `250ms`).
///
/// # Errors
/// [`DurationError`] names the part that cannot be read.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let fail = |message: String, hint: &str| {
        Err(DurationError {
            message,
            hint: Some(hint.to_owned()),
        })
    };
    if text.is_empty() {
        return fail(
            "the length of time is empty".into(),
            "write a number and a unit, as in `15m` or `2h30m`",
        );
    }
    let mut rest = text;
    let mut total_ms: u64 = 0;
    let mut next_unit = 0;
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |c| !c.is_ascii_digit());
        if number.is_empty() {
            let hint = "write whole numbers with units and no spaces, as in `15m` or `2h30m`";
            return fail(
                format!("`{text}` is not a length of time: a number is missing before `{after}`"),
                hint,
            );
        }
        let (unit, after) = split_where(after, |c| c.is_ascii_digit());
        let Some(place) = UNITS.iter().position(|(name, _)| *name == unit) else {
            return fail(
                unknown_unit(text, number, unit),
                "the units are w, d, h, m, s and ms",
            );
        };
        if place < next_unit {
            return fail(
                format!("`{text}` is not a length of time: `{number}{unit}` is out of order"),
                "write each unit once, long ones first, as in `1d12h`",
            );
        }
        next_unit = place + 1;
        let size = UNITS.get(place).map_or(0, |(_, size)| *size);
        let part = number.parse::<u64>().ok().and_then(|n| n.checked_mul(size));
        match part
            .and_then(|part| total_ms.checked_add(part))
            .filter(|sum| *sum <= LONGEST_MS)
        {
            Some(sum) => total_ms = sum,
            None => {
                return fail(
                    format!("`{text}` is longer than a century"),
                    "write a shorter length of time",
                );
            }
        }
        rest = after;
    }
    Ok(Duration::from_millis(total_ms))
}

fn unknown_unit(text: &str, number: &str, unit: &str) -> String {
    if unit.is_empty() {
        format!("`{text}` is not a length of time: `{number}` has no unit")
    } else {
        format!("`{text}` is not a length of time: `{unit}` is not a unit")
    }
}

fn split_where(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_add_up() {
        for (text, ms) in [
            ("250ms", 250),
            ("15m", 900_000),
            ("2h30m", 9_000_000),
            ("1w1d1h1m1s1ms", 694_861_001),
            ("0s", 0),
            ("90m", 5_400_000),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(ms)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            ("", "empty"),
            ("15", "`15` has no unit"),
            ("m", "number is missing"),
            ("-5m", "number is missing"),
            ("1.5h", "`.` is not a unit"),
            ("1 h", "` h` is not a unit"),
            ("15min", "`min` is not a unit"),
            ("3mo", "`mo` is not a unit"),
            ("1m1h", "`1h` is out of order"),
            ("1h1h", "`1h` is out of order"),
            ("99999999999999999999d", "longer than a century"),
            ("36601d", "longer than a century"),
        ] {
            let error = parse_duration(text).unwrap_err();
            assert!(error.message.contains(part), "{text}: {error}");
            assert!(error.hint.is_some());
        }
    }
}
