//! What runs: due times become occurrences, occurrences become attempts, attempts become outcomes on record.
//!
//! Owns: the loop, and one driver for each role.
//! Never: wasmtime, SQL, the text of schedule files.
//! Read next: `engine`, then `planner`, `roles`, `call`, `setup`.

pub mod activation;
mod call;
mod dry_run;
pub mod engine;
pub mod file_watch;
mod planner;
pub mod replay;
pub mod roles;
pub mod setup;

pub use call::clock::{Clock, SimulatedClock, SystemClock};
pub use call::context::{AnswerObserver, CallContext, NoObserver, Observer};
pub use call::plugin_call::PluginCall;
pub use call::poller::Waited;
pub use call::prepared::{Prepared, RESTORE_TREE, Replies, Served};
pub use dry_run::{dry_run, probe};
pub use engine::{CLOCK_NOTICE, Engine, EngineSettings, Until, untimed};
pub use roles::snapshots::SHELVES_NOTICE;
pub use setup::{
    Misfit, Orphaned, PluginFile, PluginFolder, RefusedFile, Setup, load_plugins, prepare,
};
pub use strongroom_egress::auth::{SCHEMES, SchemeText};
