//! Reading schedule files as others do: through the public interface.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it should be"
)]

use std::path::Path;

use strongroom_config::{Diagnostics, ScheduleSet, SourceFile};

/// A Saturday: what is said of blackouts must not change with the day of the test.
const NOW: jiff::Timestamp = jiff::Timestamp::constant(1_795_262_400, 0);

fn parse(files: Vec<SourceFile>) -> Result<ScheduleSet, Diagnostics> {
    strongroom_config::parse(files, NOW)
}

fn load(path: &Path) -> Result<ScheduleSet, Diagnostics> {
    strongroom_config::load(path, NOW)
}

#[path = "../../../../tests/fuzz/bodies/schedule_file.rs"]
mod schedule_file;

mod meaning;
mod properties;
mod published;
