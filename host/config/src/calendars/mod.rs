//! Calendar files: holidays and freezes that schedules share, named by `calendars` of `[schedule.blackout]`.
//!
//! Owns: finding and reading each file once, and what is said of a file that is broken, unused or over.
//! Never: decides what runs; `strongroom_domain::blackout` does.
//! Read next: `days` (TOML), `ics`.

mod content;
mod days;
mod ics;
mod moment;
mod recurrence;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use strongroom_domain::blackout::Period;
use strongroom_domain::calendar::Zone;
use toml::de::DeTable;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::files::{self, FILE_LIMIT};
use crate::problems::{Problems, shortened};
use crate::raw::CALENDAR;
use crate::reader::At;
use crate::source::SourceFile;

/// The most times of one calendar: each due time is compared with every one of them.
pub(crate) const TIMES_LIMIT: usize = 10_000;

/// A time of a calendar file, before a schedule's zone gives it a meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marked {
    pub(crate) name: String,
    pub(crate) when: When,
}

/// When.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum When {
    /// Whole days, the last one too.
    Days(Date, Date),
    /// Civil times of the schedule's zone, up to the second one.
    Civil(DateTime, DateTime),
    /// Moments, up to the second one.
    Moments(Timestamp, Timestamp),
}

/// One calendar file.
struct Calendar {
    /// As it was found wrong; empty: it is right.
    problems: Diagnostics,
    times: Vec<Marked>,
}

/// All calendar files that the schedules name.
pub(crate) struct Calendars {
    /// The moment for which is asked whether a calendar is over.
    pub(crate) now: Timestamp,
    read: BTreeMap<PathBuf, Calendar>,
    /// Those that a schedule names.
    used: BTreeSet<PathBuf>,
    /// What a calendar means in a zone.
    resolved: HashMap<(PathBuf, String), Vec<Period>>,
    /// Calendars that stand between the schedule files.
    beside: BTreeMap<PathBuf, Arc<SourceFile>>,
}

/// Whether a file that stands between the schedule files is a calendar.
pub(crate) fn is_one(root: &DeTable<'_>) -> bool {
    !root.is_empty() && root.keys().all(|key| CALENDAR.key(key.get_ref()).is_some())
}

impl Calendars {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            now,
            read: BTreeMap::new(),
            used: BTreeSet::new(),
            resolved: HashMap::new(),
            beside: BTreeMap::new(),
        }
    }

    /// Takes note of a calendar between the schedule files: it is read when a schedule names it.
    pub(crate) fn beside_schedules(&mut self, source: &Arc<SourceFile>) {
        self.beside.insert(source.absolute(), Arc::clone(source));
    }

    /// The periods of the calendar that a schedule names; what is wrong is reported, in the calendar and at the key.
    pub(crate) fn periods(
        &mut self,
        at: &At<String>,
        zone: &Zone,
        problems: &mut Problems,
    ) -> Vec<Period> {
        let written = Path::new(&at.value);
        let path = without_dots(&problems.source.folder.join(written));
        let shown = match problems.source.path.parent() {
            Some(beside) if written.is_relative() => beside.join(written),
            _ => written.to_owned(),
        };
        if !self.used.contains(&path) {
            self.used.insert(path.clone());
        }
        let now = self.now;
        let calendar = self
            .read
            .entry(path.clone())
            .or_insert_with(|| calendar(&path, &shown, now));
        if calendar.problems.has_errors() {
            let count = calendar.problems.len();
            for problem in calendar.problems.iter().take(5) {
                let named = problems.source.clone();
                problems.add(problem.clone().noted(&named, at.span.clone(), "named here"));
            }
            if let Some(more) = count.checked_sub(5).filter(|more| *more > 0) {
                let message = format!(
                    "the calendar `{}` has {more} more problems",
                    shortened(&at.value)
                );
                problems.error(&at.span, message, "mend the ones above first");
            }
            return Vec::new();
        }
        let times = &calendar.times;
        self.resolved
            .entry((path, zone.as_str().to_owned()))
            .or_insert_with(|| times.iter().filter_map(|time| period(time, zone)).collect())
            .clone()
    }

    /// The calendar files that were named since this was asked last.
    pub(crate) fn take_used(&mut self) -> BTreeSet<PathBuf> {
        std::mem::take(&mut self.used)
    }

    /// Adds calendar files that are named.
    pub(crate) fn add_used(&mut self, used: BTreeSet<PathBuf>) {
        self.used.extend(used);
    }

    /// Whether nothing is to be said of calendar files that were read.
    pub(crate) fn are_right(&self, files: &BTreeSet<PathBuf>) -> bool {
        let right =
            |file| matches!(self.read.get(file), Some(calendar) if calendar.problems.is_empty());
        files.iter().all(right)
    }

    /// Adds the calendar files that are named to `files`, and answers with what is to be said of them as a whole.
    pub(crate) fn finish(self, files: &mut Vec<PathBuf>) -> Diagnostics {
        let mut warnings = Diagnostics::default();
        for (file, calendar) in &self.read {
            if self.used.contains(file) && !calendar.problems.has_errors() {
                warnings.extend(calendar.problems.iter().cloned());
            }
        }
        for (path, source) in self.beside {
            if !self.used.contains(&path) {
                let problem = Diagnostic::of_file(&source.path, "no schedule uses this calendar");
                let hint = "name it in `calendars` of `[schedule.blackout]`, or remove it";
                warnings.push(problem.hinted(hint).as_warning());
                files.push(path);
            }
        }
        files.extend(self.used);
        warnings
    }
}

/// A file that is not there is usually looked for in another folder.
fn relative(problem: Diagnostic) -> Diagnostic {
    problem.hinted("a relative path starts at the folder of the schedule file that names it")
}

/// Reads a calendar file.
fn calendar(path: &Path, shown: &Path, now: Timestamp) -> Calendar {
    let broken = |problems| Calendar {
        problems,
        times: Vec::new(),
    };
    let source = match files::read_as(path, shown) {
        Ok(source) => Arc::new(source),
        Err(problems) => return broken(problems.into_iter().map(relative).collect()),
    };
    let of_file = |message: String, hint: &str| Diagnostic::of_file(shown, message).hinted(hint);
    if source.text.len() > FILE_LIMIT {
        let message = format!("this calendar is larger than {} KiB", FILE_LIMIT >> 10);
        return broken(
            of_file(message, "is it a calendar? If so, remove what is long past").into(),
        );
    }
    let is_ics = path.extension().is_some_and(|end| end == "ics");
    if is_ics && source.text.trim().is_empty() {
        let hint = "an iCalendar file begins with BEGIN:VCALENDAR; was it fetched?";
        return broken(of_file("there is nothing in this calendar".to_owned(), hint).into());
    }
    let mut problems = Problems::new(Arc::clone(&source));
    let times = match path.extension().and_then(|end| end.to_str()) {
        Some("toml") => days::read(&mut problems),
        Some("ics") => ics::read(now, &mut problems),
        _ => {
            let hint = "calendars end in `.ics` (iCalendar) or `.toml` (`[[day]]` and `[[time]]`)";
            return broken(of_file("this is not a calendar file".to_owned(), hint).into());
        }
    };
    if times.len() > TIMES_LIMIT {
        let message = format!("this calendar holds {} times", times.len());
        let hint = format!("at most {TIMES_LIMIT}; remove what is long past");
        problems.add(of_file(message, &hint));
    } else if times.is_empty() && problems.is_empty() {
        let hint = "it holds no time at which nothing begins; is it the right file?";
        problems.add(of_file("this calendar is empty".to_owned(), hint).as_warning());
    } else if let Some(last) = times.iter().filter_map(|time| end(&time.when)).max()
        && last < now
    {
        let day = last.to_zoned(jiff::tz::TimeZone::UTC).date();
        let message = format!("this calendar is over: its last time ended by {day}");
        problems.add(of_file(message, "put the days to come into it").as_warning());
    }
    Calendar {
        problems: problems.finish(),
        times,
    }
}

/// When a time is over everywhere on Earth.
fn end(when: &When) -> Option<Timestamp> {
    let last = match when {
        When::Moments(_, to) => return Some(*to),
        When::Days(_, last) => last.tomorrow().ok()?.at(0, 0, 0, 0),
        When::Civil(_, to) => *to,
    };
    let utc = jiff::tz::Offset::UTC.to_timestamp(last).ok()?;
    utc.checked_add(SignedDuration::from_hours(12)).ok()
}

/// What a time means to a schedule of a zone.
fn period(time: &Marked, zone: &Zone) -> Option<Period> {
    let name = time.name.clone();
    Some(match time.when {
        When::Days(first, last) => Period::Days { first, last, name },
        When::Moments(from, to) => Period::Between { from, to, name },
        When::Civil(from, to) => {
            let moment = |civil: DateTime| {
                let ambiguous = zone.time_zone().to_ambiguous_timestamp(civil);
                ambiguous.compatible().ok()
            };
            Period::Between {
                from: moment(from)?,
                to: moment(to)?,
                name,
            }
        }
    })
}

/// The same path without `.` and `..`: one file has one name here.
fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            part => clean.push(part),
        }
    }
    clean
}
