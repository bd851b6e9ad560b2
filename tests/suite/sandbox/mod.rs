//! The sandbox under guests that misbehave: each ends as documented, the host lives, the neighbours keep answering.

mod endings;
mod loading;
mod recorder;
mod released;
mod settings;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use strongroom_domain::TenantName;
use strongroom_sandbox::call::{Call, CallResult, Context, Step};
use strongroom_sandbox::role::task::Action;
use strongroom_sandbox::{CompilerCommand, LoadError, Plugin, Sandbox, Settings};
use strongroom_tests::{guest, repository, strongroom};
use uuid::Uuid;

use recorder::Recorder;

/// Real time for a guest that comes to an end by itself, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(20);

/// Real time for a guest that never ends.
const TIME: Duration = Duration::from_millis(1_500);

/// What half of a neighbour's calls take at most while a guest misbehaves beside it: its usual time is below 1 ms.
const USUAL: Duration = Duration::from_millis(25);

/// Calls of which half say nothing.
const FEW: usize = 20;

/// What none of them takes: a guest that held up a thread of the host would hold one up for `TIME`. Other tests and
/// builds on the same processors hold calls up for a quarter of a second and more.
const NEIGHBOUR: Duration = Duration::from_millis(750);

/// The latest that a guest ends after its time: one bulk operation cannot be interrupted, and its memory is given back.
const LATE: Duration = Duration::from_millis(500);

const MEMORY: u64 = 256 << 20;

#[expect(clippy::disallowed_methods, reason = "guests are limited in real time")]
fn now() -> Instant {
    Instant::now()
}

/// Machine code is compiled once for all tests; the folder is private, as the sandbox wants it.
fn shared_cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox-cache")
}

fn settings(cache: &Path) -> Settings {
    let compiler = CompilerCommand::new(strongroom(), ["compile-plugin"]);
    Settings {
        compiler,
        cache: cache.to_owned(),
        slots: 8,
        memory_ceiling: MEMORY,
    }
}

fn sandbox() -> Arc<Sandbox> {
    Sandbox::new(settings(&shared_cache())).unwrap()
}

fn misbehaving_bytes() -> Vec<u8> {
    std::fs::read(guest("misbehaving")).unwrap()
}

fn wat_file(name: &str) -> PathBuf {
    let folder = repository().join("tests/guests/misbehaving/wat");
    folder.join(format!("{name}.wat"))
}

/// A component written as text, assembled.
fn wat(name: &str) -> Vec<u8> {
    wat::parse_file(wat_file(name)).unwrap()
}

fn call(config: &str) -> Call {
    Call {
        run_id: Uuid::from_u128(7),
        attempt: 2,
        tenant: TenantName::new("acme").unwrap(),
        due: Timestamp::from_second(1_767_225_600).unwrap(),
        deadline: Timestamp::from_second(1_767_229_200).unwrap(),
        dry_run: true,
        config: config.to_owned(),
    }
}

fn context(recorder: Arc<Recorder>) -> Context {
    let now = Timestamp::from_second(1_000_000_000).unwrap();
    Context {
        memory: MEMORY,
        time: PATIENCE,
        now,
        capabilities: recorder.capabilities(),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// What was seen of one call.
struct Seen {
    ending: CallResult<Step>,
    recorder: Arc<Recorder>,
}

impl Seen {
    fn detail(&self) -> &str {
        match &self.ending {
            CallResult::Refused(detail) => detail,
            CallResult::Failed(failure) => &failure.detail,
            other => panic!("no detail in {other:?}"),
        }
    }

    /// The first fact of a kind in the evidence.
    fn fact(&self, kind: &str) -> &str {
        match &self.ending {
            CallResult::Answered(Step::Done(evidence)) => evidence.get(kind).unwrap(),
            other => panic!("not done: {other:?}"),
        }
    }
}

/// Lets a guest do what the configuration says, beside a neighbour that must keep answering, and again afterwards.
fn act(config: &str) -> Seen {
    act_within(config, PATIENCE, Arc::default())
}

/// The same for what never ends: asserts that it is ended, in time.
fn act_for_ever(config: &str) -> Arc<Recorder> {
    let seen = act_within(config, TIME, Arc::default());
    assert_eq!(seen.ending, CallResult::TimedOut, "{config}");
    seen.recorder
}

fn act_within(config: &str, time: Duration, recorder: Arc<Recorder>) -> Seen {
    runtime().block_on(async {
        let sandbox = sandbox();
        let plugin = sandbox.load(misbehaving_bytes()).await.unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let neighbour = tokio::spawn(neighbour(plugin.clone(), Arc::clone(&stop)));
        let began = now();
        let limited = Context {
            time,
            ..context(Arc::clone(&recorder))
        };
        let ending = plugin.call(&Action::Run, &call(config), limited).await;
        let took = began.elapsed();
        stop.store(true, Ordering::Relaxed);
        let calls = neighbour.await.unwrap();
        let (usual, slowest) = (calls[calls.len() / 2], calls[calls.len() - 1]);
        assert!(
            took < time + LATE,
            "{config} ended after {took:?} instead of {time:?}"
        );
        assert!(
            (usual < USUAL || calls.len() < FEW) && slowest < NEIGHBOUR,
            "a neighbour of {config} took {usual:?}, and once {slowest:?}"
        );
        answers(&plugin).await;
        Seen { ending, recorder }
    })
}

/// Asserts that a plugin still answers.
async fn answers(plugin: &Plugin) {
    let ending = plugin
        .call(
            &Action::Run,
            &call(r#"{"do":"ok"}"#),
            context(Arc::default()),
        )
        .await;
    assert!(
        matches!(ending, CallResult::Answered(Step::Done(_))),
        "{ending:?}"
    );
}

/// Calls an honest function again and again; how long each call took, sorted.
async fn neighbour(plugin: Plugin, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let mut calls = Vec::new();
    loop {
        let began = now();
        answers(&plugin).await;
        calls.push(began.elapsed());
        if stop.load(Ordering::Relaxed) {
            calls.sort();
            return calls;
        }
        tokio::task::yield_now().await;
    }
}

/// Loads a component that is expected to be refused, and asserts that the sandbox still works.
fn refusal(bytes: Vec<u8>) -> LoadError {
    runtime().block_on(async {
        let sandbox = sandbox();
        let error = sandbox.load(bytes).await.unwrap_err();
        answers(&sandbox.load(misbehaving_bytes()).await.unwrap()).await;
        error
    })
}
