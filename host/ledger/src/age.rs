//! Shelves whose newest good snapshot may not become too old.

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::age::Age;
use strongroom_domain::{ScheduleName, TenantName};

/// What is asked of a shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgeLimit {
    /// Whose snapshots.
    pub schedule: ScheduleName,
    /// Of whom.
    pub tenant: TenantName,
    /// The oldest that the newest good one may become.
    pub most: Duration,
}

/// A shelf of which something is asked, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfAge {
    /// Whose snapshots.
    pub schedule: ScheduleName,
    /// Of whom.
    pub tenant: TenantName,
    /// The newest good one, and how old it may become.
    pub age: Age,
    /// Since when it was too old, if somebody was told.
    pub told: Option<Timestamp>,
}
