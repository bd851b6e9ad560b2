//! Shelves whose newest good snapshot may not become too old.

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::age::Age;
use strongroom_domain::{ScheduleName, TenantName};

/// How old the newest good snapshot of a shelf may become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgeLimit {
    /// The schedule that makes the snapshots.
    pub schedule: ScheduleName,
    /// The tenant whose data they hold.
    pub tenant: TenantName,
    /// The oldest that the newest good one may become.
    pub most: Duration,
}

/// A shelf that has a limit, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfAge {
    /// The schedule that makes the snapshots.
    pub schedule: ScheduleName,
    /// The tenant whose data they hold.
    pub tenant: TenantName,
    /// The newest good one, and how old it may become.
    pub age: Age,
    /// When somebody was alerted that it is too old; `None`: nobody was, or it is fresh again.
    pub alerted: Option<Timestamp>,
}
