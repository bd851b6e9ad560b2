//! What plugins of providers have in common: operations that go on between two calls, lists that come in pages.
//!
//! Owns: the handle's encoding, the guard against lists without an end. Never: knowledge of one provider.
//! Read next: `operation.rs`, then `pages.rs`.

mod operation;
mod pages;

use crate::Failure;

pub use operation::resume;
pub use pages::every_page;

/// What was looked for; `None`: the provider says that it is not there.
///
/// # Errors
/// Any failure but [`Failure::NotFound`].
pub fn found<T>(looked: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match looked {
        Ok(there) => Ok(Some(there)),
        Err(Failure::NotFound(_)) => Ok(None),
        Err(failure) => Err(failure),
    }
}
