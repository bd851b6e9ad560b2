//! Use cases: what a person or a machine may ask of an installation, one function each.
//!
//! Owns: what is asked, the read models that come back (also as JSON, by `Serialize`), the record of each act, and the
//! composition root. Never: arguments, printing, colours, exit codes; whoever renders a result decides on them.
//! Read next: `installation`, `error`, then any use case.

/// Gives a result its form as JSON: `as_json!(Type, |result| json!({ … }))`.
macro_rules! as_json {
    ($result:ty, |$this:ident| $value:expr) => {
        impl serde::Serialize for $result {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $this = self;
                serde::Serialize::serialize(&$value, serializer)
            }
        }
    };
}

pub mod audit;
pub mod backfill;
pub mod check;
pub mod conformance;
pub mod control;
pub mod credentials;
pub mod doctor;
mod error;
mod installation;
mod lookup;
pub mod metrics;
pub mod next;
pub mod occurrences;
pub mod permissions;
pub mod plan;
pub mod plugins;
pub mod reconcile;
pub mod restore;
pub mod run;
pub mod schedule_files;
pub mod simulation;
pub mod snapshots;
pub mod staleness;
pub mod status;
pub mod swap;
pub mod words;

pub use error::{Error, Kind};
pub use installation::Installation;
pub use run::Stop;

pub use strongroom_config::{Diagnostics, edit::NewSchedule, json_schema};
pub use strongroom_conformance::{Case, Ended, Verdict, all as conformance_cases};
pub use strongroom_ledger::{OccurrenceRow, ShelfAge};
pub use strongroom_orchestrator::{Observer, SCHEMES, SchemeText};
pub use strongroom_sandbox::capability::progress::Report as Progress;
pub use strongroom_sandbox::compile_worker;
