//! One entry of a schedule file, as meant: it cannot be wrong in itself.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calendar::{Cron, DstGap, DstOverlap, Every, Zone};
use crate::grants::Grants;
use crate::retention::Retention;
use crate::retry::RetryPolicy;
use crate::{PluginName, ScheduleName, TenantName};

/// Which plugin, when, for which tenants, with what configuration, grants and policies.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Unique in the folder.
    pub name: ScheduleName,
    /// The plugin it runs.
    pub plugin: PluginName,
    /// When.
    pub trigger: Trigger,
    /// The zone in which the trigger's civil times are read and shown.
    pub zone: Zone,
    /// For whom; at least one, no two the same.
    pub tenants: Vec<TenantName>,
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
    /// What to keep; absent: everything.
    pub retention: Option<Retention>,
    /// The plugin's configuration as JSON; an object.
    pub config: String,
    /// What the plugin may use.
    pub grants: Grants,
    /// The most linear memory, in bytes, one call may hold.
    pub memory: u64,
    /// False: checked and listed but never due.
    pub enabled: bool,
}

/// When a schedule is due.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// Civil times of a cron text.
    Cron {
        /// The parsed text.
        cron: Cron,
        /// For civil times that do not exist.
        gap: DstGap,
        /// For civil times that exist twice.
        overlap: DstOverlap,
    },
    /// A fixed distance, anchored to midnight of the zone.
    Every(Every),
    /// Once.
    At(Timestamp),
}

/// What happens to a due time while the run before it (same schedule, same tenant) still goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    /// It ends as `skipped-overlap`.
    #[default]
    Skip,
}

/// What happens to due times that passed while nothing ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// Only the last one runs, if it is within `missed-within`; the others end as `missed`.
    #[default]
    Latest,
    /// None runs; all end as `missed`.
    None,
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
