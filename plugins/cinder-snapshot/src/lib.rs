//! Snapshots of OpenStack block storage volumes (Cinder's API, version 3).
//!
//! Owns: one snapshot per run at a provider without keys of idempotency, and that no answer is believed which is about
//! something else. Never: a place, a token, a volume that this plugin did not make.
//! Read next: `endpoints`, `create`, then `cloud/mod.rs`.

mod catalog;
mod cloud;
mod config;
mod create;
mod delete;
mod endpoints;
mod ongoing;
mod restore;
mod verify;

#[cfg(test)]
mod tests;

pub use config::Config;

use strongroom_plugin::{
    Call, Description, Failure, Page, Plugin, Snapshot, Snapshots, Step, Target,
};

/// The plugin.
pub struct CinderSnapshot;

impl Plugin for CinderSnapshot {
    type Config = Config;

    fn describe() -> Description {
        Description::new(
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            "Snapshots of OpenStack block storage volumes.",
        )
        .endpoints(endpoints::all())
        .feature("idempotent-create", true)
        .feature("restore", true)
        .feature("restore-paths", false)
        .feature("restore-in-place", false)
        .feature("verify", true)
        .feature("copy", false)
        .feature("native-expiry", false)
        .feature("survives-source", false)
        .feature("keeps-dependants", true)
        .feature("place", "project")
    }
}

impl Snapshots for CinderSnapshot {
    fn start_create(call: Call<Config>) -> Result<Step, Failure> {
        create::start(&call)
    }

    fn poll(call: Call<Config>, operation: Vec<u8>) -> Result<Step, Failure> {
        ongoing::poll(&call, &operation)
    }

    fn get(call: Call<Config>, reference: &str) -> Result<Snapshot, Failure> {
        catalog::get(&call, reference)
    }

    fn list(call: Call<Config>, cursor: Option<&str>, limit: u32) -> Result<Page, Failure> {
        catalog::list(&call, cursor, limit)
    }

    fn start_delete(call: Call<Config>, reference: &str) -> Result<Step, Failure> {
        delete::start(&call, reference)
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

strongroom_plugin::snapshots!(CinderSnapshot);
