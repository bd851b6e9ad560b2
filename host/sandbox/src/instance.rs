//! One call's store: fresh, limited, thrown away.
//!
//! Owns: what a store holds and every limit that is set on it.
//! Never: which function is called (`plugin`). Read next: `limiter`, `deadline`, `capability`.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::filesystem::WasiFilesystemCtx;
use wasmtime_wasi_http::WasiHttpCtx;

use crate::capability::http::{FIELDS_LIMIT, Way};
use crate::capability::log::LogSink;
use crate::deadline::Deadline;
use crate::limiter::Limiter;
use crate::outside::Outside;

/// Bytes a guest may hand to the host in one call of the host: a batch of 1 024 files with long names has 8 MiB.
pub(crate) const HOSTCALL_BYTES: usize = 16 << 20;

/// Handles alive at once: a plugin holds a few trees, a walker, a file or two.
pub(crate) const HANDLES_LIMIT: usize = 1_000;

/// Everything the host keeps for one call.
pub(crate) struct Guest {
    /// Memory in all.
    pub(crate) limiter: Limiter,
    /// The guest's handles.
    pub(crate) table: ResourceTable,
    /// Its lines.
    pub(crate) log: Arc<LogSink>,
    /// What was granted.
    pub(crate) outside: Arc<dyn Outside>,
    /// Where its requests go.
    pub(crate) way: Way,
    /// Limits of wasi:http.
    pub(crate) http: WasiHttpCtx,
    /// No folder at all.
    pub(crate) filesystem: WasiFilesystemCtx,
    /// When it ends; began with the call.
    pub(crate) deadline: Deadline,
    /// What the guest's wall clock said at entry, since 1970.
    pub(crate) began: Duration,
}

impl Guest {
    /// Nothing is used yet.
    pub(crate) fn new(
        memory: u64,
        deadline: Deadline,
        now: Timestamp,
        log: Arc<LogSink>,
        outside: Arc<dyn Outside>,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_LIMIT);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELDS_LIMIT);
        let began = Duration::try_from(now.as_duration()).unwrap_or_default();
        Self {
            limiter: Limiter::new(memory),
            table,
            log,
            way: Way(Arc::clone(&outside)),
            http,
            outside,
            filesystem: WasiFilesystemCtx::default(),
            deadline,
            began,
        }
    }
}

/// Makes the store of one call.
pub(crate) fn store(engine: &Engine, guest: Guest) -> Store<Guest> {
    let deadline = guest.deadline;
    let mut store = Store::new(engine, guest);
    store.limiter(|guest| &mut guest.limiter);
    store.set_hostcall_fuel(HOSTCALL_BYTES);
    store.set_max_component_handles(HANDLES_LIMIT);
    store.set_epoch_deadline(1);
    // The deadline is checked here, at every tick, and not left to the timer: a busy runtime looks at its timers
    // late, and a kill came 44 ms late that way. tokio's own yield lets other calls run in between.
    store.epoch_deadline_callback(move |_| {
        Ok(if deadline.passed() {
            UpdateDeadline::Interrupt
        } else {
            UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))
        })
    });
    store
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;
    use crate::nothing::Nothing;

    #[test]
    fn a_store_has_its_limits() {
        let size = engine::Size {
            slots: 1,
            memory_ceiling: 1 << 20,
        };
        let engine = engine::engine(&engine::config(size)).unwrap();
        let outside: Arc<dyn Outside> = Arc::new(Nothing::default());
        let log = Arc::new(LogSink::new(Arc::clone(&outside)));
        let deadline = Deadline::begin(Duration::from_secs(1));
        let store = store(
            &engine,
            Guest::new(1 << 20, deadline, Timestamp::UNIX_EPOCH, log, outside),
        );
        assert_eq!(store.hostcall_fuel(), 16 << 20);
        assert_eq!(store.max_component_handles(), 1_000);
        assert_eq!(store.data().table.max_capacity(), 1_000);
    }
}
