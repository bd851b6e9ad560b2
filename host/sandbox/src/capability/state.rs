//! `state`: small durable values.
//!
//! Owns: the limits on keys and values, and the answer of one that is not granted.
//! Never: storage, the number of keys: those are the host's half's.

use async_trait::async_trait;
use wasmtime::component::{HasData, Linker};

use crate::contract::v0_1::strongroom::plugin::state as wit;

/// Longest key, bytes.
const KEY_LIMIT: usize = 128;

/// Largest value, bytes.
const VALUE_LIMIT: usize = 64 * 1024;

/// The host's half: the values of one plugin for one tenant.
#[async_trait]
pub trait State: Send + Sync + 'static {
    /// Reads a value.
    async fn get(&self, key: String) -> Result<Option<StateValue>, StateError>;
    /// Writes if the stored version is still the expected one (absent: no such key); returns the new version.
    async fn set(
        &self,
        key: String,
        bytes: Vec<u8>,
        expected: Option<u64>,
    ) -> Result<u64, StateError>;
    /// Deletes if the stored version is still the expected one.
    async fn delete(&self, key: String, expected: u64) -> Result<(), StateError>;
}

/// Why a state operation did not succeed (`error` in `wit/state.wit`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateError {
    /// The value changed since it was read.
    Changed,
    /// A limit was exceeded.
    Limit(String),
    /// Nothing was written.
    Unavailable(String),
}

/// A stored value with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateValue {
    /// At most 64 KiB.
    pub bytes: Vec<u8>,
    /// Grows with every write.
    pub version: u64,
}

/// The view: the host's half, where it is granted.
pub(crate) struct StateView<'a>(pub(crate) Option<&'a dyn State>);

impl HasData for StateView<'static> {
    type Data<'a> = StateView<'a>;
}

impl StateView<'_> {
    /// The host's half, for a key and a value that keep to their limits.
    fn with(&self, key: &str, value: &[u8]) -> Result<&dyn State, wit::Error> {
        fits(key, value)?;
        self.0.ok_or(wit::Error::NotGranted)
    }
}

impl From<StateError> for wit::Error {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Changed => Self::Changed,
            StateError::Limit(which) => Self::Limit(which),
            StateError::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

fn fits(key: &str, value: &[u8]) -> Result<(), wit::Error> {
    if key.is_empty() || key.len() > KEY_LIMIT {
        return Err(wit::Error::Limit(format!(
            "a key has 1 to {KEY_LIMIT} bytes, this one has {}",
            key.len()
        )));
    }
    if value.len() > VALUE_LIMIT {
        return Err(wit::Error::Limit(format!(
            "a value has at most {VALUE_LIMIT} bytes, this one has {}",
            value.len()
        )));
    }
    Ok(())
}

type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl wit::Host for StateView<'_> {
    async fn get(&mut self, key: String) -> Answer<Option<wit::Value>> {
        let state = match self.with(&key, &[]) {
            Ok(state) => state,
            Err(error) => return Ok(Err(error)),
        };
        let value = |value: StateValue| wit::Value {
            bytes: value.bytes,
            version: value.version,
            extra: Vec::new(),
        };
        let stored = state.get(key).await;
        Ok(stored.map(|stored| stored.map(value)).map_err(Into::into))
    }

    async fn set(&mut self, key: String, bytes: Vec<u8>, expected: Option<u64>) -> Answer<u64> {
        match self.with(&key, &bytes) {
            Ok(state) => Ok(state.set(key, bytes, expected).await.map_err(Into::into)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn delete(&mut self, key: String, expected: u64) -> Answer<()> {
        match self.with(&key, &[]) {
            Ok(state) => Ok(state.delete(key, expected).await.map_err(Into::into)),
            Err(error) => Ok(Err(error)),
        }
    }
}

/// Links `state`.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> StateView<'_>,
) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, StateView<'static>>(linker, view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_have_their_limits() {
        assert!(fits(&"k".repeat(128), &[0; 64 * 1024]).is_ok());
        for (key, value) in [("", 0), (&"k".repeat(129) as &str, 0), ("k", 64 * 1024 + 1)] {
            assert!(
                matches!(fits(key, &vec![0; value]), Err(wit::Error::Limit(_))),
                "{key} {value}"
            );
        }
    }
}
