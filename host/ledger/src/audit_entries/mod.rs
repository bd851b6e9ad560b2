//! The kinds of audit entries: one constructor each, so that a kind has one shape whoever writes it.
//!
//! Every constructor is named after its kind and says which fields the entry has.
//! Never: when an entry is written. Read next: `kinds.txt`, which shows every kind, then the file of a subject.

mod controls;
mod occurrences;
mod plugins;
mod restores;
mod shelves;
mod snapshots;
mod swaps;

#[cfg(test)]
mod tests;

pub use restores::RestoreFacts;
pub use shelves::ReconcileCounts;
pub use swaps::{SwapDirection, SwapFacts};
