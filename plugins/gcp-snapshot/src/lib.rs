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

#[cfg(test)]
mod tests;

pub use config::Config;

use strongroom_plugin::{Description, Plugin, description};

use compute::Compute;
use handle::Handle;

/// The plugin.
pub struct GcpSnapshot;

impl Plugin for GcpSnapshot {
    type Config = Config;

    fn describe() -> Description {
        description!("Snapshots of Compute Engine disks.")
            .has(&[
                "idempotent-create",
                "restore",
                "verify",
                "copy",
                "survives-source",
            ])
            .lacks(&[
                "restore-paths",
                "restore-in-place",
                "native-expiry",
                "keeps-dependants",
            ])
            .feature("place", "project,storage-location")
            .endpoints(endpoints::all())
    }
}

strongroom_plugin::snapshots!(GcpSnapshot {
    start_create: |call| Handle::first(create::start(&Compute { call })?),
    poll: handle::poll,
    get: |call, reference| catalog::get(&Compute { call }, reference),
    list: |call, cursor, limit| catalog::list(&Compute { call }, cursor, limit),
    start_delete: |call, reference| Handle::first(delete::start(&Compute { call }, reference)?),
    start_restore: |call, reference, target| {
        Handle::first(restored::start_restore(
            &Compute { call },
            reference,
            target,
        )?)
    },
    start_verify: |call, reference| {
        Handle::first(restored::start_verify(&Compute { call }, reference)?)
    },
    start_copy: |call, reference| Handle::first(copy::start(&Compute { call }, reference)?),
});
