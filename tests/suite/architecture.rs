//! The architecture as tests: arrows, budgets, names, and what may be said where.
//!
//! Each rule is one test; it prints every offender as `file:line`. A rule that is in the way is changed here, in the
//! open, together with its reason.
//! Read next: `arrows` and `circles` (who may know whom), `names`, `shape` (sizes, headers, lints), `repository` (everything else).

mod arrows;
mod circles;
mod contract;
mod names;
mod repository;
mod shape;
mod source;
mod way_out;
