//! Calendar files in TOML: `[[day]]` and `[[time]]`.
//!
//! Owns: what an entry must have.
//! Never: keys and kinds (`raw` has them).

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use toml::de::DeTable;

use super::{Marked, When};
use crate::problems::{Problems, shortened};
use crate::raw::{CALENDAR, RawDay, RawTime};
use crate::reader::{At, RawTable, entries, entry};
use crate::syntax;

/// The longest name: it is shown in lists.
const NAME_LIMIT: usize = 200;

/// Every time of the file; what is wrong is reported and left out.
pub(super) fn read(problems: &mut Problems) -> Vec<Marked> {
    let source = std::sync::Arc::clone(&problems.source);
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    if !errors.is_empty() {
        syntax::report(&errors, problems);
        return Vec::new();
    }
    let mut times = Vec::new();
    let root = root.get_ref();
    for key in root.keys() {
        let name = key.get_ref();
        if CALENDAR.key(name).is_none() {
            let message = format!("`{}` stands outside of any day or time", shortened(name));
            let hint = "everything in a calendar stands below a line `[[day]]` or `[[time]]`";
            problems.error(&key.span(), message, hint);
        }
    }
    for (table, span) in entries("day", root, problems) {
        times.extend(day(&entry(table, problems), &span, problems));
    }
    for (table, span) in entries("time", root, problems) {
        times.extend(time(&entry(table, problems), &span, problems));
    }
    times
}

fn named(
    what: &str,
    name: Option<&At<String>>,
    header: &Range<usize>,
    given: bool,
    problems: &mut Problems,
) -> Option<String> {
    match name {
        Some(at) if at.value.trim().is_empty() || at.value.len() > NAME_LIMIT => {
            let hint = format!("write what people call it, in 1 to {NAME_LIMIT} characters");
            problems.error(&at.span, format!("this {what} has no good name"), hint);
            None
        }
        Some(at) => Some(at.value.clone()),
        None if given => None,
        None => {
            let hint = "add a line such as `name = \"Christmas\"`: what does not run because of it says so";
            problems.error(header, format!("this {what} has no `name`"), hint);
            None
        }
    }
}

fn day(raw: &RawDay, header: &Range<usize>, problems: &mut Problems) -> Option<Marked> {
    let given = |key: &str| raw.has(key);
    let name = named("day", raw.name.as_ref(), header, given("name"), problems);
    let right = match (given("date"), given("first"), given("last")) {
        (true, false, false) | (false, true, true) => true,
        (false, false, false) => {
            let hint = "add a line such as `date = 2026-12-25`, or both `first` and `last`";
            problems.error(header, "this entry does not say which day", hint);
            false
        }
        (true, ..) => {
            let hint = "write `date` for one day, `first` and `last` for several";
            problems.error(header, "`date` does not go with `first` and `last`", hint);
            false
        }
        (false, first, _) => {
            let (there, missing) = if first {
                ("first", "last")
            } else {
                ("last", "first")
            };
            let message = format!("`{there}` is there without `{missing}`");
            problems.error(
                header,
                message,
                "several days have both; one day has `date`",
            );
            false
        }
    };
    let mut read = |at: &Option<At<String>>| at.as_ref().and_then(|at| date(at, problems));
    let (date, first, last) = (read(&raw.date), read(&raw.first), read(&raw.last));
    let (first, last) = (date.or(first)?, date.or(last)?);
    if last < first {
        let span = &raw.last.as_ref()?.span;
        problems.error(span, "`last` is before `first`", "exchange the two");
        return None;
    }
    let when = When::Days(first, last);
    right.then_some(Marked { name: name?, when })
}

fn date(at: &At<String>, problems: &mut Problems) -> Option<Date> {
    let date = at.value.parse::<Date>().ok();
    let date = date.filter(|_| at.value.len() == "2026-12-25".len());
    if date.is_none() {
        let message = format!("`{}` is not a date", shortened(&at.value));
        problems.error(
            &at.span,
            message,
            "write year, month and day, as in `2026-12-25`",
        );
    }
    date
}

/// A moment, or a civil time.
enum Moment {
    Fixed(Timestamp),
    Civil(DateTime),
}

fn time(raw: &RawTime, header: &Range<usize>, problems: &mut Problems) -> Option<Marked> {
    let given = |key: &str| raw.has(key);
    let name = named("time", raw.name.as_ref(), header, given("name"), problems);
    for (key, example) in [
        ("from", "from = 2026-11-27T18:00:00-03:00"),
        ("to", "to = 2026-11-30T08:00:00-03:00"),
    ] {
        if !given(key) {
            let hint = format!("add a line such as `{example}`");
            problems.error(header, format!("this time has no `{key}`"), hint);
        }
    }
    let mut read = |at: &Option<At<String>>| at.as_ref().and_then(|at| moment(at, problems));
    let (from, to) = (read(&raw.from), read(&raw.to));
    let (when, right) = match (from?, to?) {
        (Moment::Fixed(from), Moment::Fixed(to)) => (When::Moments(from, to), from < to),
        (Moment::Civil(from), Moment::Civil(to)) => (When::Civil(from, to), from < to),
        _ => {
            let hint = "write both with an offset, or both without: those are times of the schedule's zone";
            let span = &raw.to.as_ref()?.span;
            problems.error(
                span,
                "only one of `from` and `to` has an offset from UTC",
                hint,
            );
            return None;
        }
    };
    if !right {
        let span = &raw.to.as_ref()?.span;
        problems.error(
            span,
            "`to` is not after `from`",
            "exchange the two, or write a later time",
        );
        return None;
    }
    Some(Marked { name: name?, when })
}

fn moment(at: &At<String>, problems: &mut Problems) -> Option<Moment> {
    if let Ok(time) = at.value.parse::<Timestamp>() {
        return Some(Moment::Fixed(time));
    }
    if at.value.len() > "2026-12-25".len()
        && let Ok(time) = at.value.parse::<DateTime>()
    {
        return Some(Moment::Civil(time));
    }
    let message = format!("`{}` is not a time", shortened(&at.value));
    let hint = "write date and time, with or without an offset, as in `2026-11-27T18:00:00-03:00`";
    problems.error(&at.span, message, hint);
    None
}
