//! The catalog: every snapshot ever taken, also those that are gone.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use strongroom_domain::retention::Hold;
use strongroom_domain::{Evidence, PluginName, ScheduleName, TenantName};
use uuid::Uuid;

/// How a snapshot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SnapshotState {
    /// The provider says ready, and its description was read back right.
    Assumed,
    /// It was read or restored, and compared.
    Verified,
    /// Reading it back showed damage.
    Damaged,
    /// The provider no longer has it, and nobody here deleted it.
    Missing,
    /// Its deletion was recorded as intended and has not been recorded as done.
    Deleting,
    /// Its deletion failed; it is tried again.
    DeleteFailed,
    /// It is deleted.
    Gone,
}

/// A word that is no state of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a state of a snapshot")]
pub struct UnknownSnapshotState(pub String);

impl SnapshotState {
    /// Every state.
    pub const ALL: &[Self] = &[
        Self::Assumed,
        Self::Verified,
        Self::Damaged,
        Self::Missing,
        Self::Deleting,
        Self::DeleteFailed,
        Self::Gone,
    ];

    /// The word stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assumed => "assumed",
            Self::Verified => "verified",
            Self::Damaged => "damaged",
            Self::Missing => "missing",
            Self::Deleting => "deleting",
            Self::DeleteFailed => "delete-failed",
            Self::Gone => "gone",
        }
    }
}

impl fmt::Display for SnapshotState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SnapshotState {
    type Err = UnknownSnapshotState;

    fn from_str(text: &str) -> Result<Self, UnknownSnapshotState> {
        let found = Self::ALL
            .iter()
            .copied()
            .find(|state| state.as_str() == text);
        found.ok_or_else(|| UnknownSnapshotState(text.to_owned()))
    }
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

/// A snapshot as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRow {
    /// Ours.
    pub id: Uuid,
    /// The run that made it.
    pub occurrence: Uuid,
    /// Its schedule.
    pub schedule: ScheduleName,
    /// Whose data.
    pub tenant: TenantName,
    /// Made by.
    pub plugin: PluginName,
    /// Digest of the plugin.
    pub plugin_digest: String,
    /// The provider's name for it.
    pub reference: String,
    /// When the provider took it.
    pub taken_at: Timestamp,
    /// When it came into the catalog.
    pub recorded_at: Timestamp,
    /// How it stands.
    pub state: SnapshotState,
    /// Bytes, as the provider counts them.
    pub size: Option<u64>,
    /// Files, if the plugin counted.
    pub files: Option<u64>,
    /// What the run proved.
    pub evidence: Evidence,
    /// Named reasons to keep it, by name.
    pub holds: Vec<Hold>,
    /// What last went wrong with it.
    pub last_error: Option<String>,
    /// When it was last found good.
    pub verified_at: Option<Timestamp>,
    /// When it was deleted.
    pub gone_at: Option<Timestamp>,
    /// The run that made it was a rehearsal beside this schedule. Read from that run: it is not written with the row.
    pub shadow_of: Option<ScheduleName>,
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

/// What a plugin made for a schedule and is still there, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// For which schedule.
    pub schedule: ScheduleName,
    /// By which plugin.
    pub plugin: PluginName,
    /// How many snapshots.
    pub count: u64,
}

/// A change of the catalog.
#[derive(Debug, Clone)]
pub enum CatalogChange {
    /// A new snapshot, with its holds.
    Added(Box<SnapshotRow>),
    /// A snapshot stands differently. `Verified` sets the time of verification, `Gone` the time of deletion.
    State {
        /// Which one.
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
        /// Which one.
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
        /// Which snapshot.
        id: Uuid,
        /// Why.
        hold: Hold,
    },
    /// A reason no longer holds.
    Release {
        /// Which snapshot.
        id: Uuid,
        /// The hold's name.
        name: String,
    },
    /// The same, if there is such a reason.
    Expire {
        /// Which snapshot.
        id: Uuid,
        /// The hold's name.
        name: String,
    },
}
