//! `state`: small durable values.
//!
//! Owns: the limits on keys and values. Never: storage, the number of keys, permission (the outside half).
//! Read next: `outside`.

use wasmtime::component::{HasData, Linker};

use crate::bindings::strongroom::plugin::state as wit;
use crate::instance::Guest;
use crate::outside::{Outside, StateError};

/// Longest key, bytes.
const KEY_LIMIT: usize = 128;

/// Largest value, bytes.
const VALUE_LIMIT: usize = 64 * 1024;

/// The view: the outside half.
pub(crate) struct StateView<'a>(&'a dyn Outside);

/// Names the view for the linker.
pub(crate) struct State;

impl HasData for State {
    type Data<'a> = StateView<'a>;
}

impl From<StateError> for wit::Error {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Changed => Self::Changed,
            StateError::Limit(which) => Self::Limit(which),
            StateError::Unavailable(why) => Self::Unavailable(why),
            StateError::NotGranted => Self::NotGranted,
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
        if let Err(error) = fits(&key, &[]) {
            return Ok(Err(error));
        }
        let value = self.0.state_get(key).await;
        Ok(value
            .map(|value| {
                value.map(|value| wit::Value {
                    bytes: value.bytes,
                    version: value.version,
                    extra: Vec::new(),
                })
            })
            .map_err(Into::into))
    }

    async fn set(&mut self, key: String, bytes: Vec<u8>, expected: Option<u64>) -> Answer<u64> {
        if let Err(error) = fits(&key, &bytes) {
            return Ok(Err(error));
        }
        Ok(self
            .0
            .state_set(key, bytes, expected)
            .await
            .map_err(Into::into))
    }

    async fn delete(&mut self, key: String, expected: u64) -> Answer<()> {
        if let Err(error) = fits(&key, &[]) {
            return Ok(Err(error));
        }
        Ok(self.0.state_delete(key, expected).await.map_err(Into::into))
    }
}

/// Links `state`.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, State>(linker, |guest| StateView(&*guest.outside))
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
