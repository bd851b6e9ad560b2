//! How much memory one call may hold, counted over everything in its store.
//!
//! Owns: the running total. wasmtime's own `StoreLimits` count each memory alone: "64 MiB" let a guest hold 5 GiB over
//! 80 memories. Here memories and tables are one sum, and every refusal is remembered, so that a guest which aborts
//! afterwards is reported as out of memory, not as broken.
//! Never: host memory (host-call fuel and handle limits are set in `instance`).

use wasmtime::{ResourceLimiter, Result};

/// Core instances, memories and tables in one store. A component made of one Rust crate has four, one and two;
/// the pool refuses more than this at load already.
pub(crate) const INSTANCES: u32 = 16;
/// See [`INSTANCES`].
pub(crate) const MEMORIES: u32 = 4;
/// See [`INSTANCES`].
pub(crate) const TABLES: u32 = 8;
/// Elements of one table: what wasmtime's pool allows by default; a C# component in debug mode has 10 000.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;

/// Bytes the engine holds for one table element.
const ELEMENT_BYTES: u64 = size_of::<usize>() as u64;

/// Counts and remembers.
#[derive(Debug)]
pub(crate) struct Limiter {
    limit: u64,
    held: u64,
    /// The last growth allowed, to be taken back when it fails for another reason.
    last: u64,
    refused: Option<String>,
}

impl Limiter {
    /// At most `limit` bytes in all.
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            limit,
            held: 0,
            last: 0,
            refused: None,
        }
    }

    /// What was refused, as a sentence.
    pub(crate) fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    fn grow(&mut self, bytes: u64, what: &str) -> bool {
        let wanted = self.held.saturating_add(bytes);
        if wanted > self.limit {
            self.refused = Some(format!(
                "it asked for {wanted} bytes of memory in all (for {what}), {} are allowed",
                self.limit
            ));
            return false;
        }
        self.held = wanted;
        self.last = bytes;
        true
    }

    fn failed(&mut self, what: &str) {
        self.held = self.held.saturating_sub(self.last);
        self.last = 0;
        self.refused = Some(format!("it asked for {what} than one may have"));
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(self.grow(desired.saturating_sub(current) as u64, "linear memory"))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> Result<()> {
        self.failed("a larger linear memory");
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        let elements = desired.saturating_sub(current) as u64;
        Ok(self.grow(elements.saturating_mul(ELEMENT_BYTES), "a table"))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> Result<()> {
        self.failed("a larger table");
        Ok(())
    }

    fn instances(&self) -> usize {
        INSTANCES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_are_one_sum() {
        let mut limiter = Limiter::new(1_000_000);
        assert!(limiter.memory_growing(0, 655_360, None).unwrap());
        assert!(limiter.table_growing(0, 40_000, None).unwrap());
        assert!(limiter.refused().is_none());
        assert!(!limiter.memory_growing(0, 65_536, None).unwrap());
        assert!(limiter.refused().unwrap().contains("1040896 bytes"));
    }

    #[test]
    fn growth_that_fails_elsewhere_is_given_back_and_remembered() {
        let mut limiter = Limiter::new(1_000_000);
        assert!(limiter.memory_growing(0, 900_000, None).unwrap());
        limiter
            .memory_grow_failed(wasmtime::Error::msg("pool"))
            .unwrap();
        assert_eq!(
            limiter.refused(),
            Some("it asked for a larger linear memory than one may have")
        );
        assert!(limiter.memory_growing(0, 900_000, None).unwrap());
    }

    #[test]
    fn a_sum_beyond_all_numbers_is_refused() {
        let mut limiter = Limiter::new(u64::MAX - 1);
        assert!(limiter.memory_growing(0, usize::MAX - 1, None).unwrap());
        assert!(!limiter.table_growing(0, usize::MAX, None).unwrap());
    }
}
