//! When nothing begins: days, hours and calendar files become periods.
//!
//! Owns: dates, days of the week and times of day as people write them.
//! Never: the contents of a calendar file (`calendars` reads it).
//! Read next: `strongroom_domain::blackout`.

use std::collections::HashSet;

use jiff::civil::{Date, Time, Weekday};
use strongroom_domain::blackout::{Blackout, Period, Weekdays};
use strongroom_domain::calendar::Zone;

use crate::calendars::Calendars;
use crate::interner::Interner;
use crate::problems::{Problems, shortened};
use crate::raw::{CALENDARS_LIMIT, DAYS_LIMIT, RawBlackout};
use crate::reader::{At, RawTable};

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// What is wrong with one text, and what to write instead.
type Wrong = (String, String);

/// The blackout; what is wrong is reported and left out.
pub(super) fn blackout(
    raw: Option<&At<RawBlackout>>,
    zone: Option<&Zone>,
    calendars: &mut Calendars,
    interner: &mut Interner,
    problems: &mut Problems,
) -> Blackout {
    let Some(raw) = raw else {
        return Blackout::default();
    };
    let keys = [
        ("days", &raw.days, DAYS_LIMIT),
        ("hours", &raw.hours, DAYS_LIMIT),
        ("calendars", &raw.calendars, CALENDARS_LIMIT),
    ];
    if !keys.iter().any(|(key, _, _)| raw.has(key)) {
        let hint = "add a line such as `days = [\"sat\", \"sun\"]` or `hours = [\"08:00-18:00\"]`, or remove the table";
        problems.error(&raw.span, "this blackout covers no time", hint);
    }
    for (key, list, limit) in keys {
        let Some(list) = list else { continue };
        if list.value.len() > limit {
            let message = format!("`{key}` has {} items", list.value.len());
            let hint = format!("at most {limit}; put the others into a calendar file");
            problems.error(&list.span, message, hint);
            return Blackout::default();
        }
        twice(list, problems);
    }
    let mut periods = Vec::new();
    periods.extend(each(raw.days.as_ref(), days, problems));
    periods.extend(each(raw.hours.as_ref(), hours, problems));
    for at in raw.calendars.iter().flat_map(|list| &list.value) {
        if let Some(zone) = zone {
            periods.extend(calendars.periods(at, zone, problems));
        }
    }
    Blackout {
        periods: interner.blackout(periods),
    }
}

fn twice(list: &At<Vec<At<String>>>, problems: &mut Problems) {
    let mut first = HashSet::new();
    for at in &list.value {
        if !first.insert(at.value.as_str()) {
            let message = format!("`{}` is named twice", shortened(&at.value));
            problems.error(&at.span, message, "remove one");
        }
    }
}

fn each(
    list: Option<&At<Vec<At<String>>>>,
    read: impl Fn(&str) -> Result<Period, Wrong>,
    problems: &mut Problems,
) -> Vec<Period> {
    let mut periods = Vec::new();
    for at in list.iter().flat_map(|list| &list.value) {
        match read(&at.value) {
            Ok(period) => periods.push(period),
            Err((message, hint)) => problems.error(&at.span, message, hint),
        }
    }
    periods
}

/// `2026-12-24`, `2026-12-24/2027-01-02` or `sat`.
fn days(text: &str) -> Result<Period, Wrong> {
    let name = text.to_owned();
    if let Some(weekdays) = weekdays(text) {
        return Ok(Period::Hours {
            weekdays,
            from: Time::midnight(),
            to: Time::midnight(),
            name,
        });
    }
    let (first, last) = text.split_once('/').unwrap_or((text, text));
    let (first, last) = (date(first)?, date(last)?);
    if last < first {
        return Err((
            format!("`{}` ends before it begins", shortened(text)),
            format!("write `\"{last}/{first}\"`"),
        ));
    }
    Ok(Period::Days { first, last, name })
}

fn date(text: &str) -> Result<Date, Wrong> {
    let shown = shortened(text);
    let hint = "write a date as in `\"2026-12-24\"`, a first and a last one as in `\"2026-12-24/2027-01-02\"`, or a day of \
                the week as in `\"sun\"`";
    // Shorter forms such as 20261224 are dates for the library as well.
    let raw = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
    match text.parse::<Date>() {
        Ok(date) if raw => Ok(date),
        _ if raw && text.bytes().all(|b| b.is_ascii_digit() || b == b'-') => Err((
            format!("there is no day `{shown}`"),
            "a date is year-month-day, as in `\"2026-12-24\"`".to_owned(),
        )),
        _ => match likely_weekday(text) {
            Some(day) => Err((
                format!("`{shown}` is not a day"),
                format!("write `\"{day}\"`"),
            )),
            None => Err((format!("`{shown}` is not a day"), hint.to_owned())),
        },
    }
}

/// `08:00-18:00`, `mon-fri 08:00-18:00` or `fri 22:00-02:00`.
fn hours(text: &str) -> Result<Period, Wrong> {
    let parts: Vec<_> = text.split_whitespace().collect();
    let (days, times) = match parts.as_slice() {
        [times] => (None, *times),
        [days, times] => (Some(*days), *times),
        _ => return Err(not_hours(text)),
    };
    let weekdays = match days {
        None => Weekdays::ALL,
        Some(days) => weekdays(days).ok_or_else(|| {
            (
                format!("`{}` is not a day of the week", shortened(days)),
                likely_weekday(days).map_or_else(
                    || "write `mon`, `tue`, `wed`, `thu`, `fri`, `sat` or `sun`, or two with `-` between".to_owned(),
                    |day| format!("write `{day}`"),
                ),
            )
        })?,
    };
    let (from, to) = times.split_once('-').ok_or_else(|| not_hours(text))?;
    let (Some(begins), Some(ends)) = (time(from), time(to)) else {
        return Err(not_hours(text));
    };
    if begins == ends && to != "24:00" {
        let message = format!("`{}` ends when it begins", shortened(text));
        return Err((message, "the whole day is `\"00:00-24:00\"`".to_owned()));
    }
    Ok(Period::Hours {
        weekdays,
        from: begins,
        to: ends,
        name: text.to_owned(),
    })
}

fn not_hours(text: &str) -> Wrong {
    let hint = "write `\"08:00-18:00\"`, or `\"mon-fri 08:00-18:00\"`; `\"22:00-02:00\"` goes through midnight, and \
                `\"18:00-24:00\"` ends there";
    (
        format!("`{}` is not a time from and up to", shortened(text)),
        hint.to_owned(),
    )
}

/// `08:00`; `24:00` is midnight at the end of the day.
fn time(text: &str) -> Option<Time> {
    if text == "24:00" {
        return Some(Time::midnight());
    }
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| {
        (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse::<i8>().ok())
            .flatten()
    };
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

/// `sat`, or `mon-fri`, which may go over the end of the week.
fn weekdays(text: &str) -> Option<Weekdays> {
    let day = |text: &str| {
        let named = WEEKDAYS.iter().find(|(name, _)| *name == text);
        named.map(|(_, day)| *day)
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (day(first)?, day(last)?);
    let mut weekdays = Weekdays::default().with(first);
    let mut next = first;
    while next != last {
        next = next.next();
        weekdays = weekdays.with(next);
    }
    Some(weekdays)
}

/// `Saturday`, `SAT` and the like, as they should be written.
fn likely_weekday(text: &str) -> Option<String> {
    let short = |text: &str| {
        let text = text.trim().to_lowercase();
        let whole = ["mon", "tues", "wednes", "thurs", "fri", "satur", "sun"];
        let day = WEEKDAYS.iter().zip(whole).find(|((name, _), whole)| {
            text == *name || text == *whole || text == format!("{whole}day")
        });
        day.map(|((name, _), _)| *name)
    };
    match text.split_once('-') {
        Some((first, last)) => Some(format!("{}-{}", short(first)?, short(last)?)),
        None => short(text).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn days_are_dates_ranges_of_dates_and_days_of_the_week() {
        let (first, last) = (date(2026, 12, 24), date(2027, 1, 2));
        let period = |first, last, name: &str| Period::Days {
            first,
            last,
            name: name.to_owned(),
        };
        assert_eq!(days("2026-12-24"), Ok(period(first, first, "2026-12-24")));
        let both = "2026-12-24/2027-01-02";
        assert_eq!(days(both), Ok(period(first, last, both)));
        assert!(matches!(days("sat"), Ok(Period::Hours { weekdays, .. })
            if weekdays == Weekdays::default().with(Weekday::Saturday)));
        for wrong in [
            "20261224",
            "2026-13-01",
            "2027-01-02/2026-12-24",
            "Saturday",
            "",
            "24.12.",
        ] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
        assert_eq!(days("Saturday").unwrap_err().1, "write `\"sat\"`");
    }

    #[test]
    fn hours_are_those_of_every_day_or_of_some() {
        let read = |text: &str| match hours(text) {
            Ok(Period::Hours {
                weekdays, from, to, ..
            }) => (weekdays, from, to),
            other => panic!("{text}: {other:?}"),
        };
        let at = |hour| time(hour, 0, 0, 0);
        assert_eq!(read("08:00-18:00"), (Weekdays::ALL, at(8), at(18)));
        let weekend = [Weekday::Saturday, Weekday::Sunday, Weekday::Monday];
        let weekend = weekend
            .into_iter()
            .fold(Weekdays::default(), Weekdays::with);
        assert_eq!(read("sat-mon 22:00-24:00"), (weekend, at(22), at(0)));
        assert_eq!(read("00:00-24:00"), (Weekdays::ALL, at(0), at(0)));
        for wrong in [
            "8-18",
            "08:00",
            "8:00-18:00",
            "08:00-25:00",
            "mon fri 08:00-18:00",
            "24:30-01:00",
            "03:00-03:00",
            "00:00-00:00",
        ] {
            assert!(hours(wrong).is_err(), "{wrong}");
        }
    }
}
