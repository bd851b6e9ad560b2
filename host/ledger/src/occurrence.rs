//! Occurrences on their way: planned, claimed, attempted, ended.

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::retry::Failure;
use strongroom_domain::schedule::{Limits, Overlap, Priority};
use strongroom_domain::{
    AccountName, EventName, Evidence, Outcome, PluginName, ScheduleName, TenantName,
};
use uuid::Uuid;

use crate::audit::AuditEntry;
use crate::snapshot::CatalogChange;

/// What the planner wants written.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// In the order in which overlap is decided: the earlier one of a schedule and tenant first.
    pub occurrences: Vec<NewOccurrence>,
    /// Up to which due time each schedule is now complete.
    pub watermarks: Vec<Watermark>,
}

/// How far the due times of a schedule are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watermark {
    /// Whose.
    pub schedule: ScheduleName,
    /// Up to and including this time; it never goes back.
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
    /// Whose due time.
    pub schedule: ScheduleName,
    /// For whom.
    pub tenant: TenantName,
    /// Run by.
    pub plugin: PluginName,
    /// The nominal time.
    pub due: Timestamp,
    /// Nobody may claim it earlier.
    pub not_before: Timestamp,
    /// When it is too late to begin: still unclaimed by then, it ends as `missed`.
    pub start_by: Timestamp,
    /// From its first claim to its end.
    pub timeout: Duration,
    /// The due time that it makes up for, in a backfill: the time the plugin is told.
    pub covers: Option<Timestamp>,
    /// Who goes first.
    pub priority: Priority,
    /// Limited together with others of the same account.
    pub account: Option<AccountName>,
    /// Who asked for it.
    pub origin: Origin,
    /// The schedule that it rehearses beside: then its end is no promise kept or broken.
    pub shadow_of: Option<ScheduleName>,
    /// Set for one that is born ended (missed, refused, …), with the reason.
    pub ends: Option<(Outcome, String)>,
    /// What happens if another occurrence of the same schedule and tenant is unfinished; decided inside the transaction.
    ///
    /// `Skip`: it is born ended as `skipped-overlap`. `Queue`: it waits. `Replace`: the others end as `superseded`, at
    /// once if nobody holds them, else as soon as the holder sees it. `Allow`: it does not wait for them either.
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
        /// Which.
        name: EventName,
        /// Who raised it.
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
    /// Of these, skipped because another one was unfinished.
    pub overlapped: usize,
    /// Others that ended as `superseded`, or will as soon as their holder sees it.
    pub replaced: usize,
    /// Occurrences that existed already and were left alone.
    pub known: usize,
}

/// What a host wants to take.
#[derive(Debug, Clone)]
pub struct ClaimRequest<'a> {
    /// Who asks; new for every start of a host.
    pub host: Uuid,
    /// The asker's time.
    pub now: Timestamp,
    /// How long others keep off.
    pub lease_until: Timestamp,
    /// At most so many.
    pub limit: u32,
    /// Only this one.
    pub only: Option<Uuid>,
    /// How many may be under way at once, over all hosts.
    pub limits: &'a Limits,
}

/// What a request for claims came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claimed {
    /// What was taken.
    pub claims: Vec<Claim>,
    /// How many ended as `missed`, because their turn did not come in time.
    pub missed: usize,
    /// Something more could be taken but for the limits: it waits for an end, not for a time.
    pub limited: bool,
    /// What [`crate::Ledger::next_wake`] says after this, of what waits for a time; `None`: not looked for.
    pub next_wake: Option<Option<Timestamp>>,
}

/// What recording came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// In order. False: the fence was lost (another host claimed it, or it was recorded before), and nothing of that
    /// transition was written.
    pub written: Vec<bool>,
    /// What [`crate::Ledger::next_wake`] says after this; `None`: not looked for.
    pub next_wake: Option<Option<Timestamp>>,
}

/// What became of a lease that was to be prolonged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewed {
    /// It goes on.
    Kept,
    /// The claim was lost or is over.
    Lost,
    /// It goes on, but somebody asked that it end so (`cancelled` or `superseded`), with the reason.
    Stop(Outcome, String),
}

/// What a wish to cancel came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReport {
    /// It has ended.
    Ended,
    /// Its holder has been asked.
    Asked,
}

/// An occurrence that this host may work on until its lease runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Which one.
    pub id: Uuid,
    /// Its schedule.
    pub schedule: ScheduleName,
    /// For whom.
    pub tenant: TenantName,
    /// Run by.
    pub plugin: PluginName,
    /// The time the plugin is told: the due time, or the one that is made up for.
    pub nominal: Timestamp,
    /// The due time.
    pub due: Timestamp,
    /// When to give up.
    pub deadline: Timestamp,
    /// Grows with every claim; what is recorded under an older one is refused.
    pub fence: i64,
    /// The number of the attempt to run now; of the attempt that began the operation, if there is one.
    pub attempt: u32,
    /// Set: poll it, start nothing.
    pub operation: Option<OperationRow>,
    /// Another host (or this one before a restart) had it and let its lease run out.
    pub reclaimed: bool,
    /// A person asked for it (a run now, a backfill): pauses and blackouts do not hold it back.
    pub asked: bool,
}

/// A long-running action at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationRow {
    /// The provider's, unread.
    pub handle: Vec<u8>,
    /// For a person.
    pub note: String,
    /// 0 to 100.
    pub percent: Option<u8>,
    /// Digest of the plugin that began it.
    pub digest: String,
}

/// What one claim came to.
#[derive(Debug, Clone)]
pub struct Transition {
    /// Which occurrence.
    pub occurrence: Uuid,
    /// The fence of the claim.
    pub fence: i64,
    /// What was tried; an attempt that goes on (a poll) replaces what was written under its number.
    pub attempt: Option<AttemptRecord>,
    /// What follows.
    pub next: Next,
    /// Changes of the catalog, in order.
    pub catalog: Vec<CatalogChange>,
    /// What else goes on record.
    pub audit: Vec<AuditEntry>,
    /// What follows this end on other schedules.
    pub follow: Vec<NewOccurrence>,
}

/// One try.
#[derive(Debug, Clone)]
pub struct AttemptRecord {
    /// 1 for the first.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Digest of the plugin.
    pub digest: String,
    /// A word: `done`, `running`, `failed`, …
    pub ending: String,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// For a person.
    pub detail: String,
}

/// What follows a claim. Each one gives the claim up.
#[derive(Debug, Clone)]
pub enum Next {
    /// Try again; an operation is forgotten.
    Retry {
        /// Not earlier.
        at: Timestamp,
        /// Why again.
        reason: String,
    },
    /// Ask after the operation.
    Poll {
        /// Not earlier.
        at: Timestamp,
        /// What to ask after.
        operation: OperationRow,
    },
    /// It is over.
    End {
        /// How.
        outcome: Outcome,
        /// Why; may be empty.
        reason: String,
        /// What proves it.
        evidence: Evidence,
    },
    /// Anybody may take it up at once; the attempt does not count.
    HandBack,
}

/// Which occurrences to read; the default is all of them, oldest first.
#[derive(Debug, Clone, Default)]
pub struct OccurrenceFilter {
    /// Only this one.
    pub id: Option<Uuid>,
    /// Of this schedule.
    pub schedule: Option<ScheduleName>,
    /// Of this tenant.
    pub tenant: Option<TenantName>,
    /// Due at or after.
    pub since: Option<Timestamp>,
    /// Due before.
    pub until: Option<Timestamp>,
    /// Ended at or after, in anything but success.
    pub unsuccessful_since: Option<Timestamp>,
    /// Ended in one of these; empty: whatever.
    pub outcomes: Vec<Outcome>,
    /// Unfinished ones; together with `outcomes`: these too.
    pub unfinished: bool,
    /// At most so many.
    pub limit: Option<u32>,
    /// The latest due time first.
    pub newest_first: bool,
}

/// An occurrence as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccurrenceRow {
    /// Which one.
    pub id: Uuid,
    /// Its schedule.
    pub schedule: ScheduleName,
    /// For whom.
    pub tenant: TenantName,
    /// Run by.
    pub plugin: PluginName,
    /// The nominal time.
    pub due: Timestamp,
    /// The due time that it makes up for.
    pub covers: Option<Timestamp>,
    /// Never claimed yet: when it is too late to begin. Else: when to give up.
    pub deadline: Timestamp,
    /// Who goes first.
    pub priority: Priority,
    /// Limited together with others of the same account.
    pub account: Option<AccountName>,
    /// Who asked for it.
    pub origin: Origin,
    /// The schedule that it rehearsed beside.
    pub shadow_of: Option<ScheduleName>,
    /// When it was written.
    pub planned_at: Timestamp,
    /// Unclaimed: nobody may claim it earlier. Claimed: when the lease runs out. Ended: the last of these.
    pub ready_at: Timestamp,
    /// The host that works on it.
    pub claimed_by: Option<Uuid>,
    /// Attempts that count.
    pub attempts: u32,
    /// The operation that is polled.
    pub operation: Option<OperationRow>,
    /// How it ended; `None`: unfinished.
    pub outcome: Option<Outcome>,
    /// Why it ended so, or why it waits.
    pub reason: Option<String>,
    /// What proves it.
    pub evidence: Evidence,
    /// The last failure of any attempt.
    pub failure: Option<Failure>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// Occurrences counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Of this schedule.
    pub schedule: ScheduleName,
    /// For this tenant.
    pub tenant: TenantName,
    /// They were rehearsals.
    pub shadow: bool,
    /// Ended so; `None`: unfinished.
    pub outcome: Option<Outcome>,
    /// How many.
    pub count: u64,
    /// When the last of them ended.
    pub last_ended: Option<Timestamp>,
}

/// An attempt as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// At which occurrence.
    pub occurrence: Uuid,
    /// 1 for the first.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, or was last asked after.
    pub ended_at: Timestamp,
    /// Digest of the plugin.
    pub digest: String,
    /// A word: `done`, `running`, `failed`, …
    pub ending: String,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// For a person.
    pub detail: String,
}
