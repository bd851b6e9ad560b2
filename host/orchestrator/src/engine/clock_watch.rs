//! The clocks, compared: a time of day that jumped is not believed at once.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use strongroom_domain::clock_jump::{self, DOUBT, Reading};

use crate::call::clock::Clock;

/// How often the clocks are compared.
const COMPARED: Duration = Duration::from_secs(1);

/// The clocks as read last.
pub(super) struct ClockWatch {
    reading: Reading,
    /// Until when, on the steady clock, a jump forward is not believed.
    doubt: Option<Duration>,
    /// The clock jumped and nobody has confirmed the time: nothing follows an end.
    held: bool,
}

impl ClockWatch {
    pub(super) fn new(clock: &dyn Clock) -> Self {
        Self {
            reading: Reading {
                wall: clock.now(),
                steady: clock.steady(),
            },
            doubt: None,
            held: false,
        }
    }

    /// Whether the time is not believed yet: nothing begins by it.
    pub(super) fn in_doubt(&self) -> bool {
        self.doubt.is_some()
    }

    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// Says whether the time waits to be confirmed; returns whether it did before.
    pub(super) fn hold(&mut self, held: bool) -> bool {
        std::mem::replace(&mut self.held, held)
    }

    /// Whether it is time to compare again.
    pub(super) fn is_due(&self, wall: Timestamp) -> bool {
        let since = wall.duration_since(self.reading.wall);
        since.is_negative() || since >= SignedDuration::try_from(COMPARED).unwrap_or_default()
    }

    /// Reads the clocks again: by how much the time of day jumped since.
    pub(super) fn compare(&mut self, now: Reading) -> Option<SignedDuration> {
        let before = std::mem::replace(&mut self.reading, now);
        let by = clock_jump::jumped(before, now);
        if by.is_some_and(|by| by.is_positive()) {
            self.doubt = Some(now.steady.saturating_add(DOUBT));
        }
        if self.doubt.is_some_and(|until| now.steady >= until) {
            self.doubt = None;
        }
        by
    }
}
