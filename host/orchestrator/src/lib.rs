//! What runs: due times become occurrences, occurrences become attempts, attempts become outcomes on record.
//!
//! Owns: the loop and the workflows.
//! Never: wasmtime, SQL, the text of schedule files.
//! Read next: `engine`, then `planner`, `executor`, `workflows`, `setup`.

pub mod activation;
pub mod clock;
pub mod context;
mod defect;
mod dry_run;
pub mod engine;
pub mod executor;
pub mod file_watch;
mod planner;
pub mod replay;
pub mod setup;
pub mod workflows;

pub use clock::{Clock, SimulatedClock, SystemClock};
pub use context::{CallContext, NoObserver, Observer, RESTORE_TREE};
pub use dry_run::{dry_run, probe};
pub use engine::{CLOCK_NOTICE, Engine, EngineSettings, SHELVES_NOTICE, Until, untimed};
pub use executor::{Heard, PluginCall};
pub use setup::{
    Misfit, Orphaned, PluginFile, PluginFolder, Prepared, RefusedFile, Replies, Served, Setup,
    load_plugins, prepare,
};
pub use strongroom_egress::auth::{SCHEMES, SchemeText};
