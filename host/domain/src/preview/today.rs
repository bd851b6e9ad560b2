//! What an edit does to the day on which it is made.
//!
//! Owns: the day without a run, and the day with two. Up to the edit the old due times hold, after it the new ones.

use jiff::{Timestamp, ToSpan};

use super::Horizon;
use super::runs::dues;
use super::warning::{Warning, WarningKind};
use crate::schedule::Schedule;

/// Warns if today's run is lost, or comes twice; today is the local day of the new zone.
pub(super) fn look(old: &Schedule, new: &Schedule, now: Timestamp) -> Option<Warning> {
    let tz = new.zone.time_zone();
    let day = now.to_zoned(tz.clone()).start_of_day().ok()?;
    let end = day.checked_add(1.day()).ok()?.timestamp();
    let today = Horizon {
        from: day.timestamp().checked_sub(1.nanosecond()).ok()?,
        until: end.checked_sub(1.nanosecond()).ok()?,
    };
    // More than two a day: one that is lost or doubled is nothing to warn of. The past ones come first.
    let runs = |schedule: &Schedule, from: Timestamp| -> Vec<Timestamp> {
        let stretch = Horizon { from, ..today };
        dues(schedule, stretch)
            .filter(|(_, blackout)| blackout.is_none())
            .map(|(due, _)| due.at)
            .take(2)
            .collect()
    };
    let (old_today, new_today) = (runs(old, today.from), runs(new, today.from));
    let (old_coming, new_coming) = (runs(old, now), runs(new, now));
    let local = |at: Timestamp| tz.to_datetime(at).strftime("%H:%M").to_string();
    let date = day.date();
    let name = &new.name;
    match (
        old_today.as_slice(),
        old_coming.as_slice(),
        new_coming.as_slice(),
    ) {
        ([first, ..], [coming, ..], []) if *first > now => {
            let new_time = match new_today.last() {
                Some(at) => format!("its new time, {}, is over already", local(*at)),
                None => "its new times have none today".to_owned(),
            };
            let message = format!(
                "`{name}` has no run today ({date}): it was still to run at {}, and {new_time}",
                local(*coming)
            );
            Some(Warning::of(
                WarningKind::TodayWithoutRun,
                new,
                Some(*coming),
                message,
            ))
        }
        ([ran], [], [again]) if new_today.len() == 1 => {
            let message = format!(
                "`{name}` runs twice today ({date}): it was due at {}, and is due again at {}",
                local(*ran),
                local(*again)
            );
            Some(Warning::of(
                WarningKind::TodayTwice,
                new,
                Some(*again),
                message,
            ))
        }
        _ => None,
    }
}
