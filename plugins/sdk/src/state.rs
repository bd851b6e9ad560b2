//! Small durable values of this plugin for this tenant. Only a plugin that calls these imports the capability.
//!
//! Limits: 256 keys a tenant, keys of 128 bytes, values of 64 KiB.

pub use crate::bindings::state::{Error, Value};

#[cfg(target_arch = "wasm32")]
use crate::bindings::state as backend;
#[cfg(not(target_arch = "wasm32"))]
use crate::testing::state as backend;

/// Reads a value.
pub fn get(key: &str) -> Result<Option<Value>, Error> {
    backend::get(key)
}

/// Writes if the stored version is still `expected` (`None`: the key must not exist). Returns the new version.
pub fn set(key: &str, bytes: &[u8], expected: Option<u64>) -> Result<u64, Error> {
    backend::set(key, bytes, expected)
}

/// Deletes if the stored version is still `expected`.
pub fn delete(key: &str, expected: u64) -> Result<(), Error> {
    backend::delete(key, expected)
}
