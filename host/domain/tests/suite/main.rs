//! Strongroom's rules, tested from outside: named cases, an independent oracle, a peer, and properties.
//!
//! Read next: `walker`, the oracle that walks through time minute by minute.

#![cfg(test)]

mod against_croner;
mod against_walker;
mod due_times;
mod expressions;
mod extremes;
mod planning;
mod retention;
mod retention_properties;
mod walker;
mod world;
