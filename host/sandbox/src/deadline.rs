//! Real time for limits on guests: the only place of the host where a clock is read besides the composition root.
//!
//! Owns: how long a call or a compilation has been going on. A guest that spins spends real time whatever the host's
//! clock says, so these limits cannot follow a simulated one.
//! Never: a calendar time. Read next: `ticker`, `instance`.

use std::future::Future;
use std::time::{Duration, Instant};

/// The longest wait that is handed to timers; longer ones are as good as for ever.
const FOREVER: Duration = Duration::from_secs(366 * 24 * 3600);

/// Began at a moment, ends at another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    started: Instant,
    limit: Duration,
}

impl Deadline {
    /// Begins now.
    #[expect(clippy::disallowed_methods, reason = "limits on guests are real time")]
    pub(crate) fn begin(limit: Duration) -> Self {
        Self {
            started: Instant::now(),
            limit: limit.min(FOREVER),
        }
    }

    /// How long it has been going on.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What is left; zero when it has passed.
    pub(crate) fn left(&self) -> Duration {
        self.limit.saturating_sub(self.elapsed())
    }

    /// Whether it is over.
    pub(crate) fn passed(&self) -> bool {
        self.elapsed() >= self.limit
    }

    /// Runs a future for as long as is left; `None`: it was dropped unfinished.
    pub(crate) async fn limit<F: Future>(&self, future: F) -> Option<F::Output> {
        tokio::time::timeout(self.left(), future).await.ok()
    }
}

/// Waits, for a guest that asked to.
#[expect(
    clippy::disallowed_methods,
    reason = "a guest's sleep is real time and ends with its call's deadline"
)]
pub(crate) async fn sleep(duration: Duration) {
    tokio::time::sleep(duration.min(FOREVER)).await;
}
