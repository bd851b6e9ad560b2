//! Occurrences and attempts as stored.

use jiff::Timestamp;
use strongroom_domain::retry::Failure;
use strongroom_domain::schedule::Priority;
use strongroom_domain::{AccountName, Evidence, Outcome, PluginName, ScheduleName, TenantName};
use uuid::Uuid;

use super::claim::OperationRow;
use super::plan::Origin;

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
    /// Its id.
    pub id: Uuid,
    /// Its schedule.
    pub schedule: ScheduleName,
    /// The tenant for whom it runs.
    pub tenant: TenantName,
    /// The plugin that runs it.
    pub plugin: PluginName,
    /// The due time.
    pub due: Timestamp,
    /// The due time that this later run stands for, in a backfill.
    pub makes_up_for: Option<Timestamp>,
    /// Never claimed yet: when it is too late to begin. Else: when to give up.
    pub deadline: Timestamp,
    /// Who goes first.
    pub priority: Priority,
    /// The provider account whose limit it counts towards.
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
    pub owner: Option<Uuid>,
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
    /// The occurrence.
    pub occurrence: Uuid,
    /// 1 for the first.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, or was last asked after.
    pub ended_at: Timestamp,
    /// Digest of the plugin file.
    pub digest: String,
    /// How it ended, as a word: `done`, `running`, `failed`, …
    pub ending: String,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// What a person is shown.
    pub detail: String,
}
