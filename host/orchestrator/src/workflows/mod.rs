//! What follows from ended occurrences and what people ask for: retention, verification, restores, comparisons.

pub mod comparison;
pub mod restore;
pub mod retention;
pub mod shelf;
