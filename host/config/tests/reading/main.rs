//! Reading schedule files as others do: through the public interface.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it should be"
)]

#[path = "../../../../tests/fuzz/bodies/schedule_file.rs"]
mod schedule_file;

mod meaning;
mod properties;
mod published;
