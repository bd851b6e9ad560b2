//! Civil times of a cron text, in order, without a zone.
//!
//! Owns: the only use of the crates `cron` and `chrono`. `cron` is fed UTC as a stand-in for civil time, where it is
//! correct, and lists instead of operator text, so that none of its own readings of a text matter.
//! Years: `cron` stops after 2100 and knows none before 1970. A year outside is asked for as a year of 2000–2027 that
//! begins on the same day of the week and is as long; there are 14 kinds of year and those 28 years hold them all.

use chrono::{Datelike, NaiveDate, TimeDelta, TimeZone as _, Timelike, Utc};
use cron::Schedule;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};

use super::CronError;
use super::field::{Values, WEEKDAYS};

/// Years that can be asked for as they are.
const DIRECT_YEARS: std::ops::RangeInclusive<i16> = 1970..=2099;
/// The rarest date, a 29 February on a given day of the week, comes back after 40 years at most.
const RAREST_YEARS: i16 = 41;

/// The fields of a cron text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) seconds: Values,
    pub(super) minutes: Values,
    pub(super) hours: Values,
    pub(super) days: Values,
    pub(super) months: Values,
    pub(super) weekdays: Values,
}

/// Every civil time that matches: the union of one or two schedules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CivilTimes {
    schedules: Vec<Schedule>,
}

impl CivilTimes {
    /// Vixie's rule: when both day fields restrict the day, one of them is enough; a field that begins with `*` does
    /// not restrict.
    pub(super) fn new(fields: &Fields) -> Result<Self, CronError> {
        let Fields { days, weekdays, .. } = fields;
        let any = "*".to_owned();
        let days_text = if days.iter().count() == 31 {
            any.clone()
        } else {
            list(*days, |day| day.to_string())
        };
        let weekdays_text = if weekdays.iter().count() == 7 {
            any.clone()
        } else {
            list(*weekdays, weekday_name)
        };
        let pairs = if days.starred || weekdays.starred {
            vec![(days_text, weekdays_text)]
        } else {
            vec![(days_text, any.clone()), (any, weekdays_text)]
        };
        let read = |(days, weekdays): (String, String)| {
            let [seconds, minutes, hours, months] =
                [fields.seconds, fields.minutes, fields.hours, fields.months]
                    .map(|values| list(values, |value| value.to_string()));
            let text = format!("{seconds} {minutes} {hours} {days} {months} {weekdays}");
            text.parse::<Schedule>().map_err(|error| CronError {
                message: format!("the cron text cannot be enumerated as `{text}`: {error}"),
                span: 0..0,
                hint: None,
            })
        };
        Ok(Self {
            schedules: pairs.into_iter().map(read).collect::<Result<_, _>>()?,
        })
    }

    /// The first civil time strictly after another.
    pub(super) fn after(&self, civil: DateTime) -> Option<DateTime> {
        self.from(whole_seconds(civil)?.checked_add(1.second()).ok()?)
    }

    /// The first civil time at or after another, which has whole seconds.
    pub(super) fn from(&self, civil: DateTime) -> Option<DateTime> {
        self.schedules
            .iter()
            .filter_map(|schedule| first_from(schedule, civil))
            .min()
    }
}

fn weekday_name(day: u32) -> String {
    usize::try_from(day)
        .ok()
        .and_then(|day| WEEKDAYS.get(day))
        .map_or_else(String::new, |name| (*name).to_owned())
}

fn list(values: Values, show: impl Fn(u32) -> String) -> String {
    values.iter().map(show).collect::<Vec<_>>().join(",")
}

fn whole_seconds(civil: DateTime) -> Option<DateTime> {
    civil.with().subsec_nanosecond(0).build().ok()
}

fn first_from(schedule: &Schedule, civil: DateTime) -> Option<DateTime> {
    let mut from = civil;
    if DIRECT_YEARS.contains(&from.year()) {
        let found = ask(schedule, from).filter(|found| DIRECT_YEARS.contains(&found.year()));
        if found.is_some() {
            return found;
        }
        from = start_of(*DIRECT_YEARS.end() + 1)?;
    }
    let last_year = from
        .year()
        .saturating_add(RAREST_YEARS)
        .min(Date::MAX.year());
    while from.year() <= last_year {
        let (year, stand_in) = (from.year(), stand_in(from.year())?);
        let found =
            ask(schedule, in_year(from, stand_in)?).filter(|found| found.year() == stand_in);
        if let Some(found) = found {
            return in_year(found, year);
        }
        from = start_of(year.checked_add(1)?)?;
    }
    None
}

/// A year of 2000–2027 with the same calendar.
fn stand_in(year: i16) -> Option<i16> {
    let kind = |year: i16| {
        Some((
            Date::new(year, 1, 1).ok()?.weekday(),
            Date::new(year, 12, 31).ok()?.weekday(),
        ))
    };
    let wanted = kind(year)?;
    (2000..2028).find(|candidate| kind(*candidate) == Some(wanted))
}

fn start_of(year: i16) -> Option<DateTime> {
    Some(Date::new(year, 1, 1).ok()?.at(0, 0, 0, 0))
}

fn in_year(civil: DateTime, year: i16) -> Option<DateTime> {
    civil.with().year(year).build().ok()
}

/// The first civil time at or after another, by the crate's own count of years.
fn ask(schedule: &Schedule, from: DateTime) -> Option<DateTime> {
    let day = NaiveDate::from_ymd_opt(
        from.year().into(),
        from.month().try_into().ok()?,
        from.day().try_into().ok()?,
    )?;
    let (hour, minute, second) = (from.hour(), from.minute(), from.second());
    let time = day.and_hms_opt(
        hour.try_into().ok()?,
        minute.try_into().ok()?,
        second.try_into().ok()?,
    )?;
    let before = Utc.from_utc_datetime(&time.checked_sub_signed(TimeDelta::seconds(1))?);
    let found = schedule.after(&before).next()?;
    let date = Date::new(
        found.year().try_into().ok()?,
        found.month().try_into().ok()?,
        found.day().try_into().ok()?,
    );
    let time = Time::new(
        found.hour().try_into().ok()?,
        found.minute().try_into().ok()?,
        found.second().try_into().ok()?,
        0,
    );
    Some(DateTime::from_parts(date.ok()?, time.ok()?))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::calendar::field::{DAY, Field, HOUR, MINUTE, MONTH, Piece, WEEKDAY};

    fn times(text: &str) -> CivilTimes {
        let parts: Vec<&str> = text.split(' ').collect();
        let read = |field: &Field, at: usize| {
            field
                .read(Piece {
                    text: parts[at],
                    start: 0,
                })
                .unwrap()
        };
        CivilTimes::new(&Fields {
            seconds: Values::single(0),
            minutes: read(&MINUTE, 0),
            hours: read(&HOUR, 1),
            days: read(&DAY, 2),
            months: read(&MONTH, 3),
            weekdays: read(&WEEKDAY, 4),
        })
        .unwrap()
    }

    #[test]
    fn a_leap_day_comes_after_eight_years_over_2100() {
        let leap = times("0 0 29 2 *");
        assert_eq!(
            leap.after(date(2096, 2, 29).at(0, 0, 0, 0)),
            Some(date(2104, 2, 29).at(0, 0, 0, 0))
        );
        assert_eq!(
            leap.after(date(1896, 3, 1).at(0, 0, 0, 0)),
            Some(date(1904, 2, 29).at(0, 0, 0, 0))
        );
    }

    #[test]
    fn the_rarest_date_is_found_from_every_year() {
        // A 29 February on each weekday, alone: the day field begins with `*`, so both fields must match.
        for weekday in 0..7_u32 {
            let rare = times(&format!("0 0 */28 2 {weekday}"));
            for year in 1600..2400 {
                let found = rare.after(date(year, 2, 2).at(0, 0, 0, 0));
                assert!(found.is_some(), "{weekday} {year}");
            }
        }
    }

    #[test]
    fn years_beyond_the_crates_own_are_like_any_other() {
        let monday = times("30 4 * * MON");
        for year in [1, 1900, 1969, 2100, 2101, 2400, 9000] {
            let mut at = date(year, 1, 1).at(0, 0, 0, 0);
            for _ in 0..200 {
                let found = monday.after(at).unwrap();
                let days = at.date().until(found.date()).unwrap().get_days();
                assert!(
                    (0..=7).contains(&days) && found.weekday() == jiff::civil::Weekday::Monday,
                    "{at} {found}"
                );
                at = found;
            }
        }
        assert_eq!(monday.after(DateTime::MAX), None);
    }
}
