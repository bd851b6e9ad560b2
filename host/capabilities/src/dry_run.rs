//! A dry run: nothing can be changed through it, and what was tried is kept for whoever asked.

use std::sync::{Mutex, PoisonError};

/// Most attempted changes that are kept of one call.
const HELD_BACK: usize = 4;

/// Whether one call may change anything, and what it tried where it may not.
#[derive(Debug, Default)]
pub(crate) struct DryRun {
    on: bool,
    held_back: Mutex<Vec<String>>,
}

impl DryRun {
    pub(crate) fn new(on: bool) -> Self {
        Self {
            on,
            held_back: Mutex::default(),
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.on
    }

    /// Whether a change has to be held back; it is remembered.
    pub(crate) fn holds_back(&self, change: impl FnOnce() -> String) -> bool {
        if self.on {
            let mut held = self
                .held_back
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let change = change();
            if held.len() < HELD_BACK && !held.contains(&change) {
                held.push(change);
            }
        }
        self.on
    }

    /// What was tried so far.
    pub(crate) fn held_back(&self) -> Vec<String> {
        let held = self.held_back.lock();
        held.unwrap_or_else(PoisonError::into_inner).clone()
    }
}
