//! One call's store: fresh, limited, thrown away.
//!
//! Owns: what a store holds, every limit that is set on it, and which part of it each capability sees.
//! Never: which function is called (`plugin`). Read next: `limiter`, `deadline`, `capability`.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::filesystem::{WasiFilesystemCtx, WasiFilesystemCtxView};
use wasmtime_wasi_io::IoView;

use crate::capability::Capabilities;
use crate::capability::files::{self, Files, FilesView};
use crate::capability::http::{self, HttpContext};
use crate::capability::log::{self, LogSink, LogView};
use crate::capability::progress::{self, Progress, ProgressView};
use crate::capability::state::{self, State, StateView};
use crate::capability::wasi::{self, CliView, ClocksView};
use crate::deadline::Deadline;
use crate::engine::Size;
use crate::limiter::Limiter;
use crate::ticker::Ticker;

/// Bytes a guest may hand to the host in one call of the host: a batch of 1 024 files with long names has 8 MiB.
pub(crate) const HOSTCALL_BYTES: usize = 16 << 20;

/// Handles alive at once: a plugin holds a few trees, a walker, a file or two.
pub(crate) const HANDLES_LIMIT: usize = 1_000;

/// What all instances of all plugins share.
pub(crate) struct Instances {
    pub(crate) engine: Engine,
    pub(crate) ticker: Ticker,
    pub(crate) memory_ceiling: u64,
    free: Semaphore,
}

impl Instances {
    /// So many at once, each with at most so many bytes of memory.
    pub(crate) fn new(engine: Engine, ticker: Ticker, size: Size) -> Self {
        Self {
            engine,
            ticker,
            memory_ceiling: size.memory_ceiling,
            free: Semaphore::new(size.slots as usize),
        }
    }

    /// A place for one instance, as soon as one is free.
    pub(crate) async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.free.acquire().await.ok()
    }
}

/// Everything the host keeps for one call.
pub(crate) struct Guest {
    /// Memory in all.
    pub(crate) limiter: Limiter,
    /// The guest's handles.
    table: ResourceTable,
    /// Its lines.
    log: Arc<LogSink>,
    progress: Arc<dyn Progress>,
    state: Option<Arc<dyn State>>,
    files: Option<Arc<dyn Files>>,
    http: HttpContext,
    /// No folder at all.
    filesystem: WasiFilesystemCtx,
    /// When it ends; began with the call.
    deadline: Deadline,
    /// What the guest's wall clock said at entry, since 1970.
    began: Duration,
}

impl Guest {
    /// Nothing is used yet. `log` stands before the call's own.
    pub(crate) fn new(
        memory: u64,
        deadline: Deadline,
        now: Timestamp,
        log: Arc<LogSink>,
        capabilities: Capabilities,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_LIMIT);
        Self {
            limiter: Limiter::new(memory),
            table,
            log,
            progress: capabilities.progress,
            state: capabilities.state,
            files: capabilities.files,
            http: HttpContext::new(capabilities.http),
            filesystem: WasiFilesystemCtx::default(),
            deadline,
            began: Duration::try_from(now.as_duration()).unwrap_or_default(),
        }
    }
}

impl IoView for Guest {
    fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }
}

/// Links everything a plugin may import, each with its own part of the guest.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    log::add_to_linker(&mut linker, |guest: &mut Guest| LogView(&guest.log))?;
    progress::add_to_linker(&mut linker, |guest| ProgressView(&*guest.progress))?;
    state::add_to_linker(&mut linker, |guest| StateView(guest.state.as_deref()))?;
    files::add_to_linker(&mut linker, |guest| FilesView {
        files: guest.files.as_deref(),
        table: &mut guest.table,
    })?;
    http::add_to_linker(&mut linker, |guest| guest.http.view(&mut guest.table))?;
    wasi::add_to_linker(
        &mut linker,
        |guest| CliView {
            log: &guest.log,
            table: &mut guest.table,
        },
        |guest| ClocksView {
            deadline: guest.deadline,
            began: guest.began,
            table: &mut guest.table,
        },
        |guest| WasiFilesystemCtxView {
            ctx: &mut guest.filesystem,
            table: &mut guest.table,
        },
    )?;
    Ok(linker)
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

    #[test]
    fn a_store_has_its_limits() {
        let size = engine::Size {
            slots: 1,
            memory_ceiling: 1 << 20,
        };
        let engine = engine::engine(&engine::config(size)).unwrap();
        let given = Capabilities::default();
        let log = Arc::new(LogSink::new(Arc::clone(&given.log)));
        let deadline = Deadline::begin(Duration::from_secs(1));
        let store = store(
            &engine,
            Guest::new(1 << 20, deadline, Timestamp::UNIX_EPOCH, log, given),
        );
        assert_eq!(store.hostcall_fuel(), 16 << 20);
        assert_eq!(store.max_component_handles(), 1_000);
        assert_eq!(store.data().table.max_capacity(), 1_000);
    }
}
