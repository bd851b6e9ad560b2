//! Reading schedule files as others do: through the public interface.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it should be"
)]

mod meaning;
mod properties;
mod published;
