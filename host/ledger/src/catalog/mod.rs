//! The catalog: every snapshot ever taken, also those that are gone, and how old what is on a shelf may become.
//!
//! Owns: the trait `Catalog`, what is asked of it and what changes it. Read next: `snapshot`, `age`.

mod age;
mod snapshot;

use async_trait::async_trait;
use jiff::Timestamp;
use strongroom_domain::retention::Hold;
use strongroom_domain::{PluginName, ScheduleName, TenantName};
use uuid::Uuid;

use crate::audit::AuditEntry;
use crate::error::LedgerError;

pub use age::{AgeLimit, ShelfAge};
pub use snapshot::{SnapshotCount, SnapshotRow, SnapshotState, UnknownSnapshotState};

/// Snapshots, and the ages of their shelves.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// Reads snapshots, oldest first.
    async fn snapshots(&self, filter: SnapshotFilter) -> Result<Vec<SnapshotRow>, LedgerError>;

    /// Reads one snapshot.
    async fn snapshot(&self, id: Uuid) -> Result<Option<SnapshotRow>, LedgerError>;

    /// Counts what is still there, by schedule and plugin.
    async fn snapshot_counts(&self) -> Result<Vec<SnapshotCount>, LedgerError>;

    /// Changes the catalog outside a run and puts it on record.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when a change names a snapshot or hold that does not exist.
    async fn change_catalog(
        &self,
        changes: Vec<CatalogChange>,
        audit: Vec<AuditEntry>,
        now: Timestamp,
    ) -> Result<(), LedgerError>;

    /// Sets how old the newest good snapshot of each shelf may become, in place of all earlier limits. A shelf that is named
    /// for the first time is known since now.
    async fn set_age_limits(
        &self,
        limits: Vec<AgeLimit>,
        now: Timestamp,
    ) -> Result<(), LedgerError>;

    /// Reads the shelves that have a limit, as they stand, by schedule and tenant.
    async fn ages(&self) -> Result<Vec<ShelfAge>, LedgerError>;

    /// Puts on record that somebody is alerted that a shelf is too old, or that it no longer is; false: it was on record
    /// already.
    async fn record_age_alert(
        &self,
        shelf: &ShelfAge,
        too_old: bool,
        now: Timestamp,
    ) -> Result<bool, LedgerError>;
}

/// In which order snapshots are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SnapshotOrder {
    /// Oldest first.
    #[default]
    Taken,
    /// Those that were never verified, newest first; then the ones whose verification is the longest ago.
    ToVerify,
}

/// Which snapshots to read; the default is all that are not gone.
#[derive(Debug, Clone, Default)]
pub struct SnapshotFilter {
    /// Of this schedule.
    pub schedule: Option<ScheduleName>,
    /// Of this tenant.
    pub tenant: Option<TenantName>,
    /// Made by this plugin.
    pub plugin: Option<PluginName>,
    /// In one of these states; empty: any.
    pub states: Vec<SnapshotState>,
    /// Those that are gone too.
    pub gone: bool,
    /// With one of these names at the provider; empty: any.
    pub references: Vec<String>,
    /// Later in the order `Taken` than this one, by its time and id.
    pub after: Option<(Timestamp, Uuid)>,
    /// In which order.
    pub order: SnapshotOrder,
    /// At most so many.
    pub limit: Option<u32>,
}

/// A change of the catalog.
#[derive(Debug, Clone)]
pub enum CatalogChange {
    /// A new snapshot, with its holds.
    Added(Box<SnapshotRow>),
    /// A snapshot stands differently. `Verified` sets the time of verification, `Gone` the time of deletion.
    State {
        /// The snapshot.
        id: Uuid,
        /// How it stands now.
        state: SnapshotState,
        /// What went wrong; `None` clears it.
        error: Option<String>,
        /// Since when.
        at: Timestamp,
    },
    /// What somebody found who looked at it: `Verified`, `Damaged`, `Missing`, or `Assumed` again. It counts only while
    /// the snapshot is on the shelf; of one that is being deleted or gone meanwhile nothing changes.
    Verdict {
        /// The snapshot.
        id: Uuid,
        /// How it stands now.
        state: SnapshotState,
        /// What is wrong; `None` clears it.
        error: Option<String>,
        /// When it was looked at.
        at: Timestamp,
    },
    /// A reason to keep it; replaces one of the same name.
    Hold {
        /// The snapshot.
        id: Uuid,
        /// The hold.
        hold: Hold,
    },
    /// A reason no longer holds.
    Release {
        /// The snapshot.
        id: Uuid,
        /// The hold's name.
        name: String,
    },
    /// A reason no longer holds, if there is one of this name.
    Expire {
        /// The snapshot.
        id: Uuid,
        /// The hold's name.
        name: String,
    },
}
