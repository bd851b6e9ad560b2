//! Loads, limits, links and calls WebAssembly plugins.
//!
//! Owns: the wasmtime engine, the compile cache, the guest's half of every capability.
//! Never: the ledger, a network, a file outside the cache: those are the host's half, behind one trait per capability.
//! Read next: `call` (how a call ends), `role` (what is asked), `capability`, then `load`, `instance`, `engine`.

pub mod call;
pub mod capability;
pub mod role;

mod answer;
mod artifact;
mod cache;
mod compile;
mod contract;
mod deadline;
mod description;
mod ending;
mod engine;
mod error;
mod extra;
mod inspect;
mod instance;
mod limiter;
mod load;
mod offers;
mod plugin;
mod snapshot;
mod text;
mod ticker;

pub use compile::{CompilerCommand, compile_worker};
pub use description::Description;
pub use error::{LoadError, SandboxError};
pub use inspect::Inspection;
pub use load::{Sandbox, Settings};
pub use plugin::Plugin;
