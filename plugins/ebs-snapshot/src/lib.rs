//! Snapshots of EBS volumes, by EC2's query interface.
//!
//! Owns: which requests are made, and what of an answer is believed. Never: a key, a signature, a request that is not one
//! of `endpoints.rs`.
//! Read next: `create.rs`, then `api.rs` (requests) and `tags.rs` (how snapshots are found again).

mod api;
mod catalog;
mod config;
mod create;
mod endpoints;
mod failures;
mod operation;
mod restore;
mod snapshot;
mod tags;
mod verify;
mod volume;
mod xml;

#[cfg(test)]
mod tests;

pub use config::Config;

use strongroom_plugin::{
    Call, Description, Failure, Page, Plugin, Snapshot, Snapshots, Step, Target,
};

use operation::Handle;

/// The plugin.
pub struct EbsSnapshot;

impl Plugin for EbsSnapshot {
    type Config = Config;

    fn describe() -> Description {
        Description::new(
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            "Snapshots of EBS volumes of EC2, kept in the volume's region or copied from another one.",
        )
        .feature("idempotent-create", true)
        .feature("restore", true)
        .feature("restore-paths", false)
        .feature("restore-in-place", false)
        .feature("verify", true)
        .feature("copy", true)
        .feature("native-expiry", false)
        .feature("survives-source", true)
        .feature("keeps-dependants", true)
        .feature("place", "region")
        .endpoints(endpoints::all())
    }
}

impl Snapshots for EbsSnapshot {
    fn start_create(call: Call<Config>) -> Result<Step, Failure> {
        create::start(&call)
    }

    fn poll(call: Call<Config>, operation: Vec<u8>) -> Result<Step, Failure> {
        match Handle::read(&operation)? {
            Handle::Look { made, left } => create::look(&call, &made, left),
            Handle::Make { made, id, unseen } => create::poll(&call, &made, &id, unseen),
            Handle::Delete { id } => catalog::poll(&call, &id),
            Handle::Restore {
                snapshot,
                volume,
                unseen,
            } => restore::poll(&call, &snapshot, &volume, unseen),
            Handle::Verify {
                snapshot,
                volume,
                unseen,
            } => verify::poll(&call, &snapshot, &volume, unseen),
        }
    }

    fn get(call: Call<Config>, reference: &str) -> Result<Snapshot, Failure> {
        catalog::get(&call, reference)
    }

    fn list(call: Call<Config>, cursor: Option<&str>, limit: u32) -> Result<Page, Failure> {
        catalog::list(&call, cursor, limit)
    }

    fn start_delete(call: Call<Config>, reference: &str) -> Result<Step, Failure> {
        catalog::delete(&call, reference)
    }

    fn start_restore(
        call: Call<Config>,
        reference: &str,
        target: &Target,
    ) -> Result<Step, Failure> {
        restore::start(&call, reference, target)
    }

    fn start_verify(call: Call<Config>, reference: &str) -> Result<Step, Failure> {
        verify::start(&call, reference)
    }

    fn start_copy(call: Call<Config>, reference: &str) -> Result<Step, Failure> {
        create::start_copy(&call, reference)
    }
}

strongroom_plugin::snapshots!(EbsSnapshot);
