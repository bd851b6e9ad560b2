//! Schedules of one tenant that are due at nearly the same time.
//!
//! Owns: finding them: every timetable is walked once, all of them merged in order of time.
//! Never: holds more due times than those of the last five minutes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::runs::dues;
use super::warning::{Warning, WarningKind};
use super::{Horizon, timed, timetable_key};
use crate::TenantName;
use crate::schedule::Schedule;

/// Due times that are less than this apart are close.
const CLOSE: SignedDuration = SignedDuration::from_mins(5);
/// The most pairs that are told: beyond it, it is how somebody works.
const PAIRS: usize = 1_000;
/// The most comparisons of two due times: a hundred timetables of every ten minutes, for a year.
const COMPARISONS: u64 = 20_000_000;

/// How often two timetables are close, and when first.
#[derive(Clone, Copy)]
struct Meeting {
    count: u64,
    first: Timestamp,
}

/// One warning for each pair of schedules with a tenant in common; and one where the comparison was given up.
pub(super) fn pairs(schedules: &[&Schedule], horizon: Horizon) -> Vec<Warning> {
    let mut tables: HashMap<String, usize> = HashMap::new();
    let mut first_of: Vec<&Schedule> = Vec::new();
    let mut of_tenant: BTreeMap<&TenantName, Vec<(usize, &Schedule)>> = BTreeMap::new();
    for schedule in schedules.iter().filter(|schedule| timed(schedule)) {
        let table = *tables
            .entry(timetable_key(Some(schedule)))
            .or_insert_with(|| {
                first_of.push(schedule);
                first_of.len() - 1
            });
        for tenant in &schedule.tenants {
            of_tenant.entry(tenant).or_default().push((table, schedule));
        }
    }
    // A tenant with one schedule needs no look at due times.
    of_tenant.retain(|_, list| list.len() > 1);
    if of_tenant.is_empty() {
        return Vec::new();
    }
    let (meetings, stopped) = meetings(&first_of, horizon);
    let stopped = stopped.and_then(|(at, table)| Some(given_up(first_of.get(table)?, at)));
    let mut found: BTreeMap<(&str, &str), Warning> = BTreeMap::new();
    for (tenant, list) in of_tenant {
        for (index, (table, one)) in list.iter().enumerate() {
            for (other_table, other) in list.iter().skip(index + 1) {
                if found.len() == PAIRS {
                    return found.into_values().chain(stopped).collect();
                }
                if rehearse(one, other) {
                    continue;
                }
                let key = (*table.min(other_table), *table.max(other_table));
                if let Some(meeting) = meetings.get(&key) {
                    found
                        .entry((one.name.as_str(), other.name.as_str()))
                        .or_insert_with(|| warning(one, other, tenant, *meeting));
                }
            }
        }
    }
    found.into_values().chain(stopped).collect()
}

fn given_up(schedule: &Schedule, at: Timestamp) -> Warning {
    let message = format!(
        "schedules of one tenant were compared with each other until {at} only: there are too many due times"
    );
    Warning::of(WarningKind::TooMany, schedule, Some(at), message)
}

/// A shadow is due when the one it shadows is: that is meant.
fn rehearse(one: &Schedule, other: &Schedule) -> bool {
    let (ones, others) = (one.shadows(), other.shadows());
    ones == Some(&other.name) || others == Some(&one.name) || (ones.is_some() && ones == others)
}

fn warning(one: &Schedule, other: &Schedule, tenant: &TenantName, meeting: Meeting) -> Warning {
    let times = match meeting.count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    let first = one
        .zone
        .time_zone()
        .to_datetime(meeting.first)
        .strftime("%Y-%m-%d %H:%M");
    let message = format!(
        "`{}` and `{}` are due for `{tenant}` less than 5 minutes apart, {times}, first on {first} ({})",
        one.name,
        other.name,
        one.zone.as_str()
    );
    Warning {
        other: Some(other.name.clone()),
        tenant: Some(tenant.clone()),
        count: meeting.count,
        ..Warning::of(
            WarningKind::CloseTogether,
            one,
            Some(meeting.first),
            message,
        )
    }
}

/// By the numbers of two timetables, the smaller one first.
type Meetings = HashMap<(usize, usize), Meeting>;

/// For each two timetables the pairs of due times that are close; for one with itself, its due times (two schedules may
/// share it). And the due time, with its timetable, behind which no more were compared.
fn meetings(tables: &[&Schedule], horizon: Horizon) -> (Meetings, Option<(Timestamp, usize)>) {
    let mut streams: Vec<_> = tables
        .iter()
        .map(|schedule| {
            dues(schedule, horizon)
                .filter(|(_, blackout)| blackout.is_none())
                .map(|(due, _)| due.at)
        })
        .collect();
    let mut next = BinaryHeap::new();
    for (table, stream) in streams.iter_mut().enumerate() {
        next.extend(stream.next().map(|at| Reverse((at, table))));
    }
    let mut found = Meetings::new();
    let mut recent: VecDeque<(Timestamp, usize)> = VecDeque::new();
    let mut left = COMPARISONS;
    while let Some(Reverse((at, table))) = next.pop() {
        let stream = streams.get_mut(table);
        next.extend(
            stream
                .and_then(Iterator::next)
                .map(|at| Reverse((at, table))),
        );
        while recent
            .front()
            .is_some_and(|(then, _)| at.duration_since(*then) >= CLOSE)
        {
            recent.pop_front();
        }
        let others = recent.iter().filter(|(_, other)| *other != table);
        for (then, other) in others.copied().chain([(at, table)]) {
            let key = (table.min(other), table.max(other));
            let meeting = found.entry(key).or_insert(Meeting {
                count: 0,
                first: then,
            });
            meeting.count += 1;
        }
        left = left.saturating_sub(recent.len() as u64 + 1);
        if left == 0 {
            return (found, Some((at, table)));
        }
        recent.push_back((at, table));
    }
    (found, None)
}
