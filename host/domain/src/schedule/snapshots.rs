//! Settings of a schedule that only the role `snapshots` has.
//!
//! Owns: what is kept, where, and which other schedule it belongs to.
//! Never: decides about a snapshot (`retention`) or a swap (`swap`).

use std::sync::Arc;
use std::time::Duration;

use crate::ScheduleName;
use crate::retention::Retention;
use crate::swap::SwapRole;

/// The settings of the role `snapshots`; all are at their defaults for another role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct SnapshotSettings {
    /// What to keep; absent: everything.
    pub retention: Option<Arc<Retention>>,
    /// The schedule whose snapshots it proves; absent: it is no drill.
    pub drill_of: Option<ScheduleName>,
    /// Where its snapshots are kept and how old the newest may become.
    pub placement: Placement,
    /// What it is to another schedule in the swap of a provider.
    pub swap_role: SwapRole,
}

/// Where snapshots are kept, and how old the newest may become.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Placement {
    /// They lie elsewhere than those of another schedule.
    pub off_site: Option<OffSite>,
    /// The oldest that the newest good one of a tenant may become.
    pub max_age: Option<Duration>,
    /// The only places where they may be, by the provider's own names; empty: any.
    pub places: Vec<String>,
}

/// A second shelf of the same data in another place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OffSite {
    /// The schedule that fills the first shelf.
    pub of: ScheduleName,
    /// Copy its newest good snapshot, instead of taking one.
    pub copy: bool,
}
