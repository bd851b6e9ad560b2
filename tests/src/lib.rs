//! The harness of the suite: a host of its own for every test, trees, comparisons, the real binary.
//!
//! Owns: temporary folders, processes it started, the one real wait (`eventually`).
//! Never: a fixed port, a shared folder, a sleep; nothing here knows the inside of a host crate.
//! Read next: `host`, then `tree`, `compare`, `daemon`, `golden`.

#![expect(
    clippy::panic,
    reason = "a harness that cannot go on fails the test, with a sentence"
)]

mod built;
mod compare;
mod compiled;
mod counterpart;
mod daemon;
mod echo;
mod eventually;
mod fake_provider;
mod golden;
mod host;
mod left_out;
mod ran;
mod relay;
mod tree;

pub use built::{guest, plugin, plugins, repository, strongroom};
pub use compare::{Aspect, Comparison, compare_trees};
pub use counterpart::Counterpart;
pub use daemon::Daemon;
pub use echo::Echo;
pub use eventually::{eventually, holds_for};
pub use fake_provider::FakeProvider;
pub use golden::{cases, golden};
pub use host::Host;
pub use left_out::left_out;
pub use ran::Ran;
pub use relay::Relay;
pub use tree::Tree;
