//! Rules by which an event comes back (RFC 5545, 3.3.10): the forms that calendars of holidays and freezes have.
//!
//! Owns: which forms are understood; every other one is refused by name.
//! Never: drops a part of a rule.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

/// The most steps from one end of a series to the other.
const STEPS: usize = 200_000;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A rule, checked.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    frequency: Frequency,
    interval: i32,
    pub(super) count: Option<usize>,
    /// As written: a day, or a time.
    pub(super) until: Option<String>,
    months: Vec<i8>,
    month_days: Vec<i8>,
    /// `-1SU`: the last Sunday; 0: every one.
    days: Vec<(i8, Weekday)>,
    week_start: Weekday,
}

impl Rule {
    /// Reads a rule; `Err` says what is not understood.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = BTreeMap::new();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| format!("`{part}` is not a part of a rule"))?;
            if parts
                .insert(key.to_ascii_uppercase(), value.to_ascii_uppercase())
                .is_some()
            {
                return Err(format!("the rule has `{key}` twice"));
            }
        }
        let mut take = |key: &str| parts.remove(key);
        let frequency = match take("FREQ").as_deref() {
            Some("DAILY") => Frequency::Daily,
            Some("WEEKLY") => Frequency::Weekly,
            Some("MONTHLY") => Frequency::Monthly,
            Some("YEARLY") => Frequency::Yearly,
            Some(other) => return Err(format!("`FREQ={other}` is not supported")),
            None => return Err("the rule has no `FREQ`".to_owned()),
        };
        let rule = Self {
            frequency,
            interval: take("INTERVAL").map_or(Ok(1), |text| number("INTERVAL", &text, 1, 1_000))?,
            count: take("COUNT")
                .map(|text| number("COUNT", &text, 1, 100_000))
                .transpose()?
                .and_then(|count| usize::try_from(count).ok()),
            until: take("UNTIL"),
            months: list(take("BYMONTH"), |text| small("BYMONTH", text, 1, 12))?,
            month_days: list(take("BYMONTHDAY"), |text| {
                small("BYMONTHDAY", text, -31, 31)
            })?,
            days: list(take("BYDAY"), day)?,
            week_start: take("WKST").map_or(Ok(Weekday::Monday), |text| weekday(&text))?,
        };
        if let Some(other) = parts.keys().next() {
            return Err(format!("`{other}` of a rule is not supported"));
        }
        let ordinal = rule.days.iter().any(|(at, _)| *at != 0);
        match rule.frequency {
            Frequency::Daily | Frequency::Weekly if ordinal => {
                Err("`BYDAY` with a number needs `FREQ=MONTHLY` or `YEARLY`".to_owned())
            }
            Frequency::Weekly if !rule.month_days.is_empty() => {
                Err("`BYMONTHDAY` does not go with `FREQ=WEEKLY`".to_owned())
            }
            Frequency::Yearly if ordinal && rule.months.is_empty() => Err(
                "`BYDAY` with a number and `FREQ=YEARLY` is only supported with `BYMONTH`"
                    .to_owned(),
            ),
            _ => Ok(rule),
        }
    }

    /// The days of the series from its first one, in order, up to a last one; `None`: the series is too long.
    pub(super) fn days(&self, first: Date, last: Date) -> Option<Vec<Date>> {
        let mut found = vec![first];
        for step in 0..STEPS {
            let step = i32::try_from(step).ok()?.checked_mul(self.interval)?;
            let Some((begin, mut days)) = self.period(first, step) else {
                return Some(found);
            };
            if begin > last {
                return Some(found);
            }
            days.sort_unstable();
            days.dedup();
            found.extend(days.into_iter().filter(|day| *day > first && *day <= last));
            if self.count.is_some_and(|count| found.len() >= count) {
                found.truncate(self.count.unwrap_or(usize::MAX));
                return Some(found);
            }
        }
        None
    }

    /// The days of one day, week, month or year, and when it begins; `None`: the calendar is at its end.
    fn period(&self, first: Date, step: i32) -> Option<(Date, Vec<Date>)> {
        let later = |from: Date, span: Span| from.checked_add(span).ok();
        match self.frequency {
            Frequency::Daily => {
                let day = later(first, step.days())?;
                let right = self.in_month(day) && self.on_month_day(day) && self.on_weekday(day);
                Some((day, if right { vec![day] } else { Vec::new() }))
            }
            Frequency::Weekly => {
                let back = first.weekday().since(self.week_start);
                let begin = later(first.checked_sub(back.days()).ok()?, step.weeks())?;
                let week = (0..7).filter_map(|day: i32| later(begin, day.days()));
                let right = |day: &Date| {
                    self.in_month(*day)
                        && (self.on_weekday(*day) && !self.days.is_empty()
                            || self.days.is_empty() && day.weekday() == first.weekday())
                };
                Some((begin, week.filter(right).collect()))
            }
            Frequency::Monthly => {
                let begin = later(first.first_of_month(), step.months())?;
                let days = if self.in_month(begin) {
                    self.of_month(begin, first)
                } else {
                    Vec::new()
                };
                Some((begin, days))
            }
            Frequency::Yearly => {
                let begin = later(first.first_of_year(), step.years())?;
                let every =
                    self.months.is_empty() && !(self.month_days.is_empty() && self.days.is_empty());
                let months = (1..=12).filter(|month| {
                    every
                        || self.months.contains(month)
                        || self.months.is_empty() && *month == first.month()
                });
                let months = months.filter_map(|month| Date::new(begin.year(), month, 1).ok());
                Some((
                    begin,
                    months
                        .flat_map(|month| self.of_month(month, first))
                        .collect(),
                ))
            }
        }
    }

    /// The days of the rule in one month.
    fn of_month(&self, begin: Date, first: Date) -> Vec<Date> {
        let all = (1..=begin.days_in_month())
            .filter_map(|day| Date::new(begin.year(), begin.month(), day).ok());
        all.filter(|day| {
            if self.month_days.is_empty() && self.days.is_empty() {
                return day.day() == first.day();
            }
            self.on_month_day(*day) && self.on_weekday(*day)
        })
        .collect()
    }

    fn in_month(&self, day: Date) -> bool {
        self.months.is_empty() || self.months.contains(&day.month())
    }

    fn on_month_day(&self, day: Date) -> bool {
        let from_end = day.day() - day.days_in_month() - 1;
        self.month_days.is_empty()
            || self.month_days.contains(&day.day())
            || self.month_days.contains(&from_end)
    }

    fn on_weekday(&self, day: Date) -> bool {
        let nth = (day.day() - 1) / 7 + 1;
        let from_end = -((day.days_in_month() - day.day()) / 7 + 1);
        self.days.is_empty()
            || self.days.iter().any(|(at, weekday)| {
                *weekday == day.weekday() && (*at == 0 || *at == nth || *at == from_end)
            })
    }
}

fn list<T>(
    text: Option<String>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    text.map_or(Ok(Vec::new()), |text| text.split(',').map(read).collect())
}

fn number(key: &str, text: &str, from: i32, to: i32) -> Result<i32, String> {
    let number = text.parse::<i32>().ok();
    number
        .filter(|number| (from..=to).contains(number) && (*number != 0 || from == 0))
        .ok_or_else(|| format!("`{key}={text}` is not a number from {from} to {to}"))
}

fn small(key: &str, text: &str, from: i32, to: i32) -> Result<i8, String> {
    let number = number(key, text, from, to)?;
    i8::try_from(number).map_err(|_| format!("`{key}={text}` is too large"))
}

fn weekday(text: &str) -> Result<Weekday, String> {
    Ok(match text {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        other => return Err(format!("`{other}` is not a day of the week in a rule")),
    })
}

fn day(text: &str) -> Result<(i8, Weekday), String> {
    let at = text.len().saturating_sub(2);
    let (number, name) = text
        .split_at_checked(at)
        .ok_or_else(|| format!("`{text}` is not a day of the week in a rule"))?;
    let number = if number.is_empty() {
        0
    } else {
        small("BYDAY", number, -5, 5)?
    };
    Ok((number, weekday(name)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn days(rule: &str, first: Date) -> Vec<String> {
        let days = Rule::parse(rule)
            .unwrap()
            .days(first, date(2030, 12, 31))
            .unwrap();
        days.iter().take(4).map(ToString::to_string).collect()
    }

    #[test]
    fn series_come_back_as_holidays_do() {
        for (rule, first, expected) in [
            (
                "FREQ=YEARLY",
                date(2024, 12, 25),
                "2024-12-25 2025-12-25 2026-12-25 2027-12-25",
            ),
            ("FREQ=YEARLY", date(2024, 2, 29), "2024-02-29 2028-02-29"),
            (
                "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
                date(2024, 11, 28),
                "2024-11-28 2025-11-27 2026-11-26 2027-11-25",
            ),
            (
                "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=2",
                date(2024, 5, 27),
                "2024-05-27 2025-05-26",
            ),
            (
                "FREQ=MONTHLY;BYMONTHDAY=-1",
                date(2026, 1, 31),
                "2026-01-31 2026-02-28 2026-03-31 2026-04-30",
            ),
            (
                "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
                date(2026, 2, 13),
                "2026-02-13 2026-03-13 2026-11-13 2027-08-13",
            ),
            (
                "FREQ=MONTHLY",
                date(2026, 1, 31),
                "2026-01-31 2026-03-31 2026-05-31 2026-07-31",
            ),
            (
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU",
                date(2026, 11, 17),
                "2026-11-17 2026-11-22 2026-12-01 2026-12-06",
            ),
            (
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
                date(2026, 11, 17),
                "2026-11-17 2026-11-29 2026-12-01 2026-12-13",
            ),
            (
                "FREQ=DAILY;INTERVAL=10",
                date(2026, 11, 21),
                "2026-11-21 2026-12-01 2026-12-11 2026-12-21",
            ),
        ] {
            assert_eq!(days(rule, first).join(" "), expected, "{rule}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        for (rule, part) in [
            ("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO"),
            ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1", "BYSETPOS"),
            ("FREQ=HOURLY", "HOURLY"),
            ("FREQ=YEARLY;BYDAY=20MO", "BYDAY"),
            ("FREQ=DAILY;COUNT=0", "COUNT"),
            ("INTERVAL=2", "FREQ"),
            ("FREQ=WEEKLY;BYDAY=XX", "XX"),
        ] {
            let said = Rule::parse(rule).unwrap_err();
            assert!(said.contains(part), "{rule}: {said}");
        }
    }
}
