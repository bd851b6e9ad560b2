//! A promise handed from one schedule to another: no due time between them is lost, or counted against the one that left.
//!
//! Owns: how far the other one of a swap was planned, if its timetable goes on unchanged.
//! Read next: `edit`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use strongroom_domain::ScheduleName;
use strongroom_domain::schedule::Schedule;
use strongroom_domain::timetable::Timetable;
use strongroom_ledger::Watermark;

use super::Entry;
use crate::setup::Setup;

/// By schedule, how far the one was planned that goes on beside it (its shadow) or in its place (its successor).
pub(super) struct Handover(BTreeMap<ScheduleName, Timestamp>);

impl Handover {
    /// Looks at the entries in force so far, in the order of their names, and at what the ledger knows of others.
    pub(super) fn of(
        entries: &[Entry],
        known: &BTreeMap<ScheduleName, Watermark>,
        setup: &Setup,
    ) -> Self {
        let planned = |schedule: &Schedule| {
            let found = entries.binary_search_by(|entry| entry.name().cmp(&schedule.name));
            if let Some(entry) = found.ok().and_then(|at| entries.get(at)) {
                let same = Timetable::is_same(&entry.schedule, schedule);
                return same.then_some(entry.watermark);
            }
            let mark = known.get(&schedule.name)?;
            let text = Timetable::of(schedule)?.to_text();
            (mark.timetable.as_ref() == Some(&text)).then_some(mark.until)
        };
        let mut beside = BTreeMap::new();
        for prepared in setup.schedules.values() {
            let schedule = &prepared.schedule;
            if let Some(primary) = schedule.shadows() {
                beside.extend(planned(schedule).map(|until| (primary.clone(), until)));
            }
            let successor = schedule.successor();
            if let Some(successor) = successor.and_then(|name| setup.schedules.get(name)) {
                let until = planned(&successor.schedule);
                beside.extend(until.map(|until| (schedule.name.clone(), until)));
            }
        }
        Self(beside)
    }

    /// How far the other one was planned.
    pub(super) fn beside(&self, schedule: &ScheduleName) -> Option<Timestamp> {
        self.0.get(schedule).copied()
    }
}
