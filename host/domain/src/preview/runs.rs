//! The runs of one schedule before and after an edit, walked through side by side.
//!
//! Owns: what is added, removed, moved and unchanged.
//! Never: holds the due times; only a local day at a time, the numbers, and as many examples as were asked for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::Serialize;

use super::{Horizon, skipped_whole, timed};
use crate::calendar::{DueTime, Zone, due_between};
use crate::json_time;
use crate::schedule::Schedule;

/// The most due times of one schedule that are looked at: a run every five minutes for a year. Beyond it the
/// comparison ends early, and says where.
pub const RUNS_LIMIT: u32 = 110_000;

/// The runs of a schedule, compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Runs {
    /// At the same moment before and after.
    pub unchanged: u64,
    /// At another time of the same local day, by the two times.
    pub moved: Vec<Move>,
    /// Only after the edit.
    pub added: Group,
    /// Only before the edit.
    pub removed: Group,
    /// Due times after the edit that a blackout prevents.
    pub in_blackout: u64,
    /// Set when there are more than [`RUNS_LIMIT`] due times: what comes later was not compared.
    #[serde(with = "json_time")]
    pub compared_until: Option<Timestamp>,
}

impl Runs {
    /// Whether nothing differs.
    #[must_use]
    pub fn same(&self) -> bool {
        self.moved.is_empty() && self.added.count == 0 && self.removed.count == 0
    }
}

/// Runs that moved from one time of day to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    /// The local time before the edit.
    pub from: Time,
    /// The local time after the edit.
    pub to: Time,
    /// Which runs.
    #[serde(flatten)]
    pub runs: Group,
}

/// Runs that changed in the same way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// How many.
    pub count: u64,
    /// The first; of moved ones, its new time.
    #[serde(with = "json_time")]
    pub first: Option<Timestamp>,
    /// The last; of moved ones, its new time.
    #[serde(with = "json_time")]
    pub last: Option<Timestamp>,
    /// Their local time of day, if it is the same for all.
    pub time: Option<Time>,
    /// The first ones, as many as were asked for.
    pub examples: Vec<Change>,
}

impl Group {
    fn take(&mut self, change: Change, zone: &Zone, examples: usize) {
        let Some(at) = change.new.or(change.old) else {
            return;
        };
        let time = zone.time_zone().to_datetime(at).time();
        if self.count == 0 {
            self.first = Some(at);
            self.time = Some(time);
        }
        self.time = self.time.filter(|same| *same == time);
        self.last = Some(at);
        self.count += 1;
        if self.examples.len() < examples {
            self.examples.push(change);
        }
    }
}

/// One run that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// When it was due.
    #[serde(with = "json_time")]
    pub old: Option<Timestamp>,
    /// When it will be due.
    #[serde(with = "json_time")]
    pub new: Option<Timestamp>,
    /// The blackout that prevents it from now on (removed), or did before (added).
    pub blackout: Option<String>,
}

/// A due time and the blackout in which it lies.
pub(super) type Due<'a> = (DueTime, Option<&'a str>);

/// The due times of a schedule, lazily.
pub(super) fn dues(schedule: &Schedule, horizon: Horizon) -> impl Iterator<Item = Due<'_>> {
    let all = timed(schedule).then(|| {
        due_between(
            &schedule.trigger,
            &schedule.zone,
            horizon.from,
            horizon.until,
        )
    });
    all.into_iter()
        .flatten()
        .map(|due| (due, skipped_whole(schedule, due.at)))
}

/// The runs of a schedule before and after.
pub(super) fn compare(
    old: Option<&Schedule>,
    new: Option<&Schedule>,
    horizon: Horizon,
    examples: usize,
) -> Runs {
    let mut day = Day::default();
    let mut found = Found::default();
    let Some(zone) = new.or(old).map(|schedule| &schedule.zone) else {
        return found.finish(None);
    };
    let until = horizon.until;
    let whole_days = Horizon {
        until: end_of_day(zone, until),
        ..horizon
    };
    let mut olds = old
        .into_iter()
        .flat_map(|schedule| dues(schedule, whole_days))
        .peekable();
    let mut news = new
        .into_iter()
        .flat_map(|schedule| dues(schedule, whole_days))
        .peekable();
    let mut stopped = None;
    let mut looked = 0;
    loop {
        let (left, right) = match (olds.peek(), news.peek()) {
            (None, None) => break,
            (Some(one), Some(other)) if one.0.at == other.0.at => (olds.next(), news.next()),
            (Some(one), Some(other)) if one.0.at > other.0.at => (None, news.next()),
            (Some(_), _) => (olds.next(), None),
            (None, Some(_)) => (None, news.next()),
        };
        let Some(at) = left.or(right).map(|(due, _)| due.at) else {
            break;
        };
        if looked == RUNS_LIMIT {
            stopped = Some(at);
            break;
        }
        looked += 1;
        let date = zone.time_zone().to_datetime(at).date();
        if day.date.is_none_or(|before| date > before) {
            found.take(&mut day, zone, until, examples);
            day.date = Some(date);
        }
        let name = |due: Option<Due<'_>>| due.and_then(|(_, name)| name).map(str::to_owned);
        found.in_blackout += u64::from(at <= until && name(right).is_some());
        let runs = |due: Option<Due<'_>>| due.is_some_and(|(_, name)| name.is_none());
        match (runs(left), runs(right)) {
            (true, true) => found.unchanged += u64::from(at <= until),
            (true, false) => day.removed.push((at, name(right))),
            (false, true) => day.added.push((at, name(left))),
            (false, false) => {}
        }
    }
    found.take(&mut day, zone, until, examples);
    found.finish(stopped)
}

/// The last moment of the local day in which a moment lies, so that the last day is compared whole.
fn end_of_day(zone: &Zone, at: Timestamp) -> Timestamp {
    let end = at
        .to_zoned(zone.time_zone().clone())
        .end_of_day()
        .map(|end| end.timestamp());
    end.unwrap_or(at)
}

/// What differs on one local day.
#[derive(Default)]
struct Day {
    date: Option<Date>,
    removed: Vec<(Timestamp, Option<String>)>,
    added: Vec<(Timestamp, Option<String>)>,
}

#[derive(Default)]
struct Found {
    unchanged: u64,
    in_blackout: u64,
    moved: BTreeMap<(Time, Time), Group>,
    added: Group,
    removed: Group,
}

impl Found {
    /// Pairs what was removed and added on a day, in order; what is left over was added or removed.
    /// A run that moves beyond the horizon, or out of it, has moved; others beyond it are not counted.
    fn take(&mut self, day: &mut Day, zone: &Zone, until: Timestamp, examples: usize) {
        let time = |at: Timestamp| zone.time_zone().to_datetime(at).time();
        let mut added = day.added.drain(..);
        for (old, blackout) in day.removed.drain(..) {
            if let Some((new, _)) = added.next() {
                if old.min(new) > until {
                    continue;
                }
                let group = self.moved.entry((time(old), time(new))).or_default();
                let change = Change {
                    old: Some(old),
                    new: Some(new),
                    blackout: None,
                };
                group.take(change, zone, examples);
            } else if old <= until {
                let change = Change {
                    old: Some(old),
                    new: None,
                    blackout,
                };
                self.removed.take(change, zone, examples);
            }
        }
        for (new, blackout) in added.filter(|(new, _)| *new <= until) {
            let change = Change {
                old: None,
                new: Some(new),
                blackout,
            };
            self.added.take(change, zone, examples);
        }
    }

    fn finish(self, compared_until: Option<Timestamp>) -> Runs {
        let moved = self.moved.into_iter();
        let mut moved: Vec<Move> = moved
            .map(|((from, to), runs)| Move { from, to, runs })
            .collect();
        moved.sort_by_key(|one| one.runs.first);
        Runs {
            unchanged: self.unchanged,
            moved,
            added: self.added,
            removed: self.removed,
            in_blackout: self.in_blackout,
            compared_until,
        }
    }
}
