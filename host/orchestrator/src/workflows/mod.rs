//! What follows from ended occurrences and what people ask for: retention, drills, reconciliation, restores.

mod absence;
pub mod drill;
pub(crate) mod listing;
pub mod reconcile;
pub mod restore;
pub mod retention;
pub mod verify;
