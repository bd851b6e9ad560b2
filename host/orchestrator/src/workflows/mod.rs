//! What follows from ended occurrences and what people ask for: retention, verification, restores.

pub mod restore;
pub mod retention;
pub mod waiting;
