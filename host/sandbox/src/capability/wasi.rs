//! WASI 0.2 as Rust's standard library imports it, with nothing behind it.
//!
//! Owns: an empty environment, no arguments, an empty input, output that becomes log lines, clocks that begin at the
//! host's moment, the kernel's randomness, a file system without a single folder, and the end by `exit`.
//! Never: sockets, HTTP, a terminal, the host's own streams: those are not linked. Read next: `log`.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::cli::{
    environment, exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr,
    terminal_stdin, terminal_stdout,
};
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi_io::IoView;
use wasmtime_wasi_io::bytes::Bytes;
use wasmtime_wasi_io::poll::{DynPollable, Pollable, subscribe};
use wasmtime_wasi_io::streams::{
    DynInputStream, DynOutputStream, InputStream, OutputStream, StreamError, StreamResult,
};

use super::Stop;
use super::log::{LogSink, Stream};
use crate::deadline::{self, Deadline};

/// Most random bytes of one request: a key has 32.
const RANDOM_LIMIT: u64 = 64 * 1024;

/// Bytes of standard output taken at once.
const WRITE_LIMIT: usize = 64 * 1024;

/// Standard streams and the way out.
pub(crate) struct CliView<'a> {
    pub(crate) log: &'a Arc<LogSink>,
    pub(crate) table: &'a mut ResourceTable,
}

impl HasData for CliView<'static> {
    type Data<'a> = CliView<'a>;
}

/// Time since the call began, and what it was then.
pub(crate) struct ClocksView<'a> {
    pub(crate) deadline: Deadline,
    pub(crate) began: Duration,
    pub(crate) table: &'a mut ResourceTable,
}

impl HasData for ClocksView<'static> {
    type Data<'a> = ClocksView<'a>;
}

/// The kernel's random numbers.
pub(crate) struct Random;

impl environment::Host for CliView<'_> {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}

impl exit::Host for CliView<'_> {
    fn exit(&mut self, status: Result<(), ()>) -> wasmtime::Result<()> {
        Err(Stop::Exit(u8::from(status.is_err())).into())
    }

    fn exit_with_code(&mut self, code: u8) -> wasmtime::Result<()> {
        Err(Stop::Exit(code).into())
    }
}

impl stdin::Host for CliView<'_> {
    fn get_stdin(&mut self) -> wasmtime::Result<Resource<DynInputStream>> {
        let stream: DynInputStream = Box::new(Empty);
        Ok(self.table.push(stream)?)
    }
}

impl stdout::Host for CliView<'_> {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        let stream: DynOutputStream = Box::new(Lines(Stream::Out, Arc::clone(self.log)));
        Ok(self.table.push(stream)?)
    }
}

impl stderr::Host for CliView<'_> {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        let stream: DynOutputStream = Box::new(Lines(Stream::Err, Arc::clone(self.log)));
        Ok(self.table.push(stream)?)
    }
}

/// A standard input that has ended.
struct Empty;

#[async_trait::async_trait]
impl Pollable for Empty {
    async fn ready(&mut self) {}
}

impl InputStream for Empty {
    fn read(&mut self, _size: usize) -> StreamResult<Bytes> {
        Err(StreamError::Closed)
    }
}

/// A standard output that becomes log lines.
struct Lines(Stream, Arc<LogSink>);

#[async_trait::async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.1.write(self.0, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_LIMIT)
    }
}

impl terminal_input::Host for CliView<'_> {}
impl terminal_input::HostTerminalInput for CliView<'_> {
    fn drop(&mut self, terminal: Resource<terminal_input::TerminalInput>) -> wasmtime::Result<()> {
        Ok(self.table.delete(terminal).map(drop)?)
    }
}

impl terminal_output::Host for CliView<'_> {}
impl terminal_output::HostTerminalOutput for CliView<'_> {
    fn drop(
        &mut self,
        terminal: Resource<terminal_output::TerminalOutput>,
    ) -> wasmtime::Result<()> {
        Ok(self.table.delete(terminal).map(drop)?)
    }
}

impl terminal_stdin::Host for CliView<'_> {
    fn get_terminal_stdin(
        &mut self,
    ) -> wasmtime::Result<Option<Resource<terminal_input::TerminalInput>>> {
        Ok(None)
    }
}

impl terminal_stdout::Host for CliView<'_> {
    fn get_terminal_stdout(
        &mut self,
    ) -> wasmtime::Result<Option<Resource<terminal_output::TerminalOutput>>> {
        Ok(None)
    }
}

impl terminal_stderr::Host for CliView<'_> {
    fn get_terminal_stderr(
        &mut self,
    ) -> wasmtime::Result<Option<Resource<terminal_output::TerminalOutput>>> {
        Ok(None)
    }
}

impl wall_clock::Host for ClocksView<'_> {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        let now = self.began.saturating_add(self.deadline.elapsed());
        Ok(wall_clock::Datetime {
            seconds: now.as_secs(),
            nanoseconds: now.subsec_nanos(),
        })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime {
            seconds: 0,
            nanoseconds: 1,
        })
    }
}

/// A sleep of the guest; the call's deadline ends it at the latest.
struct Sleep {
    until: Deadline,
    yielded: bool,
}

#[async_trait::async_trait]
impl Pollable for Sleep {
    async fn ready(&mut self) {
        let left = self.until.left();
        if !left.is_zero() {
            deadline::sleep(left).await;
        } else if !self.yielded {
            // A guest that polls without end must let the host's other work go on.
            self.yielded = true;
            tokio::task::yield_now().await;
        }
    }
}

impl ClocksView<'_> {
    fn sleep(&mut self, duration: Duration) -> wasmtime::Result<Resource<DynPollable>> {
        let sleep = self.table.push(Sleep {
            until: Deadline::begin(duration),
            yielded: false,
        })?;
        subscribe(self.table, sleep)
    }
}

impl monotonic_clock::Host for ClocksView<'_> {
    fn now(&mut self) -> wasmtime::Result<monotonic_clock::Instant> {
        Ok(u64::try_from(self.deadline.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn resolution(&mut self) -> wasmtime::Result<monotonic_clock::Duration> {
        Ok(1)
    }

    fn subscribe_instant(
        &mut self,
        when: monotonic_clock::Instant,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        self.sleep(Duration::from_nanos(when).saturating_sub(self.deadline.elapsed()))
    }

    fn subscribe_duration(
        &mut self,
        when: monotonic_clock::Duration,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        self.sleep(Duration::from_nanos(when))
    }
}

impl HasData for Random {
    type Data<'a> = Self;
}

impl Random {
    fn bytes(length: u64) -> wasmtime::Result<Vec<u8>> {
        if length > RANDOM_LIMIT {
            return Err(Stop::Breach(format!(
                "it asked for {length} random bytes at once, {RANDOM_LIMIT} are allowed"
            ))
            .into());
        }
        let mut bytes = vec![0; usize::try_from(length)?];
        Self::fill(&mut bytes)?;
        Ok(bytes)
    }

    fn number() -> wasmtime::Result<u64> {
        let mut bytes = [0; 8];
        Self::fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn fill(mut rest: &mut [u8]) -> wasmtime::Result<()> {
        while !rest.is_empty() {
            let filled =
                rustix::rand::getrandom(&mut *rest, rustix::rand::GetRandomFlags::empty())?;
            rest = rest.get_mut(filled..).unwrap_or_default();
        }
        Ok(())
    }
}

impl random::Host for Random {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        Self::bytes(length)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Self::number()
    }
}

impl insecure::Host for Random {
    fn get_insecure_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        Self::bytes(length)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        Self::number()
    }
}

impl insecure_seed::Host for Random {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok((Self::number()?, Self::number()?))
    }
}

/// Links what `std` imports, nothing else of WASI.
pub(crate) fn add_to_linker<T: IoView + Send + 'static>(
    linker: &mut Linker<T>,
    cli: fn(&mut T) -> CliView<'_>,
    clocks: fn(&mut T) -> ClocksView<'_>,
    filesystem: fn(&mut T) -> WasiFilesystemCtxView<'_>,
) -> wasmtime::Result<()> {
    environment::add_to_linker::<_, CliView<'static>>(linker, cli)?;
    exit::add_to_linker::<_, CliView<'static>>(linker, cli)?;
    stdin::add_to_linker::<_, CliView<'static>>(linker, cli)?;
    stdout::add_to_linker::<_, CliView<'static>>(linker, cli)?;
    stderr::add_to_linker::<_, CliView<'static>>(linker, cli)?;
    terminal_input::add_to_linker::<_, CliView<'static>>(linker, cli)?;
    terminal_output::add_to_linker::<_, CliView<'static>>(linker, cli)?;
    terminal_stdin::add_to_linker::<_, CliView<'static>>(linker, cli)?;
    terminal_stdout::add_to_linker::<_, CliView<'static>>(linker, cli)?;
    terminal_stderr::add_to_linker::<_, CliView<'static>>(linker, cli)?;
    wall_clock::add_to_linker::<_, ClocksView<'static>>(linker, clocks)?;
    monotonic_clock::add_to_linker::<_, ClocksView<'static>>(linker, clocks)?;
    random::add_to_linker::<_, Random>(linker, |_| Random)?;
    insecure::add_to_linker::<_, Random>(linker, |_| Random)?;
    insecure_seed::add_to_linker::<_, Random>(linker, |_| Random)?;
    preopens::add_to_linker::<_, WasiFilesystem>(linker, filesystem)?;
    types::add_to_linker::<_, WasiFilesystem>(linker, filesystem)?;
    wasmtime_wasi_io::add_to_linker_async(linker)
}
