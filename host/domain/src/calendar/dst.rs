//! Civil times that a change of the clocks removes or repeats.
//!
//! Owns: the policies for them, the note for people, and finding the change itself.
//! Never: cron; a civil time comes in, an instant goes out.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What happens to a fixed civil time that does not exist, because the clocks jumped over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DstGap {
    /// It runs at the end of the gap; several in one gap run once.
    #[default]
    Next,
    /// It does not run.
    Skip,
}

/// What happens to a fixed civil time that exists twice, because the clocks went back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DstOverlap {
    /// It runs the first time.
    #[default]
    First,
    /// It runs the second time.
    Second,
    /// It runs both times.
    Both,
}

/// Says that a due time lies at a change of the clocks, and names its civil time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DstNote {
    /// The civil time does not exist; it runs at the end of the gap.
    MovedOutOfGap(DateTime),
    /// The civil time exists twice; this is the first.
    FirstOfTwo(DateTime),
    /// The civil time exists twice; this is the second.
    SecondOfTwo(DateTime),
}

impl fmt::Display for DstNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::MovedOutOfGap(civil) | Self::FirstOfTwo(civil) | Self::SecondOfTwo(civil)) =
            self;
        let time = if civil.second() == 0 {
            "%H:%M"
        } else {
            "%H:%M:%S"
        };
        let (time, date) = (civil.strftime(time), civil.date());
        match self {
            Self::MovedOutOfGap(_) => write!(
                f,
                "{time} does not exist on {date}; runs at the end of the gap"
            ),
            Self::FirstOfTwo(_) => write!(f, "{time} happens twice on {date}; this is the first"),
            Self::SecondOfTwo(_) => write!(f, "{time} happens twice on {date}; this is the second"),
        }
    }
}

/// Which of two equal civil times is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    First,
    Second,
}

/// A change of the offset from UTC.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    /// The first instant of the new offset.
    pub(super) at: Timestamp,
    /// What the clocks would have read without the change.
    pub(super) civil_before: DateTime,
    /// What the clocks read with it.
    pub(super) civil_after: DateTime,
}

/// What a civil time means in a zone.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    /// Exactly one instant.
    Once(Timestamp),
    /// No instant; the change that removed it.
    Never(Change),
    /// Two instants.
    Twice(Timestamp, Timestamp),
}

/// Looks up a civil time; `None` beyond the years that timestamps can hold.
pub(super) fn meaning(tz: &TimeZone, civil: DateTime) -> Option<Meaning> {
    Some(match tz.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => Meaning::Once(offset.to_timestamp(civil).ok()?),
        AmbiguousOffset::Gap { before, after } => Meaning::Never(change(tz, civil, before, after)?),
        AmbiguousOffset::Fold { before, after } => Meaning::Twice(
            before.to_timestamp(civil).ok()?,
            after.to_timestamp(civil).ok()?,
        ),
    })
}

/// The change of the clocks that removes or repeats a civil time; `None`: it exists once.
pub(super) fn change_around(tz: &TimeZone, civil: DateTime) -> Option<Change> {
    match tz.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { .. } => None,
        AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
            change(tz, civil, before, after)
        }
    }
}

fn change(tz: &TimeZone, civil: DateTime, before: Offset, after: Offset) -> Option<Change> {
    // The smaller offset gives the later instant, which is never before the change and less than its size after it.
    let late = before.min(after).to_timestamp(civil).ok()?;
    let second = SignedDuration::from_secs(1);
    let is_it = |at: Timestamp| {
        let old = at.checked_sub(second).map(|earlier| tz.to_offset(earlier));
        old.is_ok_and(|old| old == before) && tz.to_offset(at) == after
    };
    let mut transitions = tz
        .preceding(late.checked_add(second).ok()?)
        .map(|transition| transition.timestamp());
    let at = transitions.find(|at| is_it(*at))?;
    Some(Change {
        at,
        civil_before: before.to_datetime(at),
        civil_after: after.to_datetime(at),
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn notes_are_sentences() {
        let civil = date(2026, 3, 8).at(2, 30, 0, 0);
        assert_eq!(
            DstNote::MovedOutOfGap(civil).to_string(),
            "02:30 does not exist on 2026-03-08; runs at the end of the gap"
        );
        let civil = date(2026, 11, 1).at(1, 30, 5, 0);
        assert_eq!(
            DstNote::SecondOfTwo(civil).to_string(),
            "01:30:05 happens twice on 2026-11-01; this is the second"
        );
    }

    #[test]
    fn policies_are_written_in_kebab_case() {
        assert_eq!(serde_json::to_string(&DstGap::Next).unwrap(), "\"next\"");
        assert_eq!(
            serde_json::from_str::<DstOverlap>("\"both\"").unwrap(),
            DstOverlap::Both
        );
    }

    #[test]
    fn the_change_is_found_from_any_civil_time_in_it() {
        let tz = TimeZone::get("Pacific/Apia").unwrap();
        for hour in [0, 12, 23] {
            let Some(Meaning::Never(change)) = meaning(&tz, date(2011, 12, 30).at(hour, 0, 0, 0))
            else {
                panic!()
            };
            assert_eq!(change.at, "2011-12-30T10:00:00Z".parse().unwrap());
            assert_eq!(change.civil_after, date(2011, 12, 31).at(0, 0, 0, 0));
        }
        let tz = TimeZone::get("Australia/Lord_Howe").unwrap();
        let change = change_around(&tz, date(2026, 4, 5).at(1, 30, 0, 0)).unwrap();
        assert_eq!(change.civil_before, date(2026, 4, 5).at(2, 0, 0, 0));
        assert_eq!(change.civil_after, date(2026, 4, 5).at(1, 30, 0, 0));
        assert!(change_around(&tz, date(2026, 4, 5).at(2, 0, 0, 0)).is_none());
    }
}
