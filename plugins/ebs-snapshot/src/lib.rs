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

use strongroom_plugin::{Description, Plugin, description};

/// The plugin.
pub struct EbsSnapshot;

impl Plugin for EbsSnapshot {
    type Config = Config;

    fn describe() -> Description {
        description!(
            "Snapshots of EBS volumes of EC2, kept in the volume's region or copied from another one."
        )
        .has(&["idempotent-create", "restore", "verify", "copy"])
        .has(&["survives-source", "keeps-dependants"])
        .lacks(&["restore-paths", "restore-in-place", "native-expiry"])
        .feature("place", "region")
        .endpoints(endpoints::all())
    }
}

strongroom_plugin::snapshots!(EbsSnapshot {
    start_create: create::start,
    poll: operation::poll,
    get: catalog::get,
    list: catalog::list,
    start_delete: catalog::delete,
    start_restore: restore::start,
    start_verify: verify::start,
    start_copy: create::start_copy,
});
