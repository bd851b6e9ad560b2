//! Moments as machines read them: UTC, milliseconds, `Z`. All are of one width, so that they sort as text.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// A moment as text. What is finer than a millisecond is cut off.
#[must_use]
pub fn text(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Serializes a moment or none, for `#[serde(with = "json_time")]`.
///
/// # Errors
/// The serializer's own.
pub fn serialize<T, S>(at: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Copy + Into<Option<Timestamp>>,
    S: Serializer,
{
    (*at).into().map(text).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_of_the_same_width() {
        let at = |nanosecond| Timestamp::from_nanosecond(nanosecond).unwrap();
        assert_eq!(text(at(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(at(1_500_999_999)), "1970-01-01T00:00:01.500Z");
        assert_eq!(text(Timestamp::MAX), "9999-12-30T22:00:00.999Z");
    }
}
