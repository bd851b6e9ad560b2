//! Schedule files: as written, as meant, and everything that can be wrong with them.
//!
//! Owns: the schedule file format, its diagnostics and its JSON Schema.
//! Never: runs anything, knows a plugin, reads a clock. What is meant is in `strongroom-domain`.
//! Read next: `set` (the way through), `written` (the keys), `meant` (the checks).

mod across;
mod calendars;
pub mod cassette;
mod diagnostic;
mod drills;
pub mod edit;
mod file;
mod json;
mod located;
mod meant;
mod off_site;
mod outside;
mod problems;
mod reader;
mod references;
mod render;
mod schema;
mod set;
mod shared;
mod source;
mod swaps;
mod syntax;
mod together;
mod unknown;
mod written;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use located::Located;
pub use meant::Declared;
pub use schema::{calendar_json_schema, json_schema};
pub use set::{SCHEDULES_LIMIT, ScheduleSet, load, parse};
pub use source::{FILE_LIMIT, FILES_LIMIT, SourceFile};
