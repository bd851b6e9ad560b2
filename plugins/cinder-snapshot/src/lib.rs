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

use strongroom_plugin::{Description, Plugin, description};

/// The plugin.
pub struct CinderSnapshot;

impl Plugin for CinderSnapshot {
    type Config = Config;

    fn describe() -> Description {
        description!("Snapshots of OpenStack block storage volumes.")
            .has(&["idempotent-create", "restore", "verify", "keeps-dependants"])
            .lacks(&["restore-paths", "restore-in-place", "copy"])
            .lacks(&["native-expiry", "survives-source"])
            .feature("place", "project")
            .endpoints(endpoints::all())
    }
}

strongroom_plugin::snapshots!(CinderSnapshot {
    start_create: create::start,
    poll: ongoing::poll,
    get: catalog::get,
    list: catalog::list,
    start_delete: delete::start,
    start_restore: restore::start,
    start_verify: verify::start,
});
