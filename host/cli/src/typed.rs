//! What is typed, read: times, outages, names, outcomes; and who types.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use strongroom_app::Error;
use strongroom_app::control::Act;
use strongroom_app::simulation::Outage;
use strongroom_domain::calendar::parse_duration;
use strongroom_domain::{InvalidName, Outcome};

/// Reads a time: RFC 3339, with a zone in brackets or not; or a date, which begins in UTC.
pub(crate) fn time(text: &str) -> Result<Timestamp, Error> {
    let refused =
        |message: &str, hint: &str| Err(Error::usage(format!("`{text}` {message}")).hint(hint));
    let utc = |civil: DateTime| civil.to_zoned(TimeZone::UTC);
    let read = if text.contains('[') {
        text.parse::<jiff::Zoned>().map(|zoned| zoned.timestamp())
    } else if let Some(civil) = text.strip_suffix(['Z', 'z']) {
        civil.parse().and_then(utc).map(|zoned| zoned.timestamp())
    } else {
        text.parse()
    };
    if let Ok(time) = read {
        return Ok(time);
    }
    let no_clock = !text.contains(':');
    if let (true, Ok(date)) = (no_clock, text.parse::<Date>()) {
        return match utc(date.to_datetime(Time::midnight())) {
            Ok(zoned) => Ok(zoned.timestamp()),
            Err(_) => refused(
                "is beyond the times there are here",
                "the last day is 9999-12-30",
            ),
        };
    }
    if !text.contains('[') && text.parse::<DateTime>().is_ok() {
        let offset = "add one, as in `-03:00`, or `Z` for UTC";
        return refused("has no offset from UTC", offset);
    }
    let forms = "write 2026-11-20T03:00:00-03:00, 2026-11-20T06:00Z or 2026-11-20";
    refused("is not a time", forms)
}

/// Reads a time, if one was typed.
pub(crate) fn maybe_time(text: Option<&String>) -> Result<Option<Timestamp>, Error> {
    text.map(|text| time(text)).transpose()
}

/// Reads an outage: when it begins and how long it lasts.
pub(crate) fn outage(text: &str) -> Result<Outage, Error> {
    const HINT: &str = "write when it begins and how long it lasts, as in `2026-03-08T01:00Z/4h`";
    let Some((from, length)) = text.split_once('/') else {
        return Err(Error::usage(format!("`{text}` is not an outage")).hint(HINT));
    };
    let from = time(from)?;
    let length = parse_duration(length)
        .map_err(|error| Error::usage(error.message).hint(error.hint.unwrap_or(HINT.into())))?;
    match from.checked_add(length) {
        Ok(until) if until > from => Ok(Outage { from, until }),
        _ => Err(Error::usage(format!("`{text}` is no time at all")).hint(HINT)),
    }
}

/// Reads a name, if one was typed.
pub(crate) fn name<T>(
    text: Option<&String>,
    read: impl Fn(&str) -> Result<T, InvalidName>,
) -> Result<Option<T>, Error> {
    let read = text.map(|text| read(text)).transpose();
    read.map_err(|error| Error::usage(error.to_string()))
}

/// Reads an outcome.
pub(crate) fn outcome(text: &str) -> Result<Outcome, Error> {
    text.parse::<Outcome>().map_err(|error| {
        let known: Vec<&str> = Outcome::ALL.iter().map(|known| known.as_str()).collect();
        Error::usage(error.to_string()).hint(format!("outcomes are: {}", known.join(", ")))
    })
}

/// An act of the person at the keyboard.
pub(crate) fn act(reason: &str) -> Result<Act, Error> {
    Act::new(person(), reason)
}

/// The person at the keyboard, by the name the session gives; without one, by the number the system knows.
pub(crate) fn person() -> String {
    let named = ["USER", "LOGNAME"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok());
    let mut named = named.map(|name| name.trim().to_owned());
    named
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}
