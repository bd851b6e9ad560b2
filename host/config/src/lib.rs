//! Schedule files: raw, resolved, and everything that can be wrong with them.
//!
//! Owns: the schedule file format, its diagnostics and its JSON Schema.
//! Never: runs anything, knows a plugin, reads a clock. What a schedule is stands in `strongroom-domain`.
//! Read next: `set` (the way through), `raw` (the keys), `resolved` (the checks).

mod calendars;
pub mod cassette;
mod cross_checks;
mod diagnostic;
pub mod edit;
mod files;
mod interner;
mod json;
mod located;
mod merge;
mod parallel;
mod parse_file;
mod problems;
mod raw;
mod reader;
mod render;
mod resolved;
mod schema;
mod section;
mod set;
mod source;
mod syntax;
mod top_level;
mod unknown;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use files::{FILE_LIMIT, FILES_LIMIT};
pub use located::Located;
pub use resolved::Declared;
pub use schema::{calendar_json_schema, json_schema};
pub use set::{SCHEDULES_LIMIT, ScheduleSet, load, parse};
pub use source::SourceFile;
