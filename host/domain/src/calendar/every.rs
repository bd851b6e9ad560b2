//! `every = "15m"`: a fixed distance, anchored to midnight of the zone.
//!
//! Owns: what distances are allowed and the instants they mean.
//! Shorter than a day: counted in real time from each midnight of the zone, starting afresh at the next one, so `7h` is
//! 00:00, 07:00, 14:00, 21:00 every day, and a day of 23 or 25 hours only changes its last distance.
//! Whole days: the midnights of every n-th day since 1970-01-01, so that a restart never shifts them.
//! A midnight that does not exist is the first moment of the day; one that exists twice is its first.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Span, Timestamp, Unit};

use super::dst::{self, Meaning};
use super::length::parse_duration;
use super::{DstNote, DueTime, Zone};

const DAY_SECONDS: i64 = 86_400;
/// The longest distance: a slip of the hand beyond.
const LONGEST_DAYS: i64 = 366;
/// Day zero of distances of whole days.
const EPOCH: Date = date(1970, 1, 1);

/// A fixed distance between due times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Every {
    text: Arc<str>,
    seconds: i64,
}

/// Says why a text is not a distance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EveryError {
    /// One sentence.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Every {
    /// Reads a distance: whole seconds below a day (`90s`, `15m`, `1h30m`), whole days above (`1d`, `2w`).
    ///
    /// # Errors
    /// [`EveryError`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, EveryError> {
        let fail = |message: String, hint: &str| {
            Err(EveryError {
                message,
                hint: Some(hint.to_owned()),
            })
        };
        let length = match parse_duration(text) {
            Ok(length) => length,
            Err(error) => {
                return Err(EveryError {
                    message: error.message,
                    hint: error.hint,
                });
            }
        };
        if length.is_zero() || length.subsec_nanos() != 0 {
            return fail(
                format!("`{text}` is not a number of whole seconds"),
                "the shortest distance is `1s`",
            );
        }
        let seconds = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
        if seconds > LONGEST_DAYS * DAY_SECONDS {
            return fail(
                format!("`{text}` is longer than a year"),
                "write a cron text, such as `0 3 1 1 *`",
            );
        }
        if seconds > DAY_SECONDS && seconds % DAY_SECONDS != 0 {
            return fail(
                format!("`{text}` is longer than a day and not a number of whole days"),
                "distances are anchored to midnight: write `12h`, `1d` or `2d`",
            );
        }
        Ok(Self {
            text: text.into(),
            seconds,
        })
    }

    /// The distance as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The distance in real time (a whole day is shown as 24 hours).
    #[must_use]
    pub const fn distance(&self) -> Duration {
        Duration::from_secs(self.seconds.unsigned_abs())
    }

    /// The first due time strictly after a moment.
    pub(super) fn next(&self, zone: &Zone, after: Timestamp) -> Option<DueTime> {
        // Where the clocks go back over midnight, the next day has already begun once; the loop finds it.
        let mut day = zone.time_zone().to_datetime(after).date();
        if self.seconds >= DAY_SECONDS {
            day = self.on_grid(day)?;
        }
        loop {
            let start = first_moment(zone, day)?;
            if start.at > after {
                return Some(start);
            }
            day = self.following(day)?;
            if self.seconds < DAY_SECONDS {
                let elapsed = after.duration_since(start.at).as_secs();
                let steps = elapsed / self.seconds + 1;
                let at = start
                    .at
                    .checked_add(SignedDuration::from_secs(steps * self.seconds))
                    .ok()?;
                if first_moment(zone, day).is_none_or(|midnight| at < midnight.at) {
                    return Some(DueTime { at, note: None });
                }
            }
        }
    }

    fn following(&self, day: Date) -> Option<Date> {
        day.checked_add(Span::new().days((self.seconds / DAY_SECONDS).max(1)))
            .ok()
    }

    /// The first day of the grid that is not before `day`.
    fn on_grid(&self, day: Date) -> Option<Date> {
        let since_epoch = i64::from(EPOCH.until((Unit::Day, day)).ok()?.get_days());
        let missing = (-since_epoch).rem_euclid(self.seconds / DAY_SECONDS);
        day.checked_add(Span::new().days(missing)).ok()
    }
}

/// When a day of a zone begins. A day that does not exist begins when the next one does.
fn first_moment(zone: &Zone, day: Date) -> Option<DueTime> {
    let midnight = day.at(0, 0, 0, 0);
    Some(match dst::meaning(zone.time_zone(), midnight)? {
        Meaning::Once(at) => DueTime { at, note: None },
        Meaning::Twice(at, _) => DueTime {
            at,
            note: Some(DstNote::FirstOfTwo(midnight)),
        },
        Meaning::Never(change) => DueTime {
            at: change.at,
            note: Some(DstNote::MovedOutOfGap(midnight)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(every: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let (every, zone) = (Every::parse(every).unwrap(), Zone::parse(zone).unwrap());
        let mut at: Timestamp = after.parse().unwrap();
        let mut found = Vec::new();
        for _ in 0..count {
            at = every.next(&zone, at).unwrap().at;
            found.push(
                zone.time_zone()
                    .to_datetime(at)
                    .strftime("%d %H:%M:%S")
                    .to_string(),
            );
        }
        found
    }

    #[test]
    fn short_distances_are_anchored_to_midnight_not_to_the_start() {
        assert_eq!(
            times("15m", "-03:00", "2026-11-19T05:59:59.5Z", 3),
            ["19 03:00:00", "19 03:15:00", "19 03:30:00"]
        );
        assert_eq!(
            times("15m", "UTC", "2026-11-19T06:00:00Z", 1),
            ["19 06:15:00"]
        );
        assert_eq!(
            times("7h", "UTC", "1947-10-27T06:59:59.9Z", 2),
            ["27 07:00:00", "27 14:00:00"]
        );
    }

    #[test]
    fn a_distance_that_does_not_divide_the_day_starts_afresh_at_midnight() {
        assert_eq!(
            times("7h", "UTC", "2026-11-19T00:00:00Z", 5),
            [
                "19 07:00:00",
                "19 14:00:00",
                "19 21:00:00",
                "20 00:00:00",
                "20 07:00:00"
            ]
        );
    }

    #[test]
    fn a_long_day_only_changes_its_last_distance() {
        // New York, 2026-11-01, 25 hours.
        assert_eq!(
            times("12h", "America/New_York", "2026-11-01T03:59:00Z", 4),
            ["01 00:00:00", "01 11:00:00", "01 23:00:00", "02 00:00:00"]
        );
    }

    #[test]
    fn whole_days_are_counted_from_a_fixed_day() {
        assert_eq!(
            times("2d", "UTC", "1970-01-01T00:00:00Z", 2),
            ["03 00:00:00", "05 00:00:00"]
        );
        assert_eq!(
            times("2d", "UTC", "1970-01-02T12:00:00Z", 1),
            ["03 00:00:00"]
        );
        assert_eq!(
            times("1w", "UTC", "1969-12-30T12:00:00Z", 1),
            ["01 00:00:00"]
        );
        assert_eq!(
            times("24h", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
            ["29 00:00:00", "30 00:00:00"]
        );
    }

    #[test]
    fn a_day_that_does_not_exist_begins_with_the_next_once() {
        assert_eq!(
            times("1d", "Pacific/Apia", "2011-12-29T10:30:00Z", 2),
            ["31 00:00:00", "01 00:00:00"]
        );
        assert_eq!(
            times("12h", "Pacific/Apia", "2011-12-29T10:30:00Z", 2),
            ["29 12:00:00", "31 00:00:00"]
        );
    }

    #[test]
    fn impossible_distances_are_refused() {
        for text in ["0s", "500ms", "1s500ms", "36h", "1d1s", "367d", "", "soon"] {
            assert!(Every::parse(text).is_err(), "{text}");
        }
    }
}
