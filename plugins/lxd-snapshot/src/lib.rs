//! Snapshots of custom storage volumes of LXD, by its REST API.
//!
//! Owns: which requests are made, and what of an answer is believed. Never: a key, an address, a request that is not one
//! of `endpoints.rs`.
//! Read next: `create.rs`, then `api.rs` (requests) and `name.rs` (what snapshots are called).

mod api;
mod catalog;
mod config;
mod create;
mod endpoints;
mod failures;
mod name;
mod operation;
mod restore;
mod size;
mod source;
mod verify;

#[cfg(test)]
mod tests;

pub use config::Config;

use strongroom_plugin::{
    Call, Description, Failure, Page, Plugin, Snapshot, Snapshots, Step, Target,
};

use operation::Handle;

/// The plugin.
pub struct LxdSnapshot;

impl Plugin for LxdSnapshot {
    type Config = Config;

    fn describe() -> Description {
        Description::new(
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            "Snapshots of custom storage volumes of LXD, kept in the volume's own pool.",
        )
        .feature("idempotent-create", true)
        .feature("restore", true)
        .feature("restore-paths", false)
        .feature("restore-in-place", false)
        .feature("verify", true)
        .feature("copy", false)
        .feature("native-expiry", false)
        .feature("survives-source", false)
        .feature("keeps-dependants", false)
        .feature("place", "project,pool,volume")
        .endpoints(endpoints::all())
    }
}

impl Snapshots for LxdSnapshot {
    fn start_create(call: Call<Config>) -> Result<Step, Failure> {
        create::start(&call)
    }

    fn poll(call: Call<Config>, operation: Vec<u8>) -> Result<Step, Failure> {
        match Handle::read(&operation)? {
            Handle::Create { name, operation } => create::poll(&call, &name, operation),
            Handle::Wait { name } => create::settle(&call, &name),
            Handle::Clear { name, operation } => create::cleared(&call, &name, operation),
            Handle::Delete { name, operation } => catalog::poll(&call, &name, operation),
            Handle::Restore {
                name,
                target,
                operation,
            } => restore::poll(&call, &name, &target, operation),
            Handle::Verify { name, operation } => verify::poll(&call, &name, operation),
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
}

strongroom_plugin::snapshots!(LxdSnapshot);
