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
    /// The same as days since the first day of the walk and steps since midnight.
    days: Vec<u32>,
    times: Vec<u32>,
    /// Whether the clock has not been so far before; whether it will be so far again.
    first_time: Vec<bool>,
    last_time: Vec<bool>,
    /// Where the clock leaves readings out.
    jumps: Vec<usize>,
}

impl Walk {
    pub(crate) fn new(zone: &Zone, from: i64, to: i64, step: i64) -> Self {
        let (from, to) = (from - from.rem_euclid(step), to - to.rem_euclid(step));
        let first = from - MARGIN_SECONDS;
        let steps = (to + MARGIN_SECONDS - first) / step;
        let reading = |number| {
            let at = first + number * step;
            let offset = zone
                .time_zone()
                .to_offset(Timestamp::from_second(at).unwrap());
            at + i64::from(offset.seconds())
        };
        let readings: Vec<i64> = (0..steps).map(reading).collect();
        let first_day = readings.iter().min().unwrap().div_euclid(DAY);
        let small = |number: i64| u32::try_from(number).unwrap();
        let day = |reading: &i64| small(reading.div_euclid(DAY) - first_day);
        let time = |reading: &i64| {
            assert_eq!(reading % step, 0, "the step is too wide for this zone");
            small(reading.rem_euclid(DAY) / step)
        };
        let (mut first_time, mut last_time) = (Vec::new(), Vec::new());
        let mut furthest = readings[0];
        for now in &readings {
            first_time.push(*now > furthest);
            furthest = furthest.max(*now);
        }
        let mut nearest = i64::MAX;
        for now in readings.iter().rev() {
            last_time.push(*now < nearest);
            nearest = nearest.min(*now);
        }
        last_time.reverse();
        Self {
            from,
            to,
            step,
            first,
            days: readings.iter().map(day).collect(),
            times: readings.iter().map(time).collect(),
            first_time,
            last_time,
            jumps: (1..readings.len())
                .filter(|place| readings[*place] > readings[place - 1] + step)
                .collect(),
            readings,
        }
    }

    /// Compares every step with a cron text.
    pub(crate) fn read(&self, text: &str) -> Matched<'_> {
        let pattern = Pattern::read(text);
        let first_day = self.readings.iter().min().unwrap().div_euclid(DAY);
        let days: Vec<bool> = (0..=*self.days.iter().max().unwrap())
            .map(|day| pattern.matches_day(first_day + i64::from(day)))
            .collect();
        let times: Vec<bool> = (0..DAY / self.step)
            .map(|time| pattern.matches_time(time * self.step))
            .collect();
        let matched = |(time, day): (&u32, &u32)| times[*time as usize] && days[*day as usize];
        let places = self.times.iter().zip(&self.days).enumerate();
        Matched {
            walk: self,
            matches: places
                .filter(|(_, reading)| matched(*reading))
                .map(|(place, _)| place)
                .collect(),
            pattern,
        }
    }

    /// Every due instant of a distance below a day: counted from each moment at which a new day begins.
    /// Of whole days: each such moment at which a day of the grid begins, or one that the clock leaves out.
    pub(crate) fn every(&self, seconds: i64) -> Vec<i64> {
        let mut furthest_day = self.readings[0].div_euclid(DAY);
        let mut since_midnight = None;
        let mut due = Vec::new();
        for (place, reading) in self.readings.iter().enumerate() {
            let day = reading.div_euclid(DAY);
            if day > furthest_day {
                let mut begun = furthest_day + 1..=day;
                let on_grid = begun.any(|day| seconds < DAY || day % (seconds / DAY) == 0);
                since_midnight = on_grid.then_some(0);
                furthest_day = day;
            }
            if since_midnight.is_some_and(|elapsed: i64| elapsed % seconds == 0) {
                due.push(place);
            }
            since_midnight = since_midnight
                .map(|elapsed| elapsed + self.step)
                .filter(|_| seconds < DAY);
        }
        self.instants(due)
    }

    fn instants(&self, places: impl IntoIterator<Item = usize>) -> Vec<i64> {
        let all = places
            .into_iter()
            .map(|place| self.first + i64::try_from(place).unwrap() * self.step);
        all.filter(|at| (self.from..self.to).contains(at)).collect()
    }
}

/// A walk and where a cron text matches the clock.
pub(crate) struct Matched<'a> {
    walk: &'a Walk,
    pattern: Pattern,
    matches: Vec<usize>,
}

impl Matched<'_> {
    /// Every due instant, in seconds.
    pub(crate) fn due(&self, gap: DstGap, overlap: DstOverlap) -> Vec<i64> {
        let walk = self.walk;
        if !self.pattern.fixed {
            return walk.instants(self.matches.iter().copied());
        }
        let runs = |place: &usize| match overlap {
            DstOverlap::First => walk.first_time[*place],
            DstOverlap::Second => walk.last_time[*place],
            DstOverlap::Both => true,
        };
        let mut due: Vec<usize> = self.matches.iter().copied().filter(runs).collect();
        for place in walk.jumps.iter().filter(|_| gap == DstGap::Next) {
            let left_out = walk.readings[place - 1] + walk.step..walk.readings[*place];
            let mut left_out = left_out.step_by(usize::try_from(walk.step).unwrap());
            if left_out.any(|reading| self.pattern.matches(reading)) {
                due.push(*place);
            }
        }
        due.sort_unstable();
        due.dedup();
        walk.instants(due)
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
        let nicknames = [
            ("@yearly", "0 0 1 1 *"),
            ("@monthly", "0 0 1 * *"),
            ("@weekly", "0 0 * * 0"),
            ("@daily", "0 0 * * *"),
            ("@hourly", "0 * * * *"),
        ];
        let nicknamed = nicknames.iter().find(|(name, _)| *name == text);
        let text = nicknamed.map_or(text, |(_, meant)| meant);
        let mut fields: Vec<&str> = text.split_whitespace().collect();
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

    /// Whether the clock, in seconds since 1970-01-01 00:00 on that clock, says what the text asks for.
    fn matches(&self, reading: i64) -> bool {
        self.matches_time(reading.rem_euclid(DAY)) && self.matches_day(reading.div_euclid(DAY))
    }

    fn matches_time(&self, second_of_day: i64) -> bool {
        let time = usize::try_from(second_of_day).unwrap();
        self.minutes[time / 60 % 60] && self.hours[time / 3600] && self.seconds[time % 60]
    }

    fn matches_day(&self, number: i64) -> bool {
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

/// Whether the text asks for a day that some year has; 400 years hold every kind of date.
pub(crate) fn has_a_day(text: &str) -> bool {
    let pattern = Pattern::read(text);
    (0..146_097).any(|number| pattern.matches_day(number))
}

/// Whether the text names times of the day.
pub(crate) fn is_fixed(text: &str) -> bool {
    Pattern::read(text).fixed
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
    let months = [
        "", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ];
    let name = text.to_uppercase();
    let place = |names: &[&str]| names.iter().position(|known| *known == name);
    place(&weekdays)
        .or_else(|| place(&months).filter(|month| *month > 0))
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
