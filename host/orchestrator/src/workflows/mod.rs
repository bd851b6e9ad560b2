//! What follows from ended occurrences and what people ask for: retention, drills, reconciliation, restores, comparisons.

mod absence;
pub mod comparison;
pub mod drill;
pub(crate) mod listing;
pub mod reconcile;
pub mod restore;
pub mod retention;
pub mod shelf;
pub mod verify;
pub mod waiting;
