//! Cassettes: what plugins answer in a simulation, written by hand or recorded.
//!
//! Owns: the file format, its meaning and its diagnostics.
//! Never: answers a call; the orchestrator's `replies` do. Read next: `read`, `write`, `schedules/README.md`.

mod keys;
mod read;
mod write;

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::retry::Failure;
use strongroom_domain::{Evidence, PluginName, ScheduleName, TenantName};

pub use read::load;

/// The largest cassette: a recorded year of fifty daily schedules is about 10 MiB.
pub const CASSETTE_LIMIT: usize = 32 << 20;

/// Replies, the first that matches a call answers it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cassette {
    /// In the order of the file.
    pub entries: Vec<Entry>,
}

/// One `[[reply]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Only to calls of this schedule.
    pub schedule: Option<ScheduleName>,
    /// Only for this tenant.
    pub tenant: Option<TenantName>,
    /// Only to calls of this plugin.
    pub plugin: Option<PluginName>,
    /// Only to this call.
    pub call: Option<CallKind>,
    /// Only for this due time.
    pub due: Option<Timestamp>,
    /// Only to calls at or after this time.
    pub since: Option<Timestamp>,
    /// Only to calls before this time.
    pub until: Option<Timestamp>,
    /// Only to the n-th call that fits the conditions above, from 1; counted for each schedule and tenant on its own.
    pub nth: Option<u32>,
    /// At most so often, for each schedule and tenant on its own.
    pub times: Option<u32>,
    /// How long the answer takes.
    pub takes: Duration,
    /// The answer.
    pub reply: Reply,
}

/// Which function of a plugin is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallKind {
    /// `task.run`
    Run,
    /// `snapshots.start-create`
    Create,
    /// `poll` of either role, after any `running`.
    Poll,
    /// `snapshots.get`: reading back.
    Get,
    /// `snapshots.start-delete`
    Delete,
    /// `snapshots.start-verify`, of a drill.
    Verify,
}

impl CallKind {
    /// Every call that a simulation makes.
    pub const ALL: [Self; 6] = [
        Self::Run,
        Self::Create,
        Self::Poll,
        Self::Get,
        Self::Delete,
        Self::Verify,
    ];

    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Create => "create",
            Self::Poll => "poll",
            Self::Get => "get",
            Self::Delete => "delete",
            Self::Verify => "verify",
        }
    }

    /// Whether only providers of snapshots are called so.
    #[must_use]
    pub fn of_snapshots(self) -> bool {
        matches!(self, Self::Create | Self::Get | Self::Delete | Self::Verify)
    }
}

/// What is answered. `{run}`, `{tenant}` and `{due}` in its texts stand for those of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Finished, with evidence; to `get`: what the shelf holds.
    Done(Evidence),
    /// It goes on at the provider.
    Running {
        /// When to ask again.
        poll_after: Duration,
        /// 0 to 100.
        percent: Option<u8>,
        /// For a person.
        note: String,
    },
    /// It was not done.
    Failure(Failure),
    /// The plugin stopped.
    Trap(String),
}
