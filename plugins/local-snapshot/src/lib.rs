//! Complete images of folders on a local disk, hard-linked from one to the next.
//!
//! Owns: the shelf's layout (`README.md`) and every promise about it. Never: bulk bytes, which stay in the host.
//! Read next: `create/mod.rs`, then `record.rs` and `shelf.rs`.

mod apply;
mod catalog;
mod config;
mod create;
mod encoding;
mod folders;
mod manifest;
mod order;
mod record;
mod recorded;
mod reference;
mod restore;
mod sealed;
mod shelf;
mod unchanged;
mod verify;
mod walked;

#[cfg(test)]
mod tests;

pub use config::{Config, OnUnreadable, Sqlite};

use strongroom_plugin::files::{Error, Tree};
use strongroom_plugin::{Access, Description, Failure, Plugin, Step, description};

/// The plugin.
pub struct LocalSnapshot;

impl Plugin for LocalSnapshot {
    type Config = Config;

    fn describe() -> Description {
        description!(
            "Complete images of folders on a local disk, hard-linked from one to the next."
        )
        .needs_files("place", Access::Write, "where the snapshots are kept")
        .needs_files(
            "*",
            Access::Read,
            "the folders to take snapshots of, named in `sources`",
        )
        .uses_files(
            "restore",
            Access::Write,
            "an empty folder to restore into; only for restores",
        )
        .has(&["idempotent-create", "restore", "restore-paths", "verify"])
        .has(&["survives-source"])
        .lacks(&["restore-in-place", "copy", "native-expiry"])
    }
}

strongroom_plugin::snapshots!(LocalSnapshot {
    start_create: |call| create::create(call, &place()?).map(Step::Done),
    get: |call, reference| catalog::get(call, &place()?, reference),
    list: |call, cursor, limit| catalog::list(call, &place()?, cursor, limit),
    start_delete: |call, reference| catalog::delete(call, &place()?, reference).map(Step::Done),
    start_restore: |call, reference, target| {
        restore::restore(call, &place()?, reference, target).map(Step::Done)
    },
    start_verify: |call, reference| verify::verify(call, &place()?, reference).map(Step::Done),
});

fn place() -> Result<Tree, Failure> {
    Tree::open("place").map_err(|error| match error {
        Error::NotFound => Failure::denied("the tree `place` is not granted: grant the folder that keeps the snapshots, for writing"),
        other => other.at("place"),
    })
}
