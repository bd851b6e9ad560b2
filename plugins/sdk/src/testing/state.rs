//! Durable values of the current thread, for tests of plugins.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::state::{Error, Value};

thread_local! {
    static VALUES: RefCell<BTreeMap<String, Value>> = const { RefCell::new(BTreeMap::new()) };
}

pub(crate) fn get(key: &str) -> Result<Option<Value>, Error> {
    Ok(VALUES.with_borrow(|values| values.get(key).cloned()))
}

pub(crate) fn set(key: &str, bytes: &[u8], expected: Option<u64>) -> Result<u64, Error> {
    VALUES.with_borrow_mut(|values| {
        let stored = values.get(key).map(|value| value.version);
        if stored != expected {
            return Err(Error::Changed);
        }
        let version = stored.unwrap_or(0) + 1;
        values.insert(
            key.to_owned(),
            Value {
                bytes: bytes.to_vec(),
                version,
                extra: Vec::new(),
            },
        );
        Ok(version)
    })
}

pub(crate) fn delete(key: &str, expected: u64) -> Result<(), Error> {
    VALUES.with_borrow_mut(|values| {
        if values.get(key).map(|value| value.version) != Some(expected) {
            return Err(Error::Changed);
        }
        values.remove(key);
        Ok(())
    })
}
