//! What a plugin is asked, with its configuration already in its own type.

use serde::de::DeserializeOwned;

use crate::Failure;
use crate::bindings::types;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

/// One call of one role.
///
/// The host may repeat a call with the same `run_id`, after a lost reply or a restart: find what the first call began.
#[derive(Debug, Clone)]
pub struct Call<C> {
    /// UUID, the same for every attempt of one occurrence.
    pub run_id: String,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// The customer whose data this is about.
    pub tenant: String,
    /// The nominal time of the occurrence, not the time of the attempt.
    pub due: Instant,
    /// When the host abandons this call.
    pub deadline: Instant,
    /// Say what would be done and change nothing anywhere.
    pub dry_run: bool,
    /// The schedule's configuration.
    pub config: C,
}

impl<C: DeserializeOwned> Call<C> {
    pub(crate) fn from_host(call: types::Call) -> Result<Self, Failure> {
        let config = serde_json::from_str(&call.config).map_err(|error| {
            Failure::invalid(format!("the configuration cannot be read: {error}"))
        })?;
        Ok(Self {
            run_id: call.run_id,
            attempt: call.attempt,
            tenant: call.tenant,
            due: Instant(call.due),
            deadline: Instant(call.deadline),
            dry_run: call.dry_run,
            config,
        })
    }
}
