//! The shelf over time: how many good copies there were, and what still kept them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use strongroom_domain::retention::{Retention, ShelfItem, decide};
use strongroom_domain::schedule::Schedule;
use strongroom_domain::{Outcome, ScheduleName, TenantName};
use strongroom_ledger::{OccurrenceRow, SnapshotRow, SnapshotState};

use super::span::{self, Span};

/// The good copies of one schedule and tenant.
#[derive(Debug, Serialize)]
pub(super) struct Shelf {
    pub(super) schedule: ScheduleName,
    pub(super) tenant: TenantName,
    pub(super) floor: Option<u32>,
    /// At the end of each month, or of the simulation.
    pub(super) months: Vec<MonthEnd>,
    pub(super) highest: usize,
    /// Since the first copy was deleted; if none was, since the first one was there.
    pub(super) lowest: Option<Lowest>,
    /// When first nothing but the floor kept what was left.
    pub(super) only_floor_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
pub(super) struct MonthEnd {
    pub(super) month: String,
    pub(super) good: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Lowest {
    pub(super) good: usize,
    pub(super) at: Timestamp,
}

impl Shelf {
    /// The shelf of a tenant, if there ever was anything on it or should have been.
    pub(super) fn new(
        schedule: &Schedule,
        tenant: &TenantName,
        span: &Span,
        rows: &[&OccurrenceRow],
        copies: &[&SnapshotRow],
    ) -> Option<Self> {
        if copies.is_empty() && schedule.retention().is_none() {
            return None;
        }
        let (highest, lowest) = extremes(copies, span);
        Some(Self {
            schedule: schedule.name.clone(),
            tenant: tenant.clone(),
            floor: schedule.retention().map(|rules| rules.floor),
            months: month_ends(schedule.zone.time_zone(), span)
                .map(|(month, at)| MonthEnd {
                    month,
                    good: good_at(copies, at).count(),
                })
                .collect(),
            highest,
            lowest,
            only_floor_at: only_floor(schedule, span, rows, copies),
        })
    }
}

/// Whether a copy was there and good at a moment.
fn good_at<'a>(
    copies: &'a [&'a SnapshotRow],
    at: Timestamp,
) -> impl Iterator<Item = &'a SnapshotRow> {
    let there = move |copy: &&SnapshotRow| {
        let good = !is_bad(copy);
        good && copy.recorded_at <= at && copy.gone_at.is_none_or(|gone| at < gone)
    };
    copies.iter().copied().filter(there)
}

fn is_bad(copy: &SnapshotRow) -> bool {
    matches!(copy.state, SnapshotState::Damaged | SnapshotState::Missing)
}

fn month_ends(zone: &TimeZone, span: &Span) -> impl Iterator<Item = (String, Timestamp)> {
    let end = span.last();
    let first = zone.to_datetime(span.from).date().first_of_month();
    let months = first.series(jiff::Span::new().months(1));
    let months = months.take_while({
        let last = zone.to_datetime(end).date();
        move |month| *month <= last
    });
    months.map(move |month| {
        let next = month.last_of_month().tomorrow().ok();
        let next = next.and_then(|next| next.to_zoned(zone.clone()).ok());
        let at = next.and_then(|next| next.timestamp().checked_sub(span::TICK).ok());
        (
            month.strftime("%Y-%m").to_string(),
            at.map_or(end, |at| at.min(end)),
        )
    })
}

/// The most there ever were, and the fewest once the shelf had been full.
fn extremes(copies: &[&SnapshotRow], span: &Span) -> (usize, Option<Lowest>) {
    let end = span.last();
    let mut changes: Vec<(Timestamp, i64)> = Vec::new();
    for copy in copies.iter().filter(|copy| !is_bad(copy)) {
        changes.push((copy.recorded_at, 1));
        changes.extend(copy.gone_at.map(|gone| (gone, -1)));
    }
    // At one moment what comes counts before what goes: that is the order in which retention works.
    changes.sort_by_key(|(at, by)| (*at, -by));
    let full = copies.iter().filter_map(|copy| copy.gone_at).min();
    let full = full.or_else(|| changes.first().map(|(at, _)| *at));
    let (mut count, mut highest) = (0_i64, 0_i64);
    let mut lowest: Option<(i64, Timestamp)> = None;
    for (index, (at, by)) in changes.iter().enumerate() {
        count += by;
        if *at > end {
            break;
        }
        highest = highest.max(count);
        let settled = changes.get(index + 1).is_none_or(|(next, _)| next != at);
        let counts = settled && full.is_some_and(|full| *at >= full);
        if counts && lowest.is_none_or(|(least, _)| count < least) {
            lowest = Some((count, *at));
        }
    }
    let size = |count: i64| usize::try_from(count).unwrap_or(0);
    let lowest = lowest.map(|(good, at)| Lowest {
        good: size(good),
        at,
    });
    (size(highest), lowest)
}

/// When first every copy that was left would have gone but for the floor. Only where something did not succeed can that
/// be: each success brings a copy that a rule keeps.
fn only_floor(
    schedule: &Schedule,
    span: &Span,
    rows: &[&OccurrenceRow],
    copies: &[&SnapshotRow],
) -> Option<Timestamp> {
    let rules = Retention {
        floor: 0,
        ..Retention::clone(schedule.retention()?)
    };
    let failed = rows
        .iter()
        .filter(|row| row.outcome != Some(Outcome::Succeeded));
    let mut moments: Vec<Timestamp> = failed.map(|row| row.ended_at.unwrap_or(row.due)).collect();
    moments.push(span.last());
    moments.sort();
    moments.dedup();
    moments.into_iter().find(|at| {
        let items = good_at(copies, *at).map(|copy| ShelfItem {
            id: copy.id,
            taken_at: copy.taken_at,
            good: true,
            hold: None,
        });
        let items: Vec<ShelfItem> = items.collect();
        let verdicts = decide(&items, &rules, &schedule.zone, *at);
        !items.is_empty() && verdicts.iter().all(|verdict| !verdict.keep)
    })
}
