//! What a plugin remembers of a long action: a value of its own, which the host keeps as JSON between two calls.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Failure, Operation};

impl Operation {
    /// An operation whose handle is this value as JSON; [`resume`] reads it in `poll`.
    ///
    /// # Errors
    /// [`Failure::Other`]: the value is none that JSON can hold.
    pub fn of(going: &impl Serialize, note: impl Into<String>) -> Result<Self, Failure> {
        let handle = serde_json::to_vec(going)
            .map_err(|error| Failure::other(format!("the operation cannot be kept: {error}")))?;
        Ok(Self::new(handle, note))
    }

    /// The same operation, asked after no sooner than this.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.poll_after = wait;
        self
    }

    /// The same operation with how far it is, 0 to 100, if the provider tells.
    #[must_use]
    pub fn at(mut self, percent: Option<u8>) -> Self {
        self.percent = percent;
        self
    }
}

/// Reads the value in the handle that `poll` is asked with.
///
/// # Errors
/// [`Failure::Invalid`]: it is no handle that this plugin made.
pub fn resume<T: DeserializeOwned>(handle: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(handle)
        .map_err(|error| Failure::invalid(format!("this is no operation of this plugin: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_from_the_handle_and_nothing_else_does() {
        let kept = Operation::of(&("made", 3), "going").unwrap();
        let kept = kept.after(Duration::from_secs(7)).at(Some(50));
        assert_eq!((kept.poll_after.as_secs(), kept.percent), (7, Some(50)));
        assert_eq!(
            resume::<(String, u8)>(&kept.handle),
            Ok(("made".to_owned(), 3))
        );
        for handle in [&b""[..], b"{}", b"\xff"] {
            let failure = resume::<(String, u8)>(handle).unwrap_err();
            assert!(matches!(failure, Failure::Invalid(_)), "{failure}");
        }
    }
}
