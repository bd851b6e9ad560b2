//! The suite: one binary, one module for each subject.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod architecture;
mod bad_input;
mod commands;
mod conformance;
mod counterparts;
mod crash;
mod egress;
mod harness;
mod lies;
mod off_site;
mod one_outcome;
mod preview;
mod promises;
mod providers;
mod restore_drills;
mod running;
mod sandbox;
mod simulate;
mod swap;
