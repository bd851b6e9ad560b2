//! What runs: due times become occurrences, occurrences become attempts, attempts become outcomes on record.
//!
//! Owns: the loop, the workflows, the outside half of the capabilities.
//! Never: wasmtime, SQL, the text of schedule files.
//! Read next: `engine`, then `planner`, `executor`, `workflows`, `setup`, `outside`.

pub mod access;
pub mod activation;
pub mod clock;
pub mod conformance;
mod defect;
mod dry_run;
pub mod engine;
pub mod executor;
pub mod outside;
mod planner;
pub mod replies;
pub mod setup;
pub mod watching;
pub mod workflows;

pub use access::{Access, NoWatcher, Watcher};
pub use clock::{Clock, SimulatedClock, SystemClock};
pub use dry_run::dry_run;
pub use engine::{CLOCK_NOTICE, Engine, EngineSettings, SHELVES_NOTICE, Until, untimed};
pub use setup::{
    Misfit, PluginFile, PluginFolder, Prepared, RefusedFile, Replies, Served, Setup, Stranded,
    load_plugins, prepare,
};
pub use strongroom_egress::auth::{SCHEMES, SchemeText};
