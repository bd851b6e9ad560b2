//! What runs, without plugins and servers: the real engine, planner and ledger on a simulated clock.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod ages;
mod copies;
mod lies;
mod policies;
mod restores;
mod simulated_host;
mod swap;
