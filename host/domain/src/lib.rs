//! Strongroom's rules as pure functions: given a state and a moment, what is to be done.
//!
//! Owns: the words of the product as types, and every decision about time, retention, retry and permission.
//! Never: I/O, async, a clock, SQL, wasmtime.
//! Read next: `schedule`, then `calendar`, `planning`, `retention`, `retry`, `grants`, `egress`.

mod access;
pub mod age;
pub mod blackout;
pub mod calendar;
pub mod capability;
pub mod clock_jump;
pub mod egress;
mod evidence;
pub mod grants;
pub mod json_time;
mod names;
mod outcome;
pub mod pause;
pub mod planning;
pub mod preview;
pub mod retention;
pub mod retry;
pub mod role;
pub mod schedule;
pub mod spread;
pub mod swap;
pub mod timetable;

pub use evidence::Evidence;
pub use names::{
    AccountName, CredentialName, EventName, InvalidName, PluginName, ScheduleName, TenantName,
    occurrence_id,
};
pub use outcome::{Outcome, UnknownOutcome};
