//! One entry of a schedule file, as meant: it cannot be wrong in itself.

mod snapshots;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::blackout::Blackout;
use crate::calendar::{Cron, DstGap, DstOverlap, Every, Zone};
use crate::grants::Grants;
use crate::retention::Retention;
use crate::retry::RetryPolicy;
use crate::role::Role;
pub use crate::swap::SwapRole;
use crate::{AccountName, EventName, Outcome, PluginName, ScheduleName, TenantName};
pub use snapshots::{OffSite, Placement, SnapshotSettings};

/// Which plugin, when, for which tenants, with what configuration, grants and policies.
///
/// There may be a million: what is large is shared between those in which it is equal.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Unique in the folder.
    pub name: ScheduleName,
    /// The plugin it runs; a drill runs that of the schedule it drills.
    pub plugin: PluginName,
    /// The role of the plugin that is called; absent: the only one that the plugin exports.
    pub role: Option<Role>,
    /// When.
    pub trigger: Trigger,
    /// The zone in which the trigger's civil times are read and shown.
    pub zone: Zone,
    /// For whom; at least one, no two the same.
    pub tenants: Vec<TenantName>,
    /// Within which time after a due time its tenants begin, each at a moment of its own; zero: at once.
    pub spread: Duration,
    /// When nothing begins.
    pub blackout: Blackout,
    /// Who goes first when not all can run at once.
    pub priority: Priority,
    /// The provider account it works with: runs of one account may be limited together.
    pub account: Option<AccountName>,
    /// What happens to a due time while the run before it still goes on.
    pub overlap: Overlap,
    /// What happens to due times that passed while nothing ran.
    pub missed: Missed,
    /// How old a missed due time may be and still run.
    pub missed_within: Duration,
    /// From the first attempt to the end of the last.
    pub timeout: Duration,
    /// What to do after a failure.
    pub retry: RetryPolicy,
    /// What only the role `snapshots` has.
    pub snapshots: Arc<SnapshotSettings>,
    /// The plugin's configuration as JSON; an object.
    pub config: Arc<str>,
    /// What the plugin may use.
    pub grants: Arc<Grants>,
    /// The most linear memory, in bytes, one call may hold.
    pub memory: u64,
    /// False: checked and listed but never due.
    pub enabled: bool,
}

impl Schedule {
    /// Whether anything new is ever made by it: not if it is disabled or was succeeded by another one.
    #[must_use]
    pub fn begins(&self) -> bool {
        self.enabled && self.successor().is_none()
    }

    /// What to keep; absent: everything.
    #[must_use]
    pub fn retention(&self) -> Option<&Retention> {
        self.snapshots.retention.as_deref()
    }

    /// The schedule whose snapshots this one proves; absent: it is no drill.
    #[must_use]
    pub fn drill_of(&self) -> Option<&ScheduleName> {
        self.snapshots.drill_of.as_ref()
    }

    /// What it is to another schedule in the swap of a provider.
    #[must_use]
    pub fn swap_role(&self) -> &SwapRole {
        &self.snapshots.swap_role
    }

    /// The schedule that it rehearses beside.
    #[must_use]
    pub fn shadows(&self) -> Option<&ScheduleName> {
        self.swap_role().shadows()
    }

    /// The schedule that took its place.
    #[must_use]
    pub fn successor(&self) -> Option<&ScheduleName> {
        self.swap_role().successor()
    }

    /// The schedule whose snapshots this one has elsewhere.
    #[must_use]
    pub fn off_site(&self) -> Option<&OffSite> {
        self.snapshots.placement.off_site.as_ref()
    }

    /// How old the newest good snapshot of a tenant may become.
    #[must_use]
    pub fn max_age(&self) -> Option<Duration> {
        self.snapshots.placement.max_age
    }

    /// The only places, by the provider's own names, where its snapshots may be; empty: any.
    #[must_use]
    pub fn places(&self) -> &[String] {
        &self.snapshots.placement.places
    }
}

/// When a schedule is due.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// Civil times of a cron text.
    Cron {
        /// The parsed text.
        cron: Arc<Cron>,
        /// For civil times that do not exist.
        gap: DstGap,
        /// For civil times that exist twice.
        overlap: DstOverlap,
    },
    /// A fixed distance, anchored to midnight of the zone.
    Every(Every),
    /// Once.
    At(Timestamp),
    /// Whenever the event is raised.
    Event(EventName),
    /// Whenever a run of another schedule ended so, for the same tenant.
    After(After),
}

/// Another schedule's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// Whose end.
    pub schedule: ScheduleName,
    /// Which ends count; of [`After::OUTCOMES`].
    pub outcomes: Vec<Outcome>,
}

impl After {
    /// The ends that something may follow: those of runs that were due and allowed.
    pub const OUTCOMES: [Outcome; 3] = [Outcome::Succeeded, Outcome::Failed, Outcome::TimedOut];
}

/// What happens to a due time while the run before it (same schedule, same tenant) still goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    /// It ends as `skipped-overlap`.
    #[default]
    Skip,
    /// It waits for its turn.
    Queue,
    /// The run before it ends as `superseded`.
    Replace,
    /// Both run.
    Allow,
}

/// What happens to due times that passed while nothing ran. Each one that does not run ends as `missed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// Only the last one runs, if it is within `missed-within`.
    #[default]
    Latest,
    /// Each one within `missed-within` runs, in order, but at most the latest [`crate::planning::CATCH_UP`].
    All,
    /// None runs.
    None,
}

/// Who goes first when not all can run at once.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// Before all others.
    High,
    /// In between.
    #[default]
    Normal,
    /// When nothing else waits.
    Low,
}

impl Priority {
    /// Every priority, the first to go first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];
}

/// How many occurrences may be under way at once, over all hosts. One is under way from its claim until it waits or ends;
/// an operation that goes on at the provider counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Of a plugin.
    pub plugins: BTreeMap<PluginName, u32>,
    /// Of a provider account.
    pub accounts: BTreeMap<AccountName, u32>,
}

/// What may be said of a schedule by default; each is a key of the schedule file.
pub mod defaults {
    use std::time::Duration;

    /// `timeout`: the longest 03:00 runs end well before the working day.
    pub const TIMEOUT: Duration = Duration::from_secs(2 * 3600);
    /// `missed-within`: a daily run may still be caught up the same day.
    pub const MISSED_WITHIN: Duration = Duration::from_secs(12 * 3600);
    /// `memory`: the cap that keeps one bulk operation short (`security`).
    pub const MEMORY: u64 = 256 << 20;
    /// The most that `memory` may ask for.
    pub const MEMORY_CEILING: u64 = 1 << 30;
}
