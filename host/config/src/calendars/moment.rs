//! Dates and times of an iCalendar file (RFC 5545, 3.3.4 and 3.3.5).
//!
//! Owns: days, UTC, times of a zone that is named (`TZID`), and times of no zone.
//! Never: repeats them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::content::Line;

/// What a date or a time is counted in.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scale {
    /// Whole days.
    Days,
    /// The zone of the schedule.
    Floating,
    /// A zone of its own.
    In(TimeZone),
}

impl Scale {
    /// The moment of a civil time, where it is known without the schedule.
    pub(super) fn moment(&self, civil: DateTime) -> Option<Timestamp> {
        match self {
            Self::In(zone) => zone.to_ambiguous_timestamp(civil).compatible().ok(),
            Self::Days | Self::Floating => None,
        }
    }
}

/// Reads each of the times of a line; `Err` says what is wrong with one.
pub(super) fn times(line: &Line) -> Result<(Vec<DateTime>, Scale), String> {
    let mut scale = None;
    let mut times = Vec::new();
    for text in line.value.split(',') {
        let (time, found) = time(line, text.trim())?;
        if scale.as_ref().is_some_and(|scale| *scale != found) {
            return Err(format!("`{}` mixes days and times", line.name));
        }
        scale = Some(found);
        times.push(time);
    }
    scale
        .map(|scale| (times, scale))
        .ok_or_else(|| format!("`{}` has no value", line.name))
}

/// Reads the one time of a line.
pub(super) fn one(line: &Line) -> Result<(DateTime, Scale), String> {
    match times(line)? {
        (times, scale) if times.len() == 1 => times
            .first()
            .map(|time| (*time, scale))
            .ok_or_else(|| format!("`{}` has no value", line.name)),
        _ => Err(format!("`{}` has several values", line.name)),
    }
}

fn time(line: &Line, text: &str) -> Result<(DateTime, Scale), String> {
    let wrong = || format!("`{text}` of `{}` is not a date or a time", line.name);
    if !text.is_ascii() {
        return Err(wrong());
    }
    if text.len() == 8 {
        let date = Date::strptime("%Y%m%d", text).map_err(|_| wrong())?;
        return Ok((date.at(0, 0, 0, 0), Scale::Days));
    }
    let (civil, utc) = match text.strip_suffix('Z') {
        Some(civil) => (civil, true),
        None => (text, false),
    };
    if civil.len() != 15 || line.parameter("VALUE") == Some("DATE") {
        return Err(wrong());
    }
    let time = DateTime::strptime("%Y%m%dT%H%M%S", civil).map_err(|_| wrong())?;
    let scale = match (utc, line.parameter("TZID")) {
        (true, _) => Scale::In(TimeZone::UTC),
        (false, None) => Scale::Floating,
        (false, Some(name)) => {
            let known = strongroom_domain::calendar::Zone::parse(name.trim_start_matches('/'));
            let zone = known.map_err(|_| {
                format!(
                    "`{name}` of `{}` is not a zone that the zone database knows",
                    line.name
                )
            })?;
            Scale::In(zone.time_zone().clone())
        }
    };
    Ok((time, scale))
}
