//! The one clock. Everything that needs the time is given a `Clock` by the composition root.
//!
//! Owns: `SystemClock` (real time) and `SimulatedClock` (time that passes only while nobody works).
//! Never: a decision. Read next: `engine`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

/// Reads the time and waits for it.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Waits until a moment; returns at once if it has passed. Dropping the future gives up the wait.
    ///
    /// It never waits longer than the moment was away when it was called: the machine's clock may be set back meanwhile.
    async fn sleep_until(&self, at: Timestamp);

    /// Time since some moment: it runs like the time of day and cannot be set.
    fn steady(&self) -> Duration;

    /// Says that something is being done until the returned value is dropped: simulated time stands still meanwhile.
    fn work(&self) -> Work;
}

/// Real time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// The longest single wait: the machine's clock may be set while we wait, so it is read again at least this often.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

#[async_trait]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that everything else is told to use"
)]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut longest = Duration::MAX;
        while let Ok(left) = Duration::try_from(at.duration_since(Timestamp::now())) {
            longest = longest.min(left);
            if longest.is_zero() {
                return;
            }
            let wait = longest.min(LONGEST_WAIT);
            tokio::time::sleep(wait).await;
            longest -= wait;
        }
    }

    fn steady(&self) -> Duration {
        // It goes on while the machine sleeps, which `Instant` does not.
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
        let seconds = uptime.split(' ').next().and_then(|text| text.parse().ok());
        seconds.map_or(Duration::ZERO, Duration::from_secs_f64)
    }

    fn work(&self) -> Work {
        Work(None)
    }
}

/// Something being done; see [`Clock::work`].
#[derive(Debug)]
pub struct Work(Option<SimulatedClock>);

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(clock) = &self.0 {
            let mut state = clock.lock();
            state.busy -= 1;
            state.advance();
        }
    }
}

/// Time that jumps to the next waiter as soon as nobody works, so that months pass in seconds.
///
/// Whoever runs on it counts as working from the start (one unit for the creator) and stops working while it waits in
/// [`Clock::sleep_until`].
#[derive(Debug, Clone)]
pub struct SimulatedClock(Arc<Mutex<Simulation>>);

#[derive(Debug)]
struct Simulation {
    began: Timestamp,
    /// By how much the time of day was set since.
    set: SignedDuration,
    now: Timestamp,
    busy: usize,
    next_waiter: u64,
    waiters: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
}

impl Simulation {
    fn advance(&mut self) {
        while self.busy == 0 {
            let Some(((at, _), wake)) = self.waiters.pop_first() else {
                return;
            };
            self.now = self.now.max(at);
            if wake.send(()).is_ok() {
                self.busy += 1;
            }
        }
    }
}

impl SimulatedClock {
    /// A clock that stands at `now`, with its creator at work.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Simulation {
            began: now,
            set: SignedDuration::ZERO,
            now,
            busy: 1,
            next_waiter: 0,
            waiters: BTreeMap::new(),
        })))
    }

    /// Sets the time of day, as a person or a time service does; who waits for a moment goes on waiting as long.
    pub fn set(&self, by: SignedDuration) {
        let mut state = self.lock();
        let moved = |at: Timestamp| at.checked_add(by).unwrap_or(at);
        state.now = moved(state.now);
        state.set = state.set.saturating_add(by);
        let waiters = std::mem::take(&mut state.waiters);
        let waiters = waiters
            .into_iter()
            .map(|((at, number), wake)| ((moved(at), number), wake));
        state.waiters = waiters.collect();
    }

    fn lock(&self) -> MutexGuard<'_, Simulation> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives a wait up: the waiter works again.
struct Waiter<'a> {
    clock: &'a SimulatedClock,
    number: u64,
    woken: oneshot::Receiver<()>,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        // Still listed: not woken, so its work was not counted again.
        let mut state = self.clock.lock();
        let waiting = state
            .waiters
            .keys()
            .find(|(_, number)| *number == self.number);
        if let Some(key) = waiting.copied() {
            state.waiters.remove(&key);
            state.busy += 1;
        }
    }
}

#[async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    async fn sleep_until(&self, at: Timestamp) {
        let (wake, woken) = oneshot::channel();
        let mut waiter = {
            let mut state = self.lock();
            if at <= state.now {
                return;
            }
            let number = state.next_waiter;
            state.next_waiter += 1;
            state.waiters.insert((at, number), wake);
            state.busy -= 1;
            Waiter {
                clock: self,
                number,
                woken,
            }
        };
        self.lock().advance();
        // The sender is only dropped after sending, or by `Waiter::drop` itself.
        let _woken = (&mut waiter.woken).await;
    }

    fn steady(&self) -> Duration {
        let state = self.lock();
        let passed = state
            .now
            .duration_since(state.began)
            .saturating_sub(state.set);
        Duration::try_from(passed).unwrap_or_default()
    }

    fn work(&self) -> Work {
        self.lock().busy += 1;
        Work(Some(self.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn simulated_time_jumps_to_the_next_waiter() {
        let clock = SimulatedClock::new(at(0));
        clock.sleep_until(at(86_400)).await;
        assert_eq!(clock.now(), at(86_400));
    }

    #[tokio::test]
    async fn simulated_time_stands_still_while_someone_works() {
        let clock = SimulatedClock::new(at(0));
        let work = clock.work();
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(at(10)).await }
        });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(clock.now(), at(0));
        drop(work);
        waiting.await.unwrap();
        assert_eq!(clock.now(), at(10));
    }

    #[tokio::test]
    async fn a_wait_given_up_leaves_the_clock_where_it_is() {
        let clock = SimulatedClock::new(at(0));
        let work = clock.work();
        tokio::select! {
            biased;
            () = clock.sleep_until(at(5)) => unreachable!("someone works"),
            () = tokio::task::yield_now() => {}
        }
        drop(work);
        assert_eq!(clock.now(), at(0));
        clock.sleep_until(at(7)).await;
        assert_eq!(clock.now(), at(7));
    }
}
