//! Granted trees of files, as `wit/files.wit` describes them.
//!
//! Owns: safe wrappers that keep the contract's limits (batches of 1 024, chunks of 1 MiB) by themselves.
//! Never: bulk bytes through the plugin; use `copy`, `link` and `digest`.
//! Read next: `tree.rs`, then `stream.rs`. Outside a component, trees are folders granted by `crate::testing`.

mod error;
mod stream;
mod tree;

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::files as backend;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::disk as backend;

pub use crate::bindings::files::{
    Change, Copied, CopyItem, Entry, Error, Kind, Metadata, Method, Time,
};
pub use stream::{Reader, Walker, Writer};
pub use tree::Tree;

/// The most items in one call.
pub const BATCH: usize = 1024;
/// The most bytes in one call.
pub(crate) const CHUNK: usize = 1 << 20;

impl Change {
    /// A change of `path` that sets nothing yet.
    #[must_use]
    pub fn of(path: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.into(),
            mode: None,
            owner: None,
            modified: None,
            attributes: Vec::new(),
            extra: Vec::new(),
        }
    }
}

impl CopyItem {
    /// A copy of one file to a path that does not exist yet.
    #[must_use]
    pub fn new(source: Vec<u8>, destination: Vec<u8>, method: Method) -> Self {
        Self {
            source,
            destination,
            method,
            extra: Vec::new(),
        }
    }
}
