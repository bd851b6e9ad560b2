//! The oracle: walks through real time step by step, reads the zone's clock at each, and notes what is due.
//!
//! It shares no idea with the engine: its own reading of the text, its own calendar, and of the zone only "what does
//! the clock say at this instant". Slow and plain on purpose.

use jiff::Timestamp;
use strongroom_domain::calendar::{DstGap, DstOverlap, Zone};

/// Longer than any clock here is set back.
const MARGIN_SECONDS: i64 = 3 * 3600;
const DAY: i64 = 86_400;

/// A stretch of real time and what the zone's clock says at each step of it.
pub(crate) struct Walk {
    /// The first instant that counts, in seconds.
    pub(crate) from: i64,
    /// The first instant that no longer counts.
    pub(crate) to: i64,
    step: i64,
    first: i64,
    /// Clock readings as seconds since 1970-01-01 00:00 on that clock.
    readings: Vec<i64>,
}

impl Walk {
    pub(crate) fn new(zone: &Zone, from: i64, to: i64, step: i64) -> Self {
        let (from, to) = (from - from.rem_euclid(step), to - to.rem_euclid(step));
        let first = from - MARGIN_SECONDS;
        let steps = (to + MARGIN_SECONDS - first) / step;
        let reading = |number| {
            let at = first + number * step;
            at + i64::from(
                zone.time_zone()
                    .to_offset(Timestamp::from_second(at).unwrap())
                    .seconds(),
            )
        };
        Self {
            from,
            to,
            step,
            first,
            readings: (0..steps).map(reading).collect(),
        }
    }

    /// Compares every step with a cron text.
    pub(crate) fn read(&self, text: &str) -> Matched<'_> {
        let pattern = Pattern::read(text);
        let matches = self
            .readings
            .iter()
            .map(|reading| pattern.matches(*reading))
            .collect();
        Matched {
            walk: self,
            pattern,
            matches,
        }
    }

    /// Every due instant of a distance below a day: counted from each moment at which a new day begins.
    pub(crate) fn every(&self, seconds: i64) -> Vec<i64> {
        let mut due = vec![false; self.readings.len()];
        let mut furthest_day = self.readings[0].div_euclid(DAY);
        let mut since_midnight = None;
        for (place, reading) in self.readings.iter().enumerate() {
            if reading.div_euclid(DAY) > furthest_day {
                furthest_day = reading.div_euclid(DAY);
                since_midnight = Some(0);
            }
            due[place] = since_midnight.is_some_and(|elapsed: i64| elapsed % seconds == 0);
            since_midnight = since_midnight.map(|elapsed| elapsed + self.step);
        }
        self.instants(&due)
    }

    fn instants(&self, due: &[bool]) -> Vec<i64> {
        let all = due
            .iter()
            .zip(0_i64..)
            .filter(|(due, _)| **due)
            .map(|(_, number)| self.first + number * self.step);
        all.filter(|at| (self.from..self.to).contains(at)).collect()
    }
}

/// A walk and where a cron text matches the clock.
pub(crate) struct Matched<'a> {
    walk: &'a Walk,
    pattern: Pattern,
    matches: Vec<bool>,
}

impl Matched<'_> {
    /// Every due instant, in seconds.
    pub(crate) fn due(&self, gap: DstGap, overlap: DstOverlap) -> Vec<i64> {
        if !self.pattern.fixed {
            return self.walk.instants(&self.matches);
        }
        let readings = &self.walk.readings;
        let mut due = vec![false; readings.len()];
        let mut furthest = readings[0];
        for place in 1..due.len() {
            let (before, now) = (readings[place - 1], readings[place]);
            let mut skipped = before + self.walk.step;
            while skipped < now {
                due[place] |= gap == DstGap::Next && self.pattern.matches(skipped);
                skipped += self.walk.step;
            }
            let runs =
                overlap == DstOverlap::Both || overlap == DstOverlap::First && now > furthest;
            due[place] |= self.matches[place] && runs;
            furthest = furthest.max(now);
        }
        if overlap == DstOverlap::Second {
            let mut nearest = i64::MAX;
            for place in (0..due.len()).rev() {
                due[place] |= self.matches[place] && readings[place] < nearest;
                nearest = nearest.min(readings[place]);
            }
        }
        self.walk.instants(&due)
    }
}

/// A cron text as sets of values.
struct Pattern {
    seconds: Vec<bool>,
    minutes: Vec<bool>,
    hours: Vec<bool>,
    days: Vec<bool>,
    months: Vec<bool>,
    weekdays: Vec<bool>,
    either_day: bool,
    fixed: bool,
}

impl Pattern {
    fn read(text: &str) -> Self {
        let mut fields: Vec<&str> = text.split(' ').collect();
        if fields.len() == 5 {
            fields.insert(0, "0");
        }
        let [seconds, minutes, hours, days, months, weekdays] = fields[..] else {
            panic!("{text}")
        };
        let mut on_weekdays = set(weekdays, 0, 7);
        on_weekdays[0] |= on_weekdays[7];
        Self {
            seconds: set(seconds, 0, 59),
            minutes: set(minutes, 0, 59),
            hours: set(hours, 0, 23),
            days: set(days, 1, 31),
            months: set(months, 1, 12),
            weekdays: on_weekdays,
            either_day: !days.starts_with('*') && !weekdays.starts_with('*'),
            fixed: !format!("{seconds}{minutes}{hours}").contains(['*', '/']),
        }
    }

    fn matches(&self, reading: i64) -> bool {
        let time = usize::try_from(reading.rem_euclid(DAY)).unwrap();
        if !self.minutes[time / 60 % 60] || !self.hours[time / 3600] || !self.seconds[time % 60] {
            return false;
        }
        let number = reading.div_euclid(DAY);
        let (month, day) = month_and_day(number);
        // 1970-01-01 was a Thursday.
        let weekday = usize::try_from((number + 4).rem_euclid(7)).unwrap();
        let (by_day, by_weekday) = (self.days[day], self.weekdays[weekday]);
        let day_matches = if self.either_day {
            by_day || by_weekday
        } else {
            by_day && by_weekday
        };
        self.months[month] && day_matches
    }
}

fn set(text: &str, min: usize, max: usize) -> Vec<bool> {
    let mut values = vec![false; max + 1];
    for item in text.split(',') {
        let (range, step) = item.split_once('/').unwrap_or((item, "1"));
        let (low, high) = match range.split_once('-') {
            _ if range == "*" => (min, if max == 7 { 6 } else { max }),
            Some((low, high)) => (value(low), value(high)),
            None => (value(range), value(range)),
        };
        let high = if high < low { high + 7 } else { high };
        for number in (low..=high).step_by(step.parse().unwrap()) {
            values[if max == 7 { number % 7 } else { number }] = true;
        }
    }
    values
}

fn value(text: &str) -> usize {
    let weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    weekdays
        .iter()
        .position(|name| *name == text)
        .unwrap_or_else(|| text.parse().unwrap())
}

/// Month and day of month of a day counted from 1970-01-01, month lengths counted down one by one.
fn month_and_day(number: i64) -> (usize, usize) {
    // Whole cycles of 400 years first, then years, then months.
    let mut left = number.rem_euclid(146_097);
    let mut year = 1970;
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if left < length {
            break;
        }
        left -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    for (month, length) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        if left < length {
            return (month, usize::try_from(left).unwrap() + 1);
        }
        left -= length;
    }
    unreachable!("a year has twelve months")
}

#[test]
fn the_oracles_own_calendar_is_right() {
    for (text, month, day) in [
        ("1970-01-01", 1, 1),
        ("2000-02-29", 2, 29),
        ("2100-03-01", 3, 1),
        ("1969-12-31", 12, 31),
    ] {
        let date: jiff::civil::Date = text.parse().unwrap();
        let number = date
            .at(0, 0, 0, 0)
            .duration_since(jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0))
            .as_secs()
            / DAY;
        assert_eq!(month_and_day(number), (month, day), "{text}");
    }
}
