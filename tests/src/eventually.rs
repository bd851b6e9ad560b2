//! The only place in the suite that waits for real time.

use std::time::{Duration, Instant};

/// Between two looks: short enough not to be felt, long enough not to take the processor from what is watched.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until there is something to see; fails with the sentence when the time is over.
///
/// # Panics
/// When the deadline passes.
#[track_caller]
pub fn eventually<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let began = now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        if began.elapsed() >= within {
            panic!("not within {within:?}: {what}");
        }
        pause();
    }
}

/// Whether something stays true for so long; ends early when it does not.
pub fn holds_for(time: Duration, mut look: impl FnMut() -> bool) -> bool {
    let began = now();
    while began.elapsed() < time {
        if !look() {
            return false;
        }
        pause();
    }
    look()
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process is watched: it lives in real time"
)]
fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process is watched: it lives in real time"
)]
fn pause() {
    std::thread::sleep(PAUSE);
}
