//! Strongroom's rules, tested from outside: named cases, an independent oracle, a peer, and properties.
//!
//! Read next: `walker`, the oracle that walks through time minute by minute.

#![cfg(test)]

#[path = "../../../../tests/fuzz/bodies/cron_text.rs"]
mod cron_text;

mod against_croner;
mod against_walker;
mod damaged;
mod due_times;
mod expressions;
mod extremes;
mod planning;
mod retention;
mod retention_properties;
mod walker;
mod world;
