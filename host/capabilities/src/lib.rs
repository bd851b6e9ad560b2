//! The outside half of the capabilities, made for one call: granted trees and services, state, log, progress.
//!
//! Owns: what one call was granted, and ending its file work when the call is over.
//! Never: reaches a file by anything but a handle, knows wasmtime or SQL.
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
mod requests;
mod set;
mod stop;
mod stream;
#[cfg(test)]
mod tests;
mod trees;
mod walk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use strongroom_egress::CallEgress;
use strongroom_sandbox::outside::{FileError, LogLine, Progress, StateError, StateValue};

use failures::Files;
pub use granted::{GrantedTree, TreeError};
use stop::Stop;
use stream::Streams;
use trees::{Tree, Writable};

/// Most sentences kept of one call about requests that had no answer.
const TROUBLES: usize = 4;

/// The state of one plugin for one tenant.
///
/// Lengths were checked before; the number of keys (256) is the store's to hold.
#[async_trait]
pub trait StateStore: Send + Sync + 'static {
    /// Reads a value.
    async fn get(&self, key: &str) -> Result<Option<StateValue>, StateError>;
    /// Writes if the stored version is still the expected one (absent: no such key); returns the new version.
    async fn set(
        &self,
        key: &str,
        bytes: Vec<u8>,
        expected: Option<u64>,
    ) -> Result<u64, StateError>;
    /// Deletes if the stored version is still the expected one.
    async fn delete(&self, key: &str, expected: u64) -> Result<(), StateError>;
}

/// Copies SQLite databases consistently.
#[async_trait]
pub trait DatabaseCopy: Send + Sync + 'static {
    /// Copies `source` into `destination`, an empty file of mode 0600, and closes both before it returns.
    ///
    /// Both paths are absolute and free of links: opening them with `SQLITE_OPEN_NOFOLLOW` is right where it can be
    /// asked for. The source is untrusted. Returns the bytes written, or why not in one sentence.
    async fn copy(&self, source: &Path, destination: &Path) -> Result<u64, String>;
}

/// Takes what a plugin tells.
pub trait Listener: Send + Sync + 'static {
    /// Takes a log line. Never blocks.
    fn log(&self, line: LogLine);
    /// Takes a report. Never blocks.
    fn progress(&self, progress: Progress);
}

/// Everything that one call of a plugin can reach. Dropping it ends the file work that still goes on.
pub struct CallOutside {
    trees: BTreeMap<String, Arc<Tree>>,
    state: Option<Arc<dyn StateStore>>,
    databases: Arc<dyn DatabaseCopy>,
    listener: Arc<dyn Listener>,
    egress: CallEgress,
    troubles: Mutex<Vec<String>>,
    held_back: Mutex<Vec<String>>,
    streams: Arc<Streams>,
    stop: Stop,
    changing: bool,
}

impl CallOutside {
    /// Opens every granted folder.
    ///
    /// `own_databases` are SQLite files that this process has open itself (the ledger): they are copied through SQLite
    /// or not at all, because closing any other descriptor of theirs would drop the process's locks.
    pub fn new(
        granted: &[GrantedTree],
        own_databases: &[PathBuf],
        state: Option<Arc<dyn StateStore>>,
        databases: Arc<dyn DatabaseCopy>,
        listener: Arc<dyn Listener>,
        egress: CallEgress,
    ) -> Result<Self, TreeError> {
        let kept_off = Arc::new(trees::of_databases(own_databases));
        let mut trees = BTreeMap::new();
        for tree in granted {
            trees.insert(
                tree.name.clone(),
                Arc::new(Tree::open(tree, Arc::clone(&kept_off))?),
            );
        }
        if !trees.is_empty() && !Path::new("/proc/self/fd").exists() {
            return Err(TreeError::Unsupported("`/proc` to be mounted"));
        }
        Ok(Self {
            trees,
            state,
            databases,
            listener,
            egress,
            troubles: Mutex::default(),
            held_back: Mutex::default(),
            streams: Arc::default(),
            stop: Stop::default(),
            changing: true,
        })
    }

    fn tree(&self, name: &str) -> Files<Arc<Tree>> {
        self.trees
            .get(name)
            .map(Arc::clone)
            .ok_or(FileError::NotFound)
    }

    fn writable(&self, name: &str) -> Files<Writable> {
        if !self.changing {
            self.hold_back(format!("a change in the tree `{name}`"));
            return Err(FileError::ReadOnly);
        }
        Writable::new(self.tree(name)?)
    }

    /// Keeps why a request had no answer, for whoever reads how the call ended.
    fn note(&self, trouble: String) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if troubles.len() < TROUBLES && !troubles.contains(&trouble) {
            troubles.push(trouble);
        }
    }

    /// Why requests had no answer so far, in the host's words: the plugin does not know them.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        self.troubles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Keeps what a dry run tried to change.
    fn hold_back(&self, change: String) {
        let mut held = self
            .held_back
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if held.len() < TROUBLES && !held.contains(&change) {
            held.push(change);
        }
    }

    /// What it tried so far and was not let do: requests that are not granted, and in a dry run changes.
    #[must_use]
    pub fn held_back(&self) -> Vec<String> {
        let held = self
            .held_back
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let denied = self.egress.denials().into_iter();
        held.iter().cloned().chain(denied).collect()
    }

    /// With `false` nothing can be changed through it: a dry run.
    #[must_use]
    pub fn changing(mut self, changing: bool) -> Self {
        self.changing = changing;
        self
    }

    /// Runs file work on a thread where it may block; given up when the future or the whole call is dropped.
    async fn blocking<T, W>(&self, work: W) -> Files<T>
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

impl Drop for CallOutside {
    fn drop(&mut self) {
        self.stop.end_call();
    }
}
