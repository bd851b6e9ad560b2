//! One call into the sandbox beside the same call on bare wasmtime: the same guest, a fresh store each, load excluded.
//! Bare is wasmtime with its best safe settings and nothing else: no limits, no clocks, no capabilities, no async.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use strongroom_domain::TenantName;
use strongroom_sandbox::call::{Call, CallResult, Context, Step};
use strongroom_sandbox::capability::Capabilities;
use strongroom_sandbox::role::task::Action;
use strongroom_sandbox::{CompilerCommand, Plugin, Sandbox, Settings};
use strongroom_tests::{guest, strongroom};
use uuid::Uuid;
use wasmtime::component::{Component, Linker};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
};

use crate::Size;
use crate::measure::{alternate, now, percentile};
use crate::report::{Goal, Report, Row};

const CONFIG: &str = r#"{"do":"ok"}"#;
const SLOTS: u32 = 64;
const CALLS_PER_BLOCK: usize = 2_000;

mod bindings {
    //! The contract's world of a task, as wasmtime generates it.
    wasmtime::component::bindgen!({ path: "../wit", world: "task-plugin" });
}

pub(crate) fn measure(size: Size, report: &mut Report) {
    let blocks = if size == Size::Full { 20 } else { 2 };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let cache = tempfile::tempdir().unwrap();
    let bytes = fs::read(guest("misbehaving")).unwrap();
    let ours = runtime.block_on(Ours::new(cache.path(), bytes.clone(), CONFIG));
    let bare = Bare::new(&bytes);
    let nothing = Capabilities::default;
    runtime.block_on(ours.block(100, nothing));
    bare.block(100);

    let (mut through, mut without) = (Vec::new(), Vec::new());
    alternate(
        blocks,
        |_| through.extend(runtime.block_on(ours.block(CALLS_PER_BLOCK, nothing))),
        |_| without.extend(bare.block(CALLS_PER_BLOCK)),
    );
    let mut row = |share, figure: &str, goal| {
        let (value, beside) = (
            percentile(&mut through, share),
            percentile(&mut without, share),
        );
        let (figure, peer) = (
            figure.to_owned(),
            "bare wasmtime, best safe settings".to_owned(),
        );
        report.add(Row {
            figure,
            value,
            peer,
            beside,
            unit: "µs",
            goal,
        });
    };
    row(0.5, "sandbox call, median", Goal::AtMost(1.2));
    row(0.99, "  the slowest of a hundred", Goal::None);
}

/// A plugin in the sandbox.
pub(crate) struct Ours {
    plugin: Plugin,
    call: Call,
}

impl Ours {
    pub(crate) async fn new(cache: &Path, bytes: Vec<u8>, config: &str) -> Self {
        let sandbox = Sandbox::new(Settings {
            compiler: CompilerCommand::new(strongroom(), ["compile-plugin"]),
            cache: cache.join("compiled"),
            slots: SLOTS,
            memory_ceiling: 256 << 20,
        });
        let plugin = sandbox.unwrap().load(bytes).await.unwrap();
        let call = Call {
            run_id: Uuid::nil(),
            attempt: 1,
            tenant: TenantName::new("acme").unwrap(),
            due: jiff::Timestamp::UNIX_EPOCH,
            deadline: jiff::Timestamp::MAX,
            dry_run: false,
            config: config.to_owned(),
        };
        Self { plugin, call }
    }

    /// Microseconds of each call, given capabilities of its own.
    pub(crate) async fn block(&self, calls: usize, given: impl Fn() -> Capabilities) -> Vec<f64> {
        let mut times = Vec::with_capacity(calls);
        for _ in 0..calls {
            let capabilities = given();
            let began = now();
            let context = Context {
                memory: 256 << 20,
                time: Duration::from_secs(5),
                now: jiff::Timestamp::UNIX_EPOCH,
                capabilities,
            };
            let ending = self.plugin.call(&Action::Run, &self.call, context).await;
            times.push(micros(began.elapsed()));
            assert!(
                matches!(ending, CallResult::Answered(Step::Done(_))),
                "{ending:?}"
            );
        }
        times
    }
}

struct Bare {
    engine: Engine,
    plugin: bindings::TaskPluginPre<()>,
    call: bindings::strongroom::plugin::types::Call,
    ticking: Arc<AtomicBool>,
    ticker: Option<JoinHandle<()>>,
}

impl Bare {
    fn new(bytes: &[u8]) -> Self {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(SLOTS)
            .total_core_instances(SLOTS * 16)
            .total_memories(SLOTS * 4)
            .total_tables(SLOTS * 8)
            .total_stacks(SLOTS)
            .max_unused_warm_slots(SLOTS)
            .linear_memory_keep_resident(1 << 20)
            .table_keep_resident(1 << 20)
            .pagemap_scan(Enabled::Auto);
        let mut config = Config::new();
        config
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
            .concurrency_support(false)
            .epoch_interruption(true);
        let engine = Engine::new(&config).unwrap();
        let component = Component::new(&engine, bytes).unwrap();
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component).unwrap();
        let plugin =
            bindings::TaskPluginPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
        let call = bindings::strongroom::plugin::types::Call {
            run_id: Uuid::nil().to_string(),
            attempt: 1,
            tenant: "acme".to_owned(),
            due: 0,
            deadline: i64::MAX,
            dry_run: false,
            config: CONFIG.to_owned(),
            extra: Vec::new(),
        };
        let ticking = Arc::new(AtomicBool::new(true));
        let (seen, ticked) = (ticking.clone(), engine.clone());
        let ticker = thread::spawn(move || {
            while seen.load(Ordering::Relaxed) {
                ticked.increment_epoch();
                thread::park_timeout(Duration::from_millis(1));
            }
        });
        Self {
            engine,
            plugin,
            call,
            ticking,
            ticker: Some(ticker),
        }
    }

    /// Microseconds of each call.
    fn block(&self, calls: usize) -> Vec<f64> {
        let mut times = Vec::with_capacity(calls);
        for _ in 0..calls {
            let began = now();
            let mut store = Store::new(&self.engine, ());
            store.set_epoch_deadline(5_000);
            let instance = self.plugin.instantiate(&mut store).unwrap();
            let step = instance
                .strongroom_plugin_task()
                .call_run(&mut store, &self.call)
                .unwrap();
            drop(store);
            times.push(micros(began.elapsed()));
            assert!(step.is_ok(), "{step:?}");
        }
        times
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.ticking.store(false, Ordering::Relaxed);
        if let Some(ticker) = self.ticker.take() {
            ticker.join().unwrap();
        }
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
