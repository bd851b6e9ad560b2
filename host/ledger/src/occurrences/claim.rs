//! Claims: who works on an occurrence, and until when.

use jiff::Timestamp;
use strongroom_domain::schedule::Limits;
use strongroom_domain::{Outcome, PluginName, ScheduleName, TenantName};
use uuid::Uuid;

/// What a host wants to take.
#[derive(Debug, Clone)]
pub struct ClaimRequest<'a> {
    /// The host that will own the claims; new for every start of a host.
    pub owner: Uuid,
    /// The host's time.
    pub now: Timestamp,
    /// The moment until which others keep off.
    pub lease_until: Timestamp,
    /// The most that are taken.
    pub limit: u32,
    /// The one occurrence to take, if it is to be no other.
    pub only: Option<Uuid>,
    /// How many may be under way at once, over all hosts.
    pub limits: &'a Limits,
}

/// What a request for claims came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimReport {
    /// What was taken.
    pub claims: Vec<Claim>,
    /// How many ended as `missed`, because their turn did not come in time.
    pub missed: usize,
    /// Something more could be taken but for the limits: it waits for an end, not for a time.
    pub limited: bool,
    /// What [`crate::Occurrences::next_wake`] says after this, of what waits for a time; `None`: not looked for.
    pub next_wake: Option<Option<Timestamp>>,
}

/// An occurrence that its owner may work on until the lease runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The occurrence.
    pub id: Uuid,
    /// Its schedule.
    pub schedule: ScheduleName,
    /// The tenant for whom it runs.
    pub tenant: TenantName,
    /// The plugin that runs it.
    pub plugin: PluginName,
    /// The due time.
    pub due: Timestamp,
    /// The due time that this later run stands for, in a backfill.
    pub makes_up_for: Option<Timestamp>,
    /// When to give up.
    pub deadline: Timestamp,
    /// Grows with every claim; what is recorded under an older one is refused.
    pub fence: i64,
    /// The number of the attempt to run now; of the attempt that began the operation, if there is one.
    pub attempt: u32,
    /// The operation to poll; then nothing is started.
    pub operation: Option<OperationRow>,
    /// Another host (or this one before a restart) owned it and let its lease run out.
    pub reclaimed: bool,
    /// A person asked for it (a run now, a backfill): pauses and blackouts do not hold it back.
    pub manual: bool,
}

impl Claim {
    /// The due time that the plugin is told: the one that the run makes up for, else its own.
    #[must_use]
    pub fn effective_due(&self) -> Timestamp {
        self.makes_up_for.unwrap_or(self.due)
    }
}

/// A long-running action at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationRow {
    /// The plugin's handle, which the host does not read.
    pub handle: Vec<u8>,
    /// What a person is shown.
    pub note: String,
    /// Progress from 0 to 100.
    pub percent: Option<u8>,
    /// Digest of the plugin file that began it.
    pub digest: String,
}

/// What became of a lease that was to be prolonged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewal {
    /// It goes on.
    Kept,
    /// The claim was lost or is over.
    Lost,
    /// It goes on, but somebody asked that it end so (`cancelled` or `superseded`), with the reason.
    Stop(Outcome, String),
}
