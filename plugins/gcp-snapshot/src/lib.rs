//! Snapshots of Compute Engine disks.
//!
//! Owns: what is asked of Google and what of its answers is believed. Never: a key, a place, a second try in one call.
//! Read next: `endpoints.rs` (what it asks for), `create.rs`, `disks.rs`, then `begin.rs` and `facts.rs`.

mod begin;
mod catalog;
mod compute;
mod config;
mod copy;
mod create;
mod delete;
mod disks;
mod endpoints;
mod facts;
mod handle;
mod names;
mod refusals;
mod resources;
mod restored;
mod verdict;

#[cfg(test)]
mod tests;

pub use config::Config;

use strongroom_plugin::{
    Call, Description, Failure, Page, Plugin, Snapshot, Snapshots, Step, Target,
};

use compute::Compute;
use handle::{Going, Handle};

/// The plugin.
pub struct GcpSnapshot;

impl Plugin for GcpSnapshot {
    type Config = Config;

    fn describe() -> Description {
        Description::new(
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            "Snapshots of Compute Engine disks.",
        )
        .feature("idempotent-create", true)
        .feature("restore", true)
        .feature("restore-paths", false)
        .feature("restore-in-place", false)
        .feature("verify", true)
        .feature("copy", true)
        .feature("native-expiry", false)
        .feature("survives-source", true)
        .feature("keeps-dependants", false)
        .feature("place", "project,storage-location")
        .endpoints(endpoints::all())
    }
}

impl Snapshots for GcpSnapshot {
    fn start_create(call: Call<Config>) -> Result<Step, Failure> {
        Handle::first(create::start(&Compute { call: &call })?)
    }

    fn poll(call: Call<Config>, operation: Vec<u8>) -> Result<Step, Failure> {
        let handle = Handle::read(&operation)?;
        let compute = Compute { call: &call };
        let reached = match handle.going.clone() {
            Going::Create(create) => create::watch(&compute, create),
            Going::Delete(delete) => delete::watch(&compute, delete),
            Going::Disk(made) => disks::watch(&compute, made),
        };
        handle.next(reached)
    }

    fn get(call: Call<Config>, reference: &str) -> Result<Snapshot, Failure> {
        catalog::get(&Compute { call: &call }, reference)
    }

    fn list(call: Call<Config>, cursor: Option<&str>, limit: u32) -> Result<Page, Failure> {
        catalog::list(&Compute { call: &call }, cursor, limit)
    }

    fn start_delete(call: Call<Config>, reference: &str) -> Result<Step, Failure> {
        Handle::first(delete::start(&Compute { call: &call }, reference)?)
    }

    fn start_restore(
        call: Call<Config>,
        reference: &str,
        target: &Target,
    ) -> Result<Step, Failure> {
        Handle::first(restored::start_restore(
            &Compute { call: &call },
            reference,
            target,
        )?)
    }

    fn start_verify(call: Call<Config>, reference: &str) -> Result<Step, Failure> {
        Handle::first(restored::start_verify(&Compute { call: &call }, reference)?)
    }

    fn start_copy(call: Call<Config>, reference: &str) -> Result<Step, Failure> {
        Handle::first(copy::start(&Compute { call: &call }, reference)?)
    }
}

strongroom_plugin::snapshots!(GcpSnapshot);
