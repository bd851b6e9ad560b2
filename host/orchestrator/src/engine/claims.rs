//! The claims of this host: attempts under way, and when their leases were renewed last.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_ledger::Claim;
use uuid::Uuid;

use super::Task;
use crate::call::prepared::Prepared;

/// An attempt under way.
pub(super) struct Running {
    pub(super) claim: Claim,
    pub(super) prepared: Option<Arc<Prepared>>,
    pub(super) started_at: Timestamp,
    pub(super) _task: Task,
}

/// Every claim that the loop holds.
pub(super) struct Claims {
    running: BTreeMap<Uuid, Running>,
    pub(super) renewed: Timestamp,
}

impl Claims {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            running: BTreeMap::new(),
            renewed: now,
        }
    }

    pub(super) fn add(&mut self, running: Running) {
        self.running.insert(running.claim.id, running);
    }

    pub(super) fn remove(&mut self, id: Uuid) -> Option<Running> {
        self.running.remove(&id)
    }

    /// Takes all of them: what is dropped is given up.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Running> + use<> {
        std::mem::take(&mut self.running).into_values()
    }

    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// As id and fence.
    pub(super) fn fences(&self) -> Vec<(Uuid, i64)> {
        let claims = self.running.values();
        claims
            .map(|running| (running.claim.id, running.claim.fence))
            .collect()
    }
}
