//! Write a Strongroom plugin in Rust without writing bindings.
//!
//! Owns: the traits a plugin implements, the words it answers with, safe wrappers of the capabilities.
//! Never: policy, or knowledge of any provider.
//! Read next: `plugin.rs` (the traits), then `files/mod.rs`; `README.md` has a whole plugin in 40 lines.

mod answer;
mod arena;
#[doc(hidden)]
pub mod bindings;
mod call;
mod description;
#[doc(hidden)]
pub mod exported;
mod failure;
pub mod files;
pub mod http;
pub mod log;
mod plugin;
pub mod progress;
pub mod provider;
mod register;
mod snapshot;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use answer::{Evidence, Operation, Step};
pub use arena::Arena;
pub use call::{Call, Instant};
pub use description::{Access, Description};
pub use failure::Failure;
pub use plugin::{Plugin, Snapshots, Task};
pub use snapshot::{Page, Snapshot, State as SnapshotState, Target};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
