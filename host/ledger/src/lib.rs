//! Durable state: what is due, what ran and how it ended, what is on the shelf, and a record nobody can alter unseen.
//!
//! Owns: everything written with SQL, the audit log's tree, keys and files, consistent copies of SQLite databases.
//! Never: a decision about time, retention or retry (`strongroom-domain`), a clock, a call to a plugin.
//! Read next: `ledger` (the traits), `occurrences`, `catalog`, `audit`, `sqlite` (the engine), `suite` (its tests).

mod audit;
mod audit_entries;
mod backup;
mod catalog;
mod controls;
mod database_copy;
mod error;
mod ledger;
mod occurrences;
mod plugins;
mod sqlite;
mod state;
#[cfg(test)]
mod suite;
mod time;

pub use audit::{
    AuditEntry, AuditError, AuditLog, AuditState, ExportReport, Verified, verify_export,
};
pub use audit_entries::{ReconcileCounts, RestoreFacts, SwapDirection, SwapFacts};
pub use catalog::{
    AgeLimit, Catalog, CatalogChange, ShelfAge, SnapshotCount, SnapshotFilter, SnapshotOrder,
    SnapshotRow, SnapshotState, UnknownSnapshotState,
};
pub use controls::{CancelReport, Controls, Notice};
pub use database_copy::{CopyDatabaseError, copy_database};
pub use error::LedgerError;
pub use ledger::Ledger;
pub use occurrences::{
    AttemptRecord, AttemptRow, Claim, ClaimReport, ClaimRequest, NewOccurrence, Next,
    OccurrenceFilter, OccurrenceRow, Occurrences, OperationRow, Origin, Plan, PlanReport,
    RecordReport, Renewal, Tally, Transition, Watermark,
};
pub use plugins::{PluginRow, PluginState, Plugins};
pub use sqlite::{OpenMode, open, running_host};
pub use state::{StateError, StateStore, StateValue};
