//! Ages in calendar units: `5d`, `3mo`, `1y6mo`.

use std::fmt;
use std::hash::{Hash, Hasher};

use jiff::{Span, Timestamp};

use crate::calendar::Zone;

/// Units from long to short, with the most that one may count: about a century.
const UNITS: [(&str, i64); 5] = [
    ("y", 100),
    ("mo", 1200),
    ("w", 5200),
    ("d", 36_500),
    ("h", 876_000),
];

/// A calendar-aware age: a day ends at the same civil time, a month on the same day or the last of its month.
#[derive(Debug, Clone)]
pub struct Within {
    text: String,
    span: Span,
}

/// Says why a text is not an age.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WithinError {
    /// One sentence.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Within {
    /// Reads whole numbers with `y mo w d h`, long units first: `5d`, `3mo`, `1y6mo`.
    ///
    /// # Errors
    /// [`WithinError`] names the part that cannot be read.
    pub fn parse(text: &str) -> Result<Self, WithinError> {
        let fail = |reason: String, hint: &str| {
            let message = format!("`{text}` is not an age: {reason}");
            Err(WithinError {
                message,
                hint: Some(hint.to_owned()),
            })
        };
        let mut span = Span::new();
        let mut rest = text;
        let mut next_unit = 0;
        while !rest.is_empty() {
            let (number, after) = split_where(rest, |c| !c.is_ascii_digit());
            let (unit, after) = split_where(after, |c| c.is_ascii_digit());
            if number.is_empty() {
                return fail(
                    format!("a number is missing before `{unit}`"),
                    "write it as in `5d` or `3mo`",
                );
            }
            let place = UNITS.iter().position(|(name, _)| *name == unit);
            let Some((place, (_, most))) = place.and_then(|place| Some((place, UNITS.get(place)?)))
            else {
                return match unit {
                    "m" => fail(
                        "`m` may be minutes or months".into(),
                        "write months as `mo`",
                    ),
                    "" => fail(
                        format!("`{number}` has no unit"),
                        "the units are y, mo, w, d and h",
                    ),
                    _ => fail(
                        format!("`{unit}` is not a unit"),
                        "the units are y, mo, w, d and h",
                    ),
                };
            };
            if place < next_unit {
                return fail(
                    format!("`{number}{unit}` is out of order"),
                    "write each unit once, long ones first, as in `1y6mo`",
                );
            }
            next_unit = place + 1;
            let Some(count) = number.parse::<i64>().ok().filter(|count| count <= most) else {
                return fail(
                    format!("`{number}{unit}` is longer than a century"),
                    "write a shorter age",
                );
            };
            span = with(span, unit, count);
            rest = after;
        }
        if span.is_zero() {
            return fail(
                "it is no time at all".into(),
                "write it as in `5d` or `3mo`",
            );
        }
        Ok(Self {
            text: text.to_owned(),
            span,
        })
    }

    /// The age as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// When something of that moment reaches this age, by the zone's calendar; `None`: beyond all calendars.
    #[must_use]
    pub fn end(&self, from: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let reached = from
            .to_zoned(zone.time_zone().clone())
            .checked_add(self.span);
        reached.ok().map(|reached| reached.timestamp())
    }
}

impl PartialEq for Within {
    fn eq(&self, other: &Self) -> bool {
        self.span.fieldwise() == other.span.fieldwise()
    }
}

impl Eq for Within {}

impl Hash for Within {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.span.fieldwise().hash(state);
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

fn with(span: Span, unit: &str, count: i64) -> Span {
    match unit {
        "y" => span.years(count),
        "mo" => span.months(count),
        "w" => span.weeks(count),
        "d" => span.days(count),
        _ => span.hours(count),
    }
}

fn split_where(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(age: &str, zone: &str, from: &str) -> String {
        let zone = Zone::parse(zone).unwrap();
        Within::parse(age)
            .unwrap()
            .end(from.parse().unwrap(), &zone)
            .unwrap()
            .to_string()
    }

    #[test]
    fn months_end_on_the_last_day_of_a_shorter_month() {
        assert_eq!(
            end("3mo", "-03:00", "2026-11-30T06:00:00Z"),
            "2027-02-28T06:00:00Z"
        );
        assert_eq!(
            end("3mo", "-03:00", "2027-11-30T06:00:00Z"),
            "2028-02-29T06:00:00Z"
        );
        assert_eq!(
            end("1y", "UTC", "2028-02-29T00:00:00Z"),
            "2029-02-28T00:00:00Z"
        );
    }

    #[test]
    fn the_month_is_that_of_the_zone() {
        // 1 December in UTC, still 30 November at -03:00.
        assert_eq!(
            end("3mo", "-03:00", "2026-12-01T01:00:00Z"),
            "2027-03-01T01:00:00Z"
        );
        assert_eq!(
            end("3mo", "UTC", "2026-12-01T01:00:00Z"),
            "2027-03-01T01:00:00Z"
        );
        assert_eq!(
            end("1mo", "-03:00", "2027-02-01T01:00:00Z"),
            "2027-03-01T01:00:00Z"
        );
        assert_eq!(
            end("1mo", "UTC", "2027-02-01T01:00:00Z"),
            "2027-03-01T01:00:00Z"
        );
        assert_eq!(
            end("1mo", "-03:00", "2027-05-01T01:00:00Z"),
            "2027-05-31T01:00:00Z"
        );
    }

    #[test]
    fn days_end_at_the_same_civil_time_and_hours_in_real_time() {
        // New York springs forward on 2026-03-08.
        assert_eq!(
            end("1d", "America/New_York", "2026-03-07T17:00:00Z"),
            "2026-03-08T16:00:00Z"
        );
        assert_eq!(
            end("24h", "America/New_York", "2026-03-07T17:00:00Z"),
            "2026-03-08T17:00:00Z"
        );
    }

    #[test]
    fn ages_are_read_or_refused_with_a_reason() {
        assert_eq!(
            Within::parse("1y6mo2w5d12h").unwrap().as_str(),
            "1y6mo2w5d12h"
        );
        assert_ne!(Within::parse("1d").unwrap(), Within::parse("24h").unwrap());
        for (text, part) in [
            ("", "no time at all"),
            ("0d", "no time at all"),
            ("5", "`5` has no unit"),
            ("d", "number is missing"),
            ("-5d", "number is missing"),
            ("3m", "minutes or months"),
            ("5 d", "` d` is not a unit"),
            ("1d1y", "out of order"),
            ("101y", "longer than a century"),
            ("99999999999999999999d", "longer than a century"),
        ] {
            let error = Within::parse(text).unwrap_err();
            assert!(error.message.contains(part), "{text}: {error}");
        }
    }
}
