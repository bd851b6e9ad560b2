//! Durable state: what is due, what ran and how it ended, what is on the shelf, and a record nobody can alter unseen.
//!
//! Owns: everything written with SQL, the audit log's tree, keys and files, consistent copies of SQLite databases.
//! Never: a decision about time, retention or retry (`strongroom-domain`), a clock, a call to a plugin.
//! Read next: `ledger` (the trait), `occurrence`, `sqlite` (the engine), `audit`.

mod age;
pub mod audit;
mod backup;
mod database_copy;
mod error;
mod ledger;
mod notice;
mod occurrence;
mod plugin;
mod snapshot;
mod sqlite;
mod state;

pub use age::{AgeLimit, ShelfAge};
pub use audit::{AuditEntry, AuditError, AuditState, ExportReport, Verified, verify_export};
pub use database_copy::{CopyDatabaseError, copy_database};
pub use error::LedgerError;
pub use ledger::Ledger;
pub use notice::Notice;
pub use occurrence::{
    AttemptRecord, AttemptRow, CancelReport, Claim, ClaimRequest, Claimed, NewOccurrence, Next,
    OccurrenceFilter, OccurrenceRow, OperationRow, Origin, Plan, PlanReport, Recorded, Renewed,
    Tally, Transition, Watermark,
};
pub use plugin::{PluginRow, PluginState};
pub use snapshot::{
    CatalogChange, Made, SnapshotFilter, SnapshotOrder, SnapshotRow, SnapshotState,
    UnknownSnapshotState,
};
pub use sqlite::{OpenMode, SqliteLedger, running_host};
pub use state::{StateError, StateValue};
