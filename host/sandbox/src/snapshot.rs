//! What a provider tells of its snapshots.

use jiff::Timestamp;

/// What `list` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Oldest first.
    pub snapshots: Vec<SnapshotInfo>,
    /// The cursor of the next page; `None`: this is the last.
    pub next: Option<String>,
}

/// The provider's view of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// The provider's name for it.
    pub reference: String,
    /// Whose data.
    pub tenant: String,
    /// The run that made it.
    pub run_id: Option<String>,
    /// When.
    pub taken_at: Timestamp,
    /// `creating`, `ready`, `failed` or `deleting`.
    pub state: SnapshotState,
    /// Bytes, as the provider counts.
    pub size: Option<u64>,
    /// Of what, by the provider's own name.
    pub source: Option<String>,
    /// Where it is kept, by the provider's own name.
    pub place: Option<String>,
    /// Pairs.
    pub labels: Vec<(String, String)>,
}

/// The provider's state of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotState {
    /// Not complete yet.
    Creating,
    /// Complete.
    Ready,
    /// Never will be.
    Failed,
    /// On its way out.
    Deleting,
    /// A word of the provider that the contract does not know: neither complete nor gone.
    Unknown,
}
