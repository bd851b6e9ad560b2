//! Snapshots as stored, and how they stand.

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

/// A snapshot as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRow {
    /// The host's id for it.
    pub id: Uuid,
    /// The run that made it.
    pub occurrence: Uuid,
    /// The schedule that made it.
    pub schedule: ScheduleName,
    /// The tenant whose data it holds.
    pub tenant: TenantName,
    /// The plugin that made it.
    pub plugin: PluginName,
    /// Digest of the plugin file.
    pub plugin_digest: String,
    /// The provider's name for it.
    pub reference: String,
    /// When the provider took it.
    pub taken_at: Timestamp,
    /// When it came into the catalog.
    pub recorded_at: Timestamp,
    /// How it stands.
    pub state: SnapshotState,
    /// Its size in bytes, as the provider counts them.
    pub size: Option<u64>,
    /// The number of files, if the plugin counted them.
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

/// The snapshots that a plugin made for a schedule and that are still there, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotCount {
    /// The schedule.
    pub schedule: ScheduleName,
    /// The plugin.
    pub plugin: PluginName,
    /// How many snapshots.
    pub count: u64,
}
