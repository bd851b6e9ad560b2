//! The sandbox, and the way of a file into it.
//!
//! Owns: the steps of a load in their order: read once, inspect, compile in a child or take from the private cache,
//! link, describe. Never: which plugins there are or who may use them.
//! Read next: `inspect`, `compile`, `cache`, `artifact`, then `plugin`.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use wasmtime::component::{Component, InstancePre, Linker};

use crate::artifact;
use crate::cache::Cache;
use crate::capability::Capabilities;
use crate::capability::log::LogSink;
use crate::compile::{self, CompileLimits, CompilerCommand};
use crate::contract::v0_1::exports::strongroom::plugin as roles;
use crate::deadline::Deadline;
use crate::description::Description;
use crate::ending::{self, Ending};
use crate::engine::{self, Size};
use crate::error::{LoadError, SandboxError};
use crate::inspect::Inspection;
use crate::instance::{self, Guest, Instances};
use crate::plugin::Plugin;
use crate::role::Exports;
use crate::text;
use crate::ticker::Ticker;

/// What `describe` may take: it computes nothing.
const DESCRIBE_TIME: Duration = Duration::from_secs(1);
/// See [`DESCRIBE_TIME`].
const DESCRIBE_MEMORY: u64 = 64 << 20;

/// Compile children at once: each may take a processor and gigabytes.
const COMPILERS: usize = 1;

/// What a sandbox is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Starts the compile child.
    pub compiler: CompilerCommand,
    /// A private folder for compiled plugins; made if missing.
    pub cache: PathBuf,
    /// Most plugin instances alive at once; fewer where the machine's memory maps do not suffice.
    pub slots: u32,
    /// Most bytes of memory of one call, whatever its schedule asks for.
    pub memory_ceiling: u64,
}

/// Loads plugins and holds what they share.
pub struct Sandbox {
    instances: Arc<Instances>,
    linker: Linker<Guest>,
    cache: Arc<Cache>,
    compiler: CompilerCommand,
    compiling: Semaphore,
    slots: u32,
    notice: Option<String>,
}

impl Sandbox {
    /// Makes the engine, opens the cache and starts the ticker.
    ///
    /// # Errors
    /// [`SandboxError`]: the cache is not private or not usable, or the engine cannot start on this machine.
    pub fn new(settings: Settings) -> Result<Arc<Self>, SandboxError> {
        let (slots, notice) = engine::slots(settings.slots);
        if let Some(notice) = &notice {
            tracing::warn!("{notice}");
        }
        let size = Size {
            slots,
            memory_ceiling: settings.memory_ceiling,
        };
        let engine = engine::engine(&engine::config(size))?;
        let refused = |reason: String| SandboxError::Engine { reason };
        let linker =
            instance::linker(&engine).map_err(|e| refused(text::one_line(&format!("{e:#}"))))?;
        let cache = Arc::new(Cache::open(&settings.cache, &engine)?);
        let ticker = Ticker::start(engine.clone())
            .map_err(|e| refused(format!("no thread for its ticker: {e}")))?;
        Ok(Arc::new(Self {
            instances: Arc::new(Instances::new(engine, ticker, size)),
            linker,
            cache,
            compiler: settings.compiler,
            compiling: Semaphore::new(COMPILERS),
            slots,
            notice,
        }))
    }

    /// How many instances can be alive at once.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Why that is fewer than was asked for.
    #[must_use]
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Says what a file is, without compiling or running it, also for one that [`Self::load`] would refuse.
    ///
    /// # Errors
    /// [`LoadError`]: it is too large or not a component of the accepted features.
    pub fn inspect(bytes: &[u8]) -> Result<Inspection, LoadError> {
        Inspection::read(bytes)
    }

    /// Loads a plugin from bytes that were read once, so that what is checked is what runs.
    ///
    /// # Errors
    /// [`LoadError`] says which step refused it.
    pub async fn load(self: &Arc<Self>, bytes: Vec<u8>) -> Result<Plugin, LoadError> {
        let bytes: Arc<[u8]> = bytes.into();
        let read = Arc::clone(&bytes);
        let inspection = aside(move || Inspection::read(&read)).await??;
        inspection.fits()?;
        let component = self.compiled(&inspection.digest, bytes).await?;
        let pre = self.linker.instantiate_pre(&component).map_err(mismatch)?;
        let exports = Exports::find(&pre, &inspection.roles)
            .map_err(|reason| LoadError::Mismatch { reason })?;
        let description = self.describe(&pre, &inspection, &exports).await?;
        Ok(Plugin::new(
            Arc::clone(&self.instances),
            inspection,
            description,
            pre,
            exports,
        ))
    }

    /// The component's machine code: from the cache, or compiled and kept there.
    async fn compiled(&self, digest: &str, bytes: Arc<[u8]>) -> Result<Component, LoadError> {
        if let Some(component) = self.cached(digest).await? {
            return Ok(component);
        }
        let _turn = self.compiling.acquire().await;
        // Another load of the same file may have had its turn before.
        if let Some(component) = self.cached(digest).await? {
            return Ok(component);
        }
        let code = compile::compile(&self.compiler, CompileLimits::default(), &bytes).await?;
        let (engine, cache, digest) = (
            self.instances.engine.clone(),
            Arc::clone(&self.cache),
            digest.to_owned(),
        );
        aside(move || {
            let sealed = artifact::seal(&code);
            let component = artifact::load(&engine, &sealed)
                .map_err(|reason| LoadError::Oversized { reason })?;
            cache.put(&digest, &sealed)?;
            Ok(component)
        })
        .await?
    }

    async fn cached(&self, digest: &str) -> Result<Option<Component>, LoadError> {
        let (engine, cache, digest) = (
            self.instances.engine.clone(),
            Arc::clone(&self.cache),
            digest.to_owned(),
        );
        aside(move || {
            cache
                .get(&digest)
                .and_then(|sealed| artifact::load(&engine, &sealed).ok())
        })
        .await
    }

    /// Asks the plugin to describe itself: no grants, a second, little memory. Checks every role's shape on the way.
    async fn describe(
        &self,
        pre: &InstancePre<Guest>,
        inspection: &Inspection,
        exports: &Exports,
    ) -> Result<Description, LoadError> {
        // A busy host is no fault of the plugin: its second begins when it has a place.
        let _slot = self.instances.slot().await;
        let deadline = Deadline::begin(DESCRIBE_TIME);
        let given = Capabilities::default();
        let log = Arc::new(LogSink::new(Arc::clone(&given.log)));
        let memory = DESCRIBE_MEMORY.min(self.instances.memory_ceiling);
        let asked = async {
            let _live = self.instances.ticker.live();
            let guest = Guest::new(
                memory,
                deadline,
                Timestamp::UNIX_EPOCH,
                Arc::clone(&log),
                given,
            );
            let mut store = instance::store(&self.instances.engine, guest);
            let answer = ask(pre, &mut store, inspection, exports).await;
            log.finish();
            answer.map_err(|asked| match asked {
                Asked::Shape(error) => mismatch(error),
                Asked::Ended(error) => {
                    described(ending::of(&error, &store.data().limiter, log.last_words()))
                }
            })
        };
        let given = deadline
            .limit(asked)
            .await
            .unwrap_or_else(|| Err(described(Ending::TimedOut)))?;
        let (given, operations) = given;
        Description::check(given, operations).map_err(|reason| LoadError::Description { reason })
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("slots", &self.slots)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

/// Why `describe` has no answer.
enum Asked {
    /// A function has another type than the contract says.
    Shape(wasmtime::Error),
    /// The guest did not return.
    Ended(wasmtime::Error),
}

async fn ask(
    pre: &InstancePre<Guest>,
    store: &mut wasmtime::Store<Guest>,
    inspection: &Inspection,
    exports: &Exports,
) -> Result<(roles::plugin::Description, Vec<roles::egress::Endpoint>), Asked> {
    let describe = roles::plugin::GuestIndices::new(pre).map_err(Asked::Shape)?;
    let instance = pre
        .instantiate_async(&mut *store)
        .await
        .map_err(Asked::Ended)?;
    exports
        .check(&instance, &mut *store)
        .map_err(Asked::Shape)?;
    let describe = describe
        .load(&mut *store, &instance)
        .map_err(Asked::Shape)?;
    let description = describe
        .call_describe(&mut *store)
        .await
        .map_err(Asked::Ended)?;
    if !inspection.publishes_operations() {
        return Ok((description, Vec::new()));
    }
    let egress = roles::egress::GuestIndices::new(pre)
        .and_then(|egress| egress.load(&mut *store, &instance))
        .map_err(Asked::Shape)?;
    let endpoints = egress.call_endpoints(store).await.map_err(Asked::Ended)?;
    Ok((description, endpoints))
}

fn described(ending: Ending) -> LoadError {
    let reason = match ending {
        Ending::TimedOut => format!("it did not answer within {DESCRIBE_TIME:?}"),
        Ending::OutOfMemory { detail }
        | Ending::Trapped { detail }
        | Ending::Refused { detail } => detail,
    };
    LoadError::Description { reason }
}

#[expect(clippy::needless_pass_by_value, reason = "fits `map_err`")]
fn mismatch(error: wasmtime::Error) -> LoadError {
    LoadError::Mismatch {
        reason: text::one_line(&format!("{error:#}")),
    }
}

/// Runs work that takes a processor or a disk for a while where it holds up nothing else.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LoadError> {
    spawn_blocking(work).await.map_err(|e| LoadError::Compile {
        reason: format!("the loader broke off: {e}"),
    })
}
