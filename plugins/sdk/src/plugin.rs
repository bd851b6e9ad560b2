//! What a plugin's author implements: `Plugin`, and one trait per role.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{Call, Description, Failure, Page, Snapshot, Step, Target};

/// What every plugin has.
pub trait Plugin {
    /// The configuration in a schedule. The host checks it against the schema made from this type before it calls.
    type Config: DeserializeOwned + JsonSchema;

    /// Who this is and what it asks for. Deterministic; nothing is granted yet.
    fn describe() -> Description;
}

/// A plugin that does anything on a schedule. Every call has a fresh instance.
pub trait Task: Plugin {
    /// Runs once. Idempotent by `call.run_id`.
    fn run(call: Call<Self::Config>) -> Result<Step, Failure>;

    /// Asks after an operation that `run` began. Only plugins whose `run` answers `Running` need it.
    fn poll(call: Call<Self::Config>, operation: Vec<u8>) -> Result<Step, Failure> {
        let _ = (call, operation);
        Err(Failure::invalid(
            "this plugin never has operations that go on",
        ))
    }
}

/// A plugin that keeps snapshots. Every call has a fresh instance. `wit/snapshots.wit` is the contract in full.
pub trait Snapshots: Plugin {
    /// Begins a snapshot; its evidence carries the reference. Idempotent by `call.run_id`.
    fn start_create(call: Call<Self::Config>) -> Result<Step, Failure>;

    /// Asks after an operation. Only plugins that answer `Running` need it.
    fn poll(call: Call<Self::Config>, operation: Vec<u8>) -> Result<Step, Failure> {
        let _ = (call, operation);
        Err(Failure::invalid(
            "this plugin never has operations that go on",
        ))
    }

    /// Reads one snapshot back from the provider.
    fn get(call: Call<Self::Config>, reference: &str) -> Result<Snapshot, Failure>;

    /// The tenant's snapshots, oldest first, at most `limit`.
    fn list(call: Call<Self::Config>, cursor: Option<&str>, limit: u32) -> Result<Page, Failure>;

    /// Begins to delete exactly this snapshot.
    fn start_delete(call: Call<Self::Config>, reference: &str) -> Result<Step, Failure>;

    /// Begins a restore into an empty target; verified before `Done`.
    fn start_restore(
        call: Call<Self::Config>,
        reference: &str,
        target: &Target,
    ) -> Result<Step, Failure>;

    /// Begins to compare a whole snapshot with what was recorded when it was made.
    fn start_verify(call: Call<Self::Config>, reference: &str) -> Result<Step, Failure>;

    /// Begins to copy a snapshot of another schedule to where this one keeps its own. Only with the feature `copy`.
    fn start_copy(call: Call<Self::Config>, reference: &str) -> Result<Step, Failure> {
        let _ = (call, reference);
        Err(Failure::invalid("this plugin does not copy snapshots"))
    }
}
