//! Calendar files in iCalendar form (RFC 5545): events become times.
//!
//! Owns: which parts of an event decide when it is, and that none of them is passed over.
//! Never: tasks, alarms, invitations.
//! Read next: `content`, `moment`, `recurrence`.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Span, Timestamp, ToSpan};

use super::content::{Line, lines};
use super::moment::{self, Scale};
use super::recurrence::Rule;
use super::{Marked, TIMES_LIMIT, When};
use crate::problems::{Problems, shortened};

/// Parts of an event that decide when it is.
const UNDERSTOOD: [&str; 8] = [
    "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "SUMMARY", "STATUS",
];
/// Parts that would decide as well, and are not understood.
const REFUSED: [&str; 2] = ["EXRULE", "RECURRENCE-ID"];
/// How far ahead a series is followed: a host that runs longer without reading its files anew is not to be expected.
const AHEAD_YEARS: i64 = 10;
/// What is longer ago decides nothing any more: `missed-within` goes back a year at most.
const BACK_YEARS: i64 = 2;

/// Every time of the file; what is wrong is reported and left out.
pub(super) fn read(now: Timestamp, problems: &mut Problems) -> Vec<Marked> {
    let source = Arc::clone(&problems.source);
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut times = Vec::new();
    let mut open: Vec<Line> = Vec::new();
    let mut event: Vec<Line> = Vec::new();
    for line in lines(&source.text) {
        let line = match line {
            Ok(line) => line,
            Err(span) => {
                let hint = "is it an iCalendar file, and whole?";
                problems.error(&span, "this is not a line `NAME:value`", hint);
                return Vec::new();
            }
        };
        let begins = line.name == "BEGIN";
        if open.is_empty() && !(begins && line.value.eq_ignore_ascii_case("VCALENDAR")) {
            let hint = "an iCalendar file begins with `BEGIN:VCALENDAR`; is it the right file?";
            problems.error(&line.span, "this is not an iCalendar file", hint);
            return Vec::new();
        }
        if begins {
            if line.value.eq_ignore_ascii_case("VFREEBUSY") {
                refuse(&line, "`VFREEBUSY` is not supported".to_owned(), problems);
            }
            open.push(line);
        } else if line.name == "END" {
            let last = open.pop();
            if last.is_none_or(|last| !last.value.eq_ignore_ascii_case(&line.value)) {
                let message = format!("`END:{}` ends nothing", shortened(&line.value));
                problems.error(&line.span, message, "is the file whole?");
                return Vec::new();
            }
            if line.value.eq_ignore_ascii_case("VEVENT") {
                times.extend(Event::read(&event, &line, problems).times(today, problems));
                event.clear();
            }
            if times.len() > TIMES_LIMIT {
                return times;
            }
        } else if open
            .last()
            .is_some_and(|open| open.value.eq_ignore_ascii_case("VEVENT"))
        {
            event.push(line);
        }
    }
    if let Some(open) = open.last() {
        let message = format!("`{}` is not ended", shortened(&open.value));
        problems.error(&open.span, message, "is the file whole?");
    }
    times
}

fn refuse(line: &Line, message: String, problems: &mut Problems) {
    let hint =
        "change this entry in the calendar, or write its days in `days` or in a `.toml` calendar";
    problems.error(&line.span, message, hint);
}

/// An event; `None` in `start`: it is cancelled or wrong.
struct Event<'a> {
    name: String,
    start: Option<(&'a Line, DateTime, Scale)>,
    end: Option<&'a Line>,
    rules: Vec<&'a Line>,
    more: Vec<&'a Line>,
    except: Vec<&'a Line>,
}

impl<'a> Event<'a> {
    fn read(lines: &'a [Line], last: &'a Line, problems: &mut Problems) -> Self {
        let all = |name: &'static str| lines.iter().filter(move |line| line.name == name);
        let name = all("SUMMARY").map(Line::text).find(|text| !text.is_empty());
        let mut event = Self {
            name: name.map_or_else(|| "unnamed event".to_owned(), |name| shortened(&name)),
            start: None,
            end: all("DTEND").chain(all("DURATION")).next(),
            rules: all("RRULE").collect(),
            more: all("RDATE").collect(),
            except: all("EXDATE").collect(),
        };
        if all("STATUS").any(|line| line.value.eq_ignore_ascii_case("CANCELLED")) {
            return event;
        }
        let errors = problems.errors();
        for line in lines
            .iter()
            .filter(|line| REFUSED.contains(&line.name.as_str()))
        {
            refuse(line, format!("`{}` is not supported", line.name), problems);
        }
        for name in UNDERSTOOD
            .iter()
            .filter(|name| !["RDATE", "EXDATE"].contains(name))
        {
            if let Some(second) = all(name).nth(1) {
                refuse(second, format!("the event has `{name}` twice"), problems);
            }
        }
        if let (Some(_), Some(second)) = (all("DTEND").next(), all("DURATION").next()) {
            refuse(
                second,
                "the event has `DTEND` and `DURATION`".to_owned(),
                problems,
            );
        }
        match all("DTSTART").next() {
            None => refuse(
                last,
                format!("the event `{}` has no `DTSTART`", event.name),
                problems,
            ),
            Some(line) => match moment::one(line) {
                Ok((time, scale)) => event.start = Some((line, time, scale)),
                Err(message) => refuse(line, message, problems),
            },
        }
        if problems.errors() > errors {
            event.start = None;
        }
        event
    }

    fn times(self, today: Date, problems: &mut Problems) -> Vec<Marked> {
        let Some((line, start, scale)) = &self.start else {
            return Vec::new();
        };
        let found = self.length(*start, scale).and_then(|length| {
            let starts = self.starts(*start, scale, today)?;
            Ok((length, starts))
        });
        let (length, starts) = match found {
            Ok(found) => found,
            Err((line, message)) => {
                refuse(line, message, problems);
                return Vec::new();
            }
        };
        if length <= SignedDuration::ZERO {
            let message = format!("the event `{}` takes no time", self.name);
            if length < SignedDuration::ZERO {
                refuse(
                    line,
                    format!("the event `{}` ends before it begins", self.name),
                    problems,
                );
            } else {
                problems.warning(&line.span, message, "give it an end, `DTEND` or `DURATION`");
            }
            return Vec::new();
        }
        let when = |start: DateTime| match scale {
            Scale::Days => {
                let last = start.checked_add(length).ok()?.date().yesterday().ok()?;
                Some(When::Days(start.date(), last))
            }
            Scale::Floating => Some(When::Civil(start, start.checked_add(length).ok()?)),
            Scale::In(_) => {
                let from = scale.moment(start)?;
                Some(When::Moments(from, from.checked_add(length).ok()?))
            }
        };
        let times = starts.into_iter().filter_map(when);
        times
            .map(|when| Marked {
                name: self.name.clone(),
                when,
            })
            .collect()
    }

    /// How long each time takes.
    fn length(&self, start: DateTime, scale: &Scale) -> Result<SignedDuration, (&'a Line, String)> {
        let Some(line) = self.end else {
            let whole_day = *scale == Scale::Days;
            return Ok(SignedDuration::from_hours(if whole_day { 24 } else { 0 }));
        };
        let wrong = |message: String| (line, message);
        if line.name == "DURATION" {
            let span = line.value.parse::<Span>().ok();
            let length = span.and_then(|span| {
                let end = start.checked_add(span).ok()?;
                Some(end.duration_since(start))
            });
            let message = || format!("`{}` is not a length of time", shortened(&line.value));
            let length = length.ok_or_else(|| wrong(message()))?;
            let days = length.as_secs() % 86_400 == 0;
            return if *scale == Scale::Days && !days {
                Err(wrong(
                    "whole days need a `DURATION` of whole days".to_owned(),
                ))
            } else {
                Ok(length)
            };
        }
        let (end, other) = moment::one(line).map_err(wrong)?;
        if (*scale == Scale::Days) != (other == Scale::Days)
            || (*scale == Scale::Floating) != (other == Scale::Floating)
        {
            return Err(wrong(
                "`DTSTART` and `DTEND` are not of the same kind".to_owned(),
            ));
        }
        Ok(match (scale.moment(start), other.moment(end)) {
            (Some(start), Some(end)) => end.duration_since(start),
            _ => end.duration_since(start),
        })
    }

    /// When each time begins.
    fn starts(
        &self,
        start: DateTime,
        scale: &Scale,
        today: Date,
    ) -> Result<Vec<DateTime>, (&'a Line, String)> {
        let mut starts = vec![start];
        for line in &self.rules {
            let rule = Rule::parse(&line.value).map_err(|message| (*line, message))?;
            starts =
                series(&rule, line, start, scale, today).map_err(|message| (*line, message))?;
        }
        let same = |line: &'a Line| {
            let (times, other) = moment::times(line).map_err(|message| (line, message))?;
            // A time of another zone is moved into this one.
            let moved = |time: DateTime| match (scale, other.moment(time)) {
                (Scale::In(zone), Some(at)) => Some(zone.to_datetime(at)),
                _ => (*scale == other).then_some(time),
            };
            let moved: Option<Vec<_>> = times.into_iter().map(moved).collect();
            let message = || format!("`{}` and `DTSTART` are not of the same kind", line.name);
            moved.ok_or_else(|| (line, message()))
        };
        for line in &self.more {
            starts.extend(same(line)?);
        }
        let mut except = HashSet::new();
        for line in &self.except {
            except.extend(same(line)?);
        }
        starts.retain(|start| !except.contains(start));
        Ok(starts)
    }
}

/// The series of a rule, as far as it matters.
fn series(
    rule: &Rule,
    line: &Line,
    start: DateTime,
    scale: &Scale,
    today: Date,
) -> Result<Vec<DateTime>, String> {
    let last = today.checked_add(AHEAD_YEARS.years()).unwrap_or(Date::MAX);
    let days = rule.days(start.date(), last);
    let days = days.ok_or_else(|| "the series has too many times".to_owned())?;
    let mut starts: Vec<_> = days
        .into_iter()
        .map(|day| day.to_datetime(start.time()))
        .collect();
    if let Some(text) = &rule.until {
        let written = Line {
            name: "UNTIL".to_owned(),
            parameters: Vec::new(),
            value: text.clone(),
            span: line.span.clone(),
        };
        let (until, kind) = moment::one(&written)?;
        starts.retain(|start| match (scale.moment(*start), kind.moment(until)) {
            (Some(start), Some(until)) => start <= until,
            _ if kind == Scale::Days => start.date() <= until.date(),
            _ => *start <= until,
        });
    }
    let oldest = today.checked_sub(BACK_YEARS.years()).unwrap_or(Date::MIN);
    // The last one stays, so that a series that is over is known to be over.
    let kept = starts.iter().position(|start| start.date() >= oldest);
    starts.drain(..kept.unwrap_or_else(|| starts.len().saturating_sub(1)));
    Ok(starts)
}
