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

use strongroom_plugin::{Description, Plugin, description};

/// The plugin.
pub struct LxdSnapshot;

impl Plugin for LxdSnapshot {
    type Config = Config;

    fn describe() -> Description {
        description!("Snapshots of custom storage volumes of LXD, kept in the volume's own pool.")
            .has(&["idempotent-create", "restore", "verify"])
            .lacks(&["restore-paths", "restore-in-place", "copy"])
            .lacks(&["native-expiry", "survives-source", "keeps-dependants"])
            .feature("place", "project,pool,volume")
            .endpoints(endpoints::all())
    }
}

strongroom_plugin::snapshots!(LxdSnapshot {
    start_create: create::start,
    poll: operation::poll,
    get: catalog::get,
    list: catalog::list,
    start_delete: catalog::delete,
    start_restore: restore::start,
    start_verify: verify::start,
});
