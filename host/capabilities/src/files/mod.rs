//! `files`: granted folders, beneath which every path is resolved by the kernel.
//!
//! Owns: the trees of one call, and ending its file work when the call is over.
//! Never: reaches a file by anything but a handle; follows a link.
//! Read next: `trees`, how a path becomes a file; then `calls`, one line per function of the contract.

mod calls;
mod change;
mod content;
mod copy;
mod database;
mod failures;
mod folder;
mod granted;
mod metadata;
mod paths;
mod remove;
mod set;
mod stop;
mod stream;
#[cfg(test)]
mod tests;
mod trees;
mod walk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strongroom_sandbox::capability::files::FileError;

use crate::dry_run::DryRun;
use database::DatabaseCopy;
pub(crate) use database::LedgerDatabases;
use failures::Answer;
pub use granted::{GrantedTree, TreeError};
use stop::Stop;
use stream::Streams;
use trees::{Tree, Writable};

/// The trees of one call. Dropping it ends the file work that still goes on.
pub(crate) struct CallFiles {
    trees: BTreeMap<String, Arc<Tree>>,
    databases: Arc<dyn DatabaseCopy>,
    streams: Streams,
    stop: Stop,
    dry_run: Arc<DryRun>,
}

impl CallFiles {
    /// Opens every granted folder. `own_databases` are SQLite files that this process has open itself.
    pub(crate) fn open(
        granted: &[GrantedTree],
        own_databases: &[PathBuf],
        databases: Arc<dyn DatabaseCopy>,
        dry_run: Arc<DryRun>,
    ) -> Result<Self, TreeError> {
        let kept_off = Arc::new(trees::of_databases(own_databases));
        let mut trees = BTreeMap::new();
        for tree in granted {
            let opened = Tree::open(tree, Arc::clone(&kept_off))?;
            trees.insert(tree.name.clone(), Arc::new(opened));
        }
        if !Path::new("/proc/self/fd").exists() {
            return Err(TreeError::Unsupported("`/proc` to be mounted"));
        }
        Ok(Self {
            trees,
            databases,
            streams: Streams::default(),
            stop: Stop::default(),
            dry_run,
        })
    }

    fn tree(&self, name: &str) -> Answer<Arc<Tree>> {
        self.trees
            .get(name)
            .map(Arc::clone)
            .ok_or(FileError::NotFound)
    }

    fn writable_tree(&self, name: &str) -> Answer<Writable> {
        let change = || format!("a change in the tree `{name}`");
        if self.dry_run.holds_back(change) {
            return Err(FileError::ReadOnly);
        }
        Writable::new(self.tree(name)?)
    }

    /// Runs file work on a thread where it may block; given up when the future or the whole call is dropped.
    async fn blocking<T, W>(&self, work: W) -> Answer<T>
    where
        T: Send + 'static,
        W: FnOnce(&Stop) -> T + Send + 'static,
    {
        let stop = self.stop.for_operation();
        let _guard = stop.on_drop();
        let done = tokio::task::spawn_blocking(move || work(&stop)).await;
        done.map_err(|error| FileError::Other(format!("the host's file work broke off: {error}")))
    }
}

impl Drop for CallFiles {
    fn drop(&mut self) {
        self.stop.end_call();
    }
}
