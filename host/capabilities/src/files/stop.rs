//! Ends file work early: when the call's trees are dropped, or the future that waits for one operation.
//!
//! Owns: the two flags. Never: waits for the work to notice.
//! Read next: `copy`, whose chunk loop asks most often.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use strongroom_sandbox::capability::files::FileError;

use super::failures::Answer;

/// Asked by every loop over chunks, entries or items.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop {
    call: Arc<AtomicBool>,
    operation: Arc<AtomicBool>,
}

impl Stop {
    /// A flag for one operation of the same call.
    pub(super) fn for_operation(&self) -> Self {
        Self {
            call: Arc::clone(&self.call),
            operation: Arc::default(),
        }
    }

    /// Fails once the call or the operation was given up.
    pub(super) fn check(&self) -> Answer<()> {
        if self.call.load(Ordering::Relaxed) || self.operation.load(Ordering::Relaxed) {
            return Err(FileError::Other("the call was given up".into()));
        }
        Ok(())
    }

    /// Ends the whole call's work.
    pub(super) fn end_call(&self) {
        self.call.store(true, Ordering::Relaxed);
    }

    /// Ends this operation's work when dropped.
    pub(super) fn on_drop(&self) -> StopOnDrop {
        StopOnDrop(Arc::clone(&self.operation))
    }
}

/// Held by the future that waits.
#[derive(Debug)]
pub(super) struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
