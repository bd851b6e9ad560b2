//! Sizes of memory: `256MiB`.
//!
//! Owns: units and limits.
//! Never: any other number.

use std::ops::RangeInclusive;

use strongroom_domain::schedule::defaults::MEMORY_CEILING;

use crate::problems::{Problems, shortened};
use crate::reader::At;

/// Less does not hold the runtime of a plugin's own language.
const SMALLEST: u64 = 1 << 20;

const UNITS: [(&str, u64); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Bytes, or `None` and a reported problem.
pub(super) fn memory(at: &At<String>, problems: &mut Problems) -> Option<u64> {
    let shown = shortened(&at.value);
    let Some(bytes) = bytes(&at.value) else {
        let hint = likely(&at.value).map_or_else(
            || "write a whole number and KiB, MiB or GiB, as in `\"256MiB\"`".to_owned(),
            |meant| format!("write `\"{meant}\"`; the units are KiB, MiB and GiB"),
        );
        problems.error(&at.span, format!("`{shown}` is not a size of memory"), hint);
        return None;
    };
    if (SMALLEST..=MEMORY_CEILING).contains(&bytes) {
        return Some(bytes);
    }
    let (side, hint) = if bytes < SMALLEST {
        ("small", "the smallest is `\"1MiB\"`")
    } else {
        (
            "large",
            "the largest is `\"1GiB\"`: more memory would let one call outlast its deadline",
        )
    };
    problems.error(&at.span, format!("`memory` is too {side}: {shown}"), hint);
    None
}

/// Bytes within limits, or `None` and a reported problem.
pub(super) fn bytes_within(
    key: &str,
    at: &At<String>,
    limits: RangeInclusive<u64>,
    problems: &mut Problems,
) -> Option<u64> {
    let found = bytes(&at.value).filter(|bytes| limits.contains(bytes));
    if found.is_none() {
        let (low, high) = (limits.start() >> 10, limits.end() >> 20);
        let message = format!("`{key}` cannot be `{}`", shortened(&at.value));
        let hint =
            format!("write a whole number and KiB or MiB, from `\"{low}KiB\"` to `\"{high}MiB\"`");
        problems.error(&at.span, message, hint);
    }
    found
}

fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
    // Past 64 bits it is too large all the same.
    Some(
        number
            .parse::<u64>()
            .map_or(u64::MAX, |number| number.saturating_mul(*size)),
    )
}

/// `256 mb`, `256M` and the like, as they should be written.
fn likely(text: &str) -> Option<String> {
    let (number, unit) = split(text)?;
    let letter = unit.chars().next().map(|c| c.to_ascii_uppercase())?;
    let (name, _) = UNITS.iter().find(|(name, _)| name.starts_with(letter))?;
    (unit.len() <= 3).then(|| format!("{number}{name}"))
}

fn split(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(end)?;
    (!number.is_empty()).then_some((number, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_units() {
        assert_eq!(bytes("256MiB"), Some(256 << 20));
        assert_eq!(bytes("1 GiB"), Some(1 << 30));
        assert_eq!(bytes("99999999999999999999KiB"), Some(u64::MAX));
        for wrong in ["", "256", "MiB", "256MB", "1.5GiB", "-1MiB", "256 mib", "ü"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
        assert_eq!(likely("256mb").as_deref(), Some("256MiB"));
        assert_eq!(likely("1.5GiB"), None);
    }
}
