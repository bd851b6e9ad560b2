//! Changing schedule files: a new entry, and the one tidy form of what is there.
//!
//! Owns: the text of an entry, where it is put, the canonical form, and writing a file whole or not at all.
//! Never: asks or prints; never changes what a file means, or loses a comment.
//! Read next: `entry`, `tidy`, `write`.

mod comments;
mod entry;
mod order;
mod spacing;
mod swap;
mod tidy;
mod write;

use std::path::Path;

use crate::diagnostic::Diagnostics;
use crate::files;
use crate::source::SourceFile;

pub use entry::{Addition, NewSchedule, NotAdded, add};
pub use swap::{Exchange, Leaves, NotExchanged, exchange};
pub use tidy::{NotTidied, tidy};
pub use write::write;

/// Reads one schedule file, or every one of a folder, as text.
///
/// # Errors
/// What cannot be read.
pub fn read(folder_or_file: &Path) -> Result<Vec<SourceFile>, Diagnostics> {
    files::read_all(folder_or_file)
}
