//! Times at which nothing begins: holidays, working hours, a freeze.
//!
//! Owns: the question whether a moment lies in a blackout. A due time that does ends as `skipped-blackout`.
//! Never: reads a calendar file (`strongroom-config` does).

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};

use crate::calendar::Zone;

/// When nothing begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blackout {
    /// In the order written.
    pub periods: Arc<[Period]>,
}

/// A part of a blackout. Days and times of day are those of the schedule's zone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Period {
    /// Whole days.
    Days {
        /// The first.
        first: Date,
        /// The last, which belongs to it.
        last: Date,
        /// What a person calls it.
        name: String,
    },
    /// Hours of some days of the week. Through midnight if `to` is not later than `from`: what comes after midnight
    /// belongs to the day on which it began.
    Hours {
        /// On which days it begins.
        weekdays: Weekdays,
        /// From.
        from: Time,
        /// Up to, exclusive.
        to: Time,
        /// What a person calls it.
        name: String,
    },
    /// From one moment to another, exclusive.
    Between {
        /// From.
        from: Timestamp,
        /// Up to, exclusive.
        to: Timestamp,
        /// What a person calls it.
        name: String,
    },
}

/// Some days of the week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

impl Weekdays {
    /// All seven.
    pub const ALL: Self = Self(0b111_1111);

    /// With one more.
    #[must_use]
    pub fn with(self, day: Weekday) -> Self {
        Self(self.0 | 1 << day.to_monday_zero_offset())
    }

    /// Whether a day is one of them.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & 1 << day.to_monday_zero_offset() != 0
    }
}

impl Blackout {
    /// The name of the period in which a moment lies; `None`: something may begin.
    #[must_use]
    pub fn covers(&self, at: Timestamp, zone: &Zone) -> Option<&str> {
        if self.periods.is_empty() {
            return None;
        }
        let civil = zone.time_zone().to_datetime(at);
        let (date, time) = (civil.date(), civil.time());
        self.periods.iter().find_map(|period| match period {
            Period::Days { first, last, name } => {
                (*first <= date && date <= *last).then_some(name.as_str())
            }
            Period::Hours {
                weekdays,
                from,
                to,
                name,
            } => {
                let today = weekdays.contains(date.weekday());
                let yesterday = weekdays.contains(date.weekday().previous());
                let within = if from < to {
                    today && *from <= time && time < *to
                } else {
                    (today && *from <= time) || (yesterday && time < *to)
                };
                within.then_some(name.as_str())
            }
            Period::Between { from, to, name } => {
                (*from <= at && at < *to).then_some(name.as_str())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    fn covers(period: Period, at: &str) -> bool {
        let zone = Zone::parse("-03:00").unwrap();
        let blackout = Blackout {
            periods: vec![period].into(),
        };
        blackout.covers(at.parse().unwrap(), &zone).is_some()
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let christmas = Period::Days {
            first: date(2026, 12, 24),
            last: date(2026, 12, 25),
            name: "Christmas".into(),
        };
        assert!(!covers(christmas.clone(), "2026-12-24T02:59:59Z"));
        assert!(covers(christmas.clone(), "2026-12-24T03:00:00Z"));
        assert!(covers(christmas.clone(), "2026-12-26T02:59:59Z"));
        assert!(!covers(christmas, "2026-12-26T03:00:00Z"));
    }

    #[test]
    fn hours_through_midnight_belong_to_the_day_they_began() {
        let friday_night = Period::Hours {
            weekdays: Weekdays::default().with(Weekday::Friday),
            from: time(22, 0, 0, 0),
            to: time(2, 0, 0, 0),
            name: "Friday night".into(),
        };
        // 2026-11-20 is a Friday.
        assert!(covers(friday_night.clone(), "2026-11-20T22:00:00-03:00"));
        assert!(covers(friday_night.clone(), "2026-11-21T01:59:59-03:00"));
        assert!(!covers(friday_night.clone(), "2026-11-21T02:00:00-03:00"));
        assert!(!covers(friday_night.clone(), "2026-11-20T01:00:00-03:00"));
        assert!(!covers(friday_night, "2026-11-21T22:00:00-03:00"));
    }

    #[test]
    fn the_same_time_twice_is_a_whole_day() {
        let sunday = Period::Hours {
            weekdays: Weekdays::default().with(Weekday::Sunday),
            from: Time::midnight(),
            to: Time::midnight(),
            name: "Sunday".into(),
        };
        assert!(covers(sunday.clone(), "2026-11-22T00:00:00-03:00"));
        assert!(covers(sunday.clone(), "2026-11-22T23:59:59-03:00"));
        assert!(!covers(sunday, "2026-11-23T00:00:00-03:00"));
    }
}
