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
use strongroom_plugin::{
    Access, Call, Description, Failure, Page, Plugin, Snapshot, Snapshots, Step, Target,
};

/// The plugin.
pub struct LocalSnapshot;

impl Plugin for LocalSnapshot {
    type Config = Config;

    fn describe() -> Description {
        Description::new(
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            "Complete images of folders on a local disk, hard-linked from one to the next.",
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
        .feature("idempotent-create", true)
        .feature("restore", true)
        .feature("restore-paths", true)
        .feature("restore-in-place", false)
        .feature("verify", true)
        .feature("copy", false)
        .feature("native-expiry", false)
        .feature("survives-source", true)
    }
}

impl Snapshots for LocalSnapshot {
    fn start_create(call: Call<Config>) -> Result<Step, Failure> {
        create::create(&call, &place()?).map(Step::Done)
    }

    fn get(call: Call<Config>, reference: &str) -> Result<Snapshot, Failure> {
        catalog::get(&call, &place()?, reference)
    }

    fn list(call: Call<Config>, cursor: Option<&str>, limit: u32) -> Result<Page, Failure> {
        catalog::list(&call, &place()?, cursor, limit)
    }

    fn start_delete(call: Call<Config>, reference: &str) -> Result<Step, Failure> {
        catalog::delete(&call, &place()?, reference).map(Step::Done)
    }

    fn start_restore(
        call: Call<Config>,
        reference: &str,
        target: &Target,
    ) -> Result<Step, Failure> {
        restore::restore(&call, &place()?, reference, target).map(Step::Done)
    }

    fn start_verify(call: Call<Config>, reference: &str) -> Result<Step, Failure> {
        verify::verify(&call, &place()?, reference).map(Step::Done)
    }
}

fn place() -> Result<Tree, Failure> {
    Tree::open("place").map_err(|error| match error {
        Error::NotFound => Failure::denied("the tree `place` is not granted: grant the folder that keeps the snapshots, for writing"),
        other => other.at("place"),
    })
}

strongroom_plugin::snapshots!(LocalSnapshot);
