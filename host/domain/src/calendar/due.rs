//! Due times of a trigger: civil times become instants in the zone.
//!
//! Fixed times follow the policies for gaps and overlaps. Each policy maps civil times to instants without ever
//! turning back, so the first match after the civil reading of `after` is the first instant after it, but for the
//! overlap itself, where the search begins at its start or its end. The other times follow real time: within a stretch
//! of one offset civil time and instants run alike, so each stretch is searched by itself.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::dst::{self, Change, Meaning, Pass};
use super::{Cron, DstGap, DstNote, DstOverlap, Zone};
use crate::schedule::Trigger;

/// Stretches of one offset that are searched for a match: every zone's longest run of changes (four a year) over the
/// years after which the rarest date comes back.
const STRETCHES: usize = 200;
/// Civil times that may be skipped or merged before one stands: more than the seconds of the longest gap.
const SKIPPED: usize = 100_000;

/// A moment at which a trigger is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueTime {
    /// When.
    pub at: Timestamp,
    /// What a change of the clocks has to do with it.
    pub note: Option<DstNote>,
}

/// The first due time strictly after a moment; `None`: never again.
#[must_use]
pub fn next_due(trigger: &Trigger, zone: &Zone, after: Timestamp) -> Option<DueTime> {
    match trigger {
        Trigger::Every(every) => every.next(zone, after),
        Trigger::At(at) => (*at > after).then_some(DueTime {
            at: *at,
            note: None,
        }),
        // Not a matter of time.
        Trigger::Event(_) | Trigger::After(_) => None,
        Trigger::Cron { cron, .. } if !cron.is_fixed() => next_in_real_time(cron, zone, after),
        Trigger::Cron { cron, gap, overlap } => {
            let next = |pass| next_fixed(cron, zone, after, *gap, pass);
            match overlap {
                DstOverlap::First => next(Pass::First),
                DstOverlap::Second => next(Pass::Second),
                DstOverlap::Both => [next(Pass::First), next(Pass::Second)]
                    .into_iter()
                    .flatten()
                    .min_by_key(|due| due.at),
            }
        }
    }
}

/// Every due time after a moment up to and including another, strictly increasing, each computed when it is asked for.
pub fn due_between<'a>(
    trigger: &'a Trigger,
    zone: &'a Zone,
    after_exclusive: Timestamp,
    until_inclusive: Timestamp,
) -> impl Iterator<Item = DueTime> + use<'a> {
    let mut cursor = after_exclusive;
    std::iter::from_fn(move || {
        let due = next_due(trigger, zone, cursor)?;
        debug_assert!(
            due.at > cursor,
            "due times turn back from {cursor} to {}",
            due.at
        );
        if due.at <= cursor || due.at > until_inclusive {
            return None;
        }
        cursor = due.at;
        Some(due)
    })
}

fn next_fixed(
    cron: &Cron,
    zone: &Zone,
    after: Timestamp,
    gap: DstGap,
    pass: Pass,
) -> Option<DueTime> {
    let tz = zone.time_zone();
    let now = tz.to_datetime(after);
    let mut found = match (pass, dst::change_around(tz, now)) {
        // The second reading of a repeated hour: its first runs are over.
        (Pass::First, Some(change)) if after >= change.at => cron.civil_from(change.civil_before),
        // The first reading: every run of the hour is still to come in the second.
        (Pass::Second, Some(change)) if after < change.at => cron.civil_from(change.civil_after),
        _ => cron.civil_after(now),
    };
    for _ in 0..SKIPPED {
        let civil = found?;
        let due = match dst::meaning(tz, civil)? {
            Meaning::Once(at) => DueTime { at, note: None },
            Meaning::Twice(at, _) if pass == Pass::First => DueTime {
                at,
                note: Some(DstNote::FirstOfTwo(civil)),
            },
            Meaning::Twice(_, at) => DueTime {
                at,
                note: Some(DstNote::SecondOfTwo(civil)),
            },
            Meaning::Never(Change { civil_after, .. }) if gap == DstGap::Skip => {
                found = cron.civil_from(civil_after);
                continue;
            }
            Meaning::Never(change) => DueTime {
                at: change.at,
                note: Some(DstNote::MovedOutOfGap(civil)),
            },
        };
        if due.at > after {
            return Some(due);
        }
        found = cron.civil_after(civil);
    }
    None
}

fn next_in_real_time(cron: &Cron, zone: &Zone, after: Timestamp) -> Option<DueTime> {
    let tz = zone.time_zone();
    let mut offset = tz.to_offset(after);
    let mut found = cron.civil_after(offset.to_datetime(after));
    let mut changes = tz.following(after);
    for _ in 0..STRETCHES {
        let civil = found?;
        let at = offset.to_timestamp(civil).ok();
        match (at, changes.next().map(|change| change.timestamp())) {
            (Some(at), end) if end.is_none_or(|end| at < end) => {
                return Some(DueTime {
                    at,
                    note: note_of(zone, civil, at),
                });
            }
            (_, Some(end)) => {
                offset = tz.to_offset(end);
                found = cron.civil_from(offset.to_datetime(end));
            }
            (_, None) => return None,
        }
    }
    None
}

fn note_of(zone: &Zone, civil: DateTime, at: Timestamp) -> Option<DstNote> {
    match dst::meaning(zone.time_zone(), civil)? {
        Meaning::Twice(first, _) if first == at => Some(DstNote::FirstOfTwo(civil)),
        Meaning::Twice(..) => Some(DstNote::SecondOfTwo(civil)),
        Meaning::Once(_) | Meaning::Never(_) => None,
    }
}
