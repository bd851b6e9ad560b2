//! What a plugin is asked, and every way in which the call can end.

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::retry::Failure;
use strongroom_domain::{Evidence, TenantName};
use uuid::Uuid;

use crate::capability::Capabilities;

/// One call (`call` in `wit/types.wit`).
#[derive(Debug, Clone)]
pub struct Call {
    /// The same for every attempt of one occurrence.
    pub run_id: Uuid,
    /// 1 for the first.
    pub attempt: u32,
    /// Whose data.
    pub tenant: TenantName,
    /// The nominal time.
    pub due: Timestamp,
    /// When the host gives up.
    pub deadline: Timestamp,
    /// Change nothing.
    pub dry_run: bool,
    /// JSON text, valid against the plugin's schema.
    pub config: String,
}

/// Which function of which role.
#[derive(Debug, Clone)]
pub enum Request {
    /// `task.run`
    Run,
    /// `task.poll`
    PollTask {
        /// As the plugin gave it.
        handle: Vec<u8>,
    },
    /// `snapshots.start-create`
    StartCreate,
    /// `snapshots.poll`
    PollSnapshots {
        /// As the plugin gave it.
        handle: Vec<u8>,
    },
    /// `snapshots.get`
    Get {
        /// The provider's name.
        reference: String,
    },
    /// `snapshots.list`
    List {
        /// From the page before.
        cursor: Option<String>,
        /// 1 to 1 000.
        limit: u32,
    },
    /// `snapshots.start-delete`
    StartDelete {
        /// The provider's name.
        reference: String,
    },
    /// `snapshots.start-restore`
    StartRestore {
        /// The provider's name.
        reference: String,
        /// A granted tree or a name at the provider.
        place: String,
        /// Paths inside the snapshot; empty: all.
        paths: Vec<Vec<u8>>,
    },
    /// `snapshots.start-verify`
    StartVerify {
        /// The provider's name.
        reference: String,
    },
    /// `snapshots.start-copy`
    StartCopy {
        /// The provider's name of what is copied.
        reference: String,
    },
}

/// How far a call came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Finished, with proof.
    Done(Evidence),
    /// Goes on at the provider.
    Running(Operation),
}

/// A long action at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// At most 4 KiB.
    pub handle: Vec<u8>,
    /// At least 100 ms.
    pub poll_after: Duration,
    /// 0 to 100.
    pub percent: Option<u8>,
    /// For a person.
    pub note: String,
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

/// What a plugin answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To `run`, `poll` and everything that starts.
    Step(Step),
    /// To `get`.
    Snapshot(SnapshotInfo),
    /// To `list`: the page and the cursor of the next.
    Page(Vec<SnapshotInfo>, Option<String>),
}

/// How a call ended: exhaustive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The plugin answered.
    Answered(Answer),
    /// The plugin answered with a failure.
    Failed(Failure),
    /// The deadline passed; the instance is gone, what it began may have happened.
    TimedOut,
    /// It asked for more memory, tables or host memory than allowed.
    OutOfMemory {
        /// Which limit.
        detail: String,
    },
    /// It panicked, trapped or overflowed its stack.
    Trapped {
        /// What wasmtime saw, one line.
        detail: String,
    },
    /// It does not export the role, or broke a limit of the contract.
    Refused {
        /// Which rule.
        detail: String,
    },
}

/// What one call may use.
#[derive(Clone)]
pub struct Context {
    /// Total linear memory, bytes.
    pub memory: u64,
    /// From entry to answer, instantiation included.
    pub time: Duration,
    /// What the guest's wall clock says at entry; it moves on with real time.
    pub now: Timestamp,
    /// What was made for this call and its grants.
    pub capabilities: Capabilities,
}
