//! The thread that interrupts guests: it moves the engine's epoch every millisecond while a call is live.
//!
//! Owns: its OS thread, which no guest can block; the count of live calls. It parks when nothing has run for a while,
//! so that an idle host uses no processor time.
//! Never: a decision about a deadline (that is the epoch callback in `instance`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use wasmtime::Engine;

/// How often guests are interrupted: a runaway is noticed this late at most, and the cost is 2–3 % of compute.
const TICK: Duration = Duration::from_millis(1);

/// Ticks without a call before it parks: waking a parked thread costs a call more than a few idle ticks cost the host.
const IDLE_TICKS: u32 = 200;

#[derive(Debug)]
struct Shared {
    live: AtomicU64,
    parked: AtomicBool,
    stop: AtomicBool,
}

/// The running ticker; stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
    handle: Option<JoinHandle<()>>,
}

/// A call that wants ticks, until it is dropped.
#[derive(Debug)]
pub(crate) struct Live(Arc<Shared>);

impl Drop for Live {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Ticker {
    /// Starts the thread.
    pub(crate) fn start(engine: Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            live: AtomicU64::new(0),
            parked: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        });
        let seen = Arc::clone(&shared);
        let handle = thread::Builder::new()
            .name("strongroom-tick".into())
            .spawn(move || tick(&engine, &seen))?;
        Ok(Self {
            shared,
            thread: handle.thread().clone(),
            handle: Some(handle),
        })
    }

    /// Announces a call.
    pub(crate) fn live(&self) -> Live {
        self.shared.live.fetch_add(1, Ordering::SeqCst);
        // Either the ticker sees the count before it parks, or we see that it has parked: both orders are total.
        if self.shared.parked.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Live(Arc::clone(&self.shared))
    }

    /// Whether the thread sleeps until the next call.
    #[cfg(test)]
    fn parked(&self) -> bool {
        self.shared.parked.load(Ordering::SeqCst)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.thread.unpark();
        if let Some(handle) = self.handle.take() {
            // A panic of the ticker has nothing to add to the end of the sandbox.
            drop(handle.join());
        }
    }
}

fn tick(engine: &Engine, shared: &Shared) {
    let mut idle = 0;
    while !shared.stop.load(Ordering::SeqCst) {
        engine.increment_epoch();
        idle = if shared.live.load(Ordering::SeqCst) == 0 {
            idle + 1
        } else {
            0
        };
        if idle < IDLE_TICKS {
            thread::park_timeout(TICK);
            continue;
        }
        shared.parked.store(true, Ordering::SeqCst);
        if shared.live.load(Ordering::SeqCst) == 0 && !shared.stop.load(Ordering::SeqCst) {
            thread::park();
        }
        shared.parked.store(false, Ordering::SeqCst);
        idle = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits for a state of the ticker, which lives in real time.
    fn eventually(mut reached: impl FnMut() -> bool) {
        for _ in 0..5_000 {
            if reached() {
                return;
            }
            thread::park_timeout(Duration::from_millis(1));
        }
        panic!("not reached within five seconds");
    }

    #[test]
    fn it_parks_when_nothing_runs_and_wakes_for_a_call() {
        let ticker = Ticker::start(Engine::default()).unwrap();
        eventually(|| ticker.parked());
        let live = ticker.live();
        eventually(|| !ticker.parked());
        drop(live);
        eventually(|| ticker.parked());
    }
}
