//! What the planner writes: due times, and how far each schedule is planned.

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::schedule::{Overlap, Priority};
use strongroom_domain::{AccountName, EventName, Outcome, PluginName, ScheduleName, TenantName};
use uuid::Uuid;

/// What the planner wants written.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The new occurrences in the order in which overlap is decided: the earlier one of a schedule and tenant first.
    pub occurrences: Vec<NewOccurrence>,
    /// Up to which due time each schedule is now complete.
    pub watermarks: Vec<Watermark>,
}

/// How far the due times of a schedule are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watermark {
    /// The schedule.
    pub schedule: ScheduleName,
    /// The last due time that is written; it never goes back.
    pub until: Timestamp,
    /// The timetable that is in force from then on (`strongroom_domain::timetable`), as text; `None`: there is none, the
    /// schedule was removed, is disabled or waits for something else than time.
    pub timetable: Option<String>,
}

/// A due time of one schedule for one tenant.
#[derive(Debug, Clone)]
pub struct NewOccurrence {
    /// The same for the same schedule, tenant and due time (`strongroom_domain::occurrence_id`).
    pub id: Uuid,
    /// The schedule whose due time it is.
    pub schedule: ScheduleName,
    /// The tenant for whom it runs.
    pub tenant: TenantName,
    /// The plugin that runs it.
    pub plugin: PluginName,
    /// The due time.
    pub due: Timestamp,
    /// The moment before which nobody may claim it.
    pub not_before: Timestamp,
    /// The moment after which it is too late to begin: still unclaimed by then, it ends as `missed`.
    pub start_by: Timestamp,
    /// The time from its first claim to its end.
    pub timeout: Duration,
    /// The due time that this later run stands for, in a backfill: the time the plugin is told.
    pub makes_up_for: Option<Timestamp>,
    /// Who goes first.
    pub priority: Priority,
    /// The provider account whose limit it counts towards.
    pub account: Option<AccountName>,
    /// Who asked for it.
    pub origin: Origin,
    /// The schedule that it rehearses beside: then its end is no promise kept or broken.
    pub shadow_of: Option<ScheduleName>,
    /// The outcome and its reason, of one that is born ended (missed, refused, …).
    pub ends: Option<(Outcome, String)>,
    /// What happens if another occurrence of the same schedule and tenant is unfinished; decided inside the transaction.
    ///
    /// `Skip`: it is born ended as `skipped-overlap`. `Queue`: it waits. `Replace`: the others end as `superseded`, at
    /// once if nobody owns them, else as soon as the owner sees it. `Allow`: it does not wait for them either.
    /// A due time of the timetable never ends for the sake of what a person asked for (a run now, a backfill): it waits.
    pub overlap: Overlap,
}

/// Who asked for an occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The timetable.
    Schedule,
    /// A person, by the name the host knows: a run now.
    Person(String),
    /// A person, for due times that have passed.
    Backfill(String),
    /// An event.
    Event {
        /// The event's name.
        name: EventName,
        /// The person who raised it.
        person: String,
    },
    /// The end of this occurrence of another schedule.
    After(Uuid),
}

/// What became of a plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanReport {
    /// Occurrences that wait to be claimed.
    pub waiting: usize,
    /// Occurrences that were born ended, overlaps included.
    pub ended: usize,
    /// Occurrences that were born ended because another one was unfinished.
    pub overlapped: usize,
    /// Other occurrences that ended as `superseded`, or will as soon as their owner sees it.
    pub replaced: usize,
    /// Occurrences that existed already and were left alone.
    pub known: usize,
}
