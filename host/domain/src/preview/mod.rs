//! What an edit of schedules changes: two sets of schedules and a stretch of time in, every difference out.
//!
//! Owns: the words for differences and warnings, and the way through. A *run* here is a due time of a schedule that no
//! blackout prevents; it is one occurrence for each tenant of the schedule.
//! Never: a rule of its own for when something is due: `calendar::due_between` says it, as for the real thing.
//! Read next: `runs`, `skipped`, `policies`, `warnings`, `today`, `close`.

mod close;
mod policies;
mod runs;
mod skipped;
mod today;
mod warning;
mod warnings;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde::Serialize;

use crate::schedule::{Schedule, Trigger};
use crate::{ScheduleName, TenantName, json_time};

pub use policies::length;
pub use runs::{Change, Group, Move, RUNS_LIMIT, Runs};
pub use skipped::{Skipped, skipped, skipped_whole};
pub use warning::{Warning, WarningKind};

/// The stretch of time that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Horizon {
    /// The moment of the edit, exclusive.
    #[serde(with = "json_time")]
    pub from: Timestamp,
    /// The end, inclusive.
    #[serde(with = "json_time")]
    pub until: Timestamp,
}

/// Every difference between two sets of schedules.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// What was looked at.
    #[serde(flatten)]
    pub horizon: Horizon,
    /// The schedules that differ, by name.
    pub schedules: Vec<ScheduleChange>,
    /// How many schedules are the same in both.
    pub unchanged_schedules: u64,
    /// Schedules that seem to have got another name.
    pub renamed: Vec<Renamed>,
    /// Tenants that no old schedule names.
    pub tenants_added: Vec<TenantName>,
    /// Tenants that no new schedule names.
    pub tenants_removed: Vec<TenantName>,
    /// The runs of all schedules, those that are the same included.
    pub totals: Totals,
    /// What is allowed but probably not meant, of the new schedules.
    pub warnings: Vec<Warning>,
}

/// The differences of one schedule.
#[derive(Debug, Clone, Serialize)]
pub struct ScheduleChange {
    /// Its name.
    pub name: ScheduleName,
    /// What happened to it.
    pub edit: Edit,
    /// The zone of the local times, days and moves: the new one, if there is one.
    pub timezone: String,
    /// When it was due; absent for a schedule that is added.
    pub old_when: Option<String>,
    /// When it will be due; absent for a schedule that is removed.
    pub new_when: Option<String>,
    /// Tenants it did not have.
    pub tenants_added: Vec<TenantName>,
    /// Tenants it has no more.
    pub tenants_removed: Vec<TenantName>,
    /// Its runs.
    pub runs: Runs,
    /// What else changes, each a sentence without a full stop.
    pub changes: Vec<String>,
}

/// What happened to a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// It is only in the new set.
    Added,
    /// It is only in the old set.
    Removed,
    /// It is in both, and differs.
    Changed,
}

/// A removed and an added schedule that do the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// The name that is gone.
    pub from: ScheduleName,
    /// The name that is new.
    pub to: ScheduleName,
}

/// Numbers of runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// At the same moment in both sets.
    pub unchanged: u64,
    /// At another time of the same local day.
    pub moved: u64,
    /// Only in the new set.
    pub added: u64,
    /// Only in the old set.
    pub removed: u64,
    /// Due times of the new set that a blackout prevents; none of the other numbers counts them.
    pub in_blackout: u64,
}

impl Totals {
    fn add(&mut self, runs: &Runs) {
        self.unchanged += runs.unchanged;
        self.moved += runs.moved.iter().map(|one| one.runs.count).sum::<u64>();
        self.added += runs.added.count;
        self.removed += runs.removed.count;
        self.in_blackout += runs.in_blackout;
    }
}

/// Compares two sets of schedules over a stretch of time. Of each kind of change at most `examples` are listed.
///
/// The work grows with the due times of *different* timetables: schedules that share one are computed once.
#[must_use]
pub fn preview(old: &[&Schedule], new: &[&Schedule], horizon: Horizon, examples: usize) -> Preview {
    let named = |list: &[&Schedule]| {
        list.iter()
            .map(|schedule| schedule.name.clone())
            .collect::<BTreeSet<_>>()
    };
    let names: BTreeSet<ScheduleName> = named(old).union(&named(new)).cloned().collect();
    let (olds, news) = (by_name(old), by_name(new));
    let mut seen: HashMap<(String, String), Runs> = HashMap::new();
    let mut totals = Totals::default();
    let mut changed = Vec::new();
    let mut unchanged_schedules = 0;
    for name in names {
        let (before, after) = (olds.get(&name).copied(), news.get(&name).copied());
        let key = (timetable_key(before), timetable_key(after));
        let runs = seen
            .entry(key)
            .or_insert_with(|| runs::compare(before, after, horizon, examples));
        totals.add(runs);
        match change(name, before, after, runs) {
            Some(change) => changed.push(change),
            None => unchanged_schedules += 1,
        }
    }
    let tenants = |list: &[&Schedule]| {
        list.iter()
            .flat_map(|schedule| schedule.tenants.iter().cloned())
            .collect::<BTreeSet<_>>()
    };
    let (old_tenants, new_tenants) = (tenants(old), tenants(new));
    Preview {
        horizon,
        renamed: renamed(&changed, &olds, &news),
        schedules: changed,
        unchanged_schedules,
        tenants_added: new_tenants.difference(&old_tenants).cloned().collect(),
        tenants_removed: old_tenants.difference(&new_tenants).cloned().collect(),
        totals,
        warnings: warnings::all(&olds, new, horizon),
    }
}

type ByName<'a> = BTreeMap<ScheduleName, &'a Schedule>;

fn by_name<'a>(list: &[&'a Schedule]) -> ByName<'a> {
    list.iter()
        .map(|schedule| (schedule.name.clone(), *schedule))
        .collect()
}

/// What the due times of a schedule and the blackouts in them depend on, as text; equal texts, equal runs.
fn timetable_key(schedule: Option<&Schedule>) -> String {
    let Some(schedule) = schedule.filter(|schedule| timed(schedule)) else {
        let zone = schedule.map_or("", |schedule| schedule.zone.as_str());
        return format!("never in {zone}");
    };
    let zone = schedule.zone.as_str();
    let when = match &schedule.trigger {
        Trigger::Cron { cron, gap, overlap } => format!("{} {gap:?} {overlap:?}", cron.as_str()),
        _ => when(schedule),
    };
    format!("{when} in {zone} not {:?}", schedule.blackout)
}

/// Whether time alone makes it due.
fn timed(schedule: &Schedule) -> bool {
    schedule.begins() && !matches!(schedule.trigger, Trigger::Event(_) | Trigger::After(_))
}

/// When a schedule is due, in a few words.
#[must_use]
pub fn when(schedule: &Schedule) -> String {
    if let Some(successor) = schedule.successor() {
        return format!("never again: `{successor}` took its place");
    }
    match &schedule.trigger {
        Trigger::Cron { cron, .. } => format!("cron `{}`", cron.as_str()),
        Trigger::Every(every) => format!("every {}", every.as_str()),
        Trigger::At(at) => format!("once at {at}"),
        Trigger::Event(event) => format!("on event `{event}`"),
        Trigger::After(after) => {
            let outcomes: Vec<String> = after.outcomes.iter().map(ToString::to_string).collect();
            format!("when `{}` ends ({})", after.schedule, outcomes.join(", "))
        }
    }
}

fn change(
    name: ScheduleName,
    before: Option<&Schedule>,
    after: Option<&Schedule>,
    runs: &Runs,
) -> Option<ScheduleChange> {
    let (edit, changes) = match (before, after) {
        (Some(before), Some(after)) => (Edit::Changed, policies::changes(before, after)),
        (Some(_), None) => (Edit::Removed, Vec::new()),
        (None, Some(after)) => (
            Edit::Added,
            policies::swap_role(after).into_iter().collect(),
        ),
        (None, None) => (Edit::Added, Vec::new()),
    };
    let list = |schedule: Option<&Schedule>| {
        schedule.map_or_else(Vec::new, |schedule| schedule.tenants.clone())
    };
    let (old_tenants, new_tenants) = (list(before), list(after));
    let without = |these: &[TenantName], those: &[TenantName]| -> Vec<TenantName> {
        let those: BTreeSet<&TenantName> = those.iter().collect();
        these
            .iter()
            .filter(|tenant| !those.contains(tenant))
            .cloned()
            .collect()
    };
    let change = ScheduleChange {
        name,
        edit,
        timezone: after.or(before)?.zone.as_str().to_owned(),
        old_when: before.map(when),
        new_when: after.map(when),
        tenants_added: without(&new_tenants, &old_tenants),
        tenants_removed: without(&old_tenants, &new_tenants),
        runs: runs.clone(),
        changes,
    };
    let same = edit == Edit::Changed
        && change.changes.is_empty()
        && change.tenants_added.is_empty()
        && change.tenants_removed.is_empty()
        && change.runs.same();
    (!same).then_some(change)
}

/// Pairs of a removed and an added schedule with the same plugin, timetable, tenants and configuration.
fn renamed(changed: &[ScheduleChange], olds: &ByName<'_>, news: &ByName<'_>) -> Vec<Renamed> {
    let of = |edit: Edit| changed.iter().filter(move |change| change.edit == edit);
    let mut taken = BTreeSet::new();
    let mut found = Vec::new();
    for gone in of(Edit::Removed) {
        let Some(old) = olds.get(&gone.name) else {
            continue;
        };
        let same = |new: &Schedule| {
            new.plugin == old.plugin
                && when(new) == when(old)
                && new.zone.as_str() == old.zone.as_str()
                && new.tenants == old.tenants
                && new.config == old.config
        };
        let other = of(Edit::Added).find(|added| {
            !taken.contains(&added.name) && news.get(&added.name).is_some_and(|new| same(new))
        });
        if let Some(other) = other {
            taken.insert(other.name.clone());
            found.push(Renamed {
                from: gone.name.clone(),
                to: other.name.clone(),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests;
