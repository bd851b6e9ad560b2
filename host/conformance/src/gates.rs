//! What befalls the requests of a case, and what was sent.
//!
//! Owns: one rule at a time, the count of requests. Never: a rule that outlives its case.

use std::sync::{Mutex, PoisonError};

use strongroom_domain::grants::Access;
use strongroom_egress::{AllowedRequest, Fault, FaultInjector};

/// Stands at the way out of every call of the suite.
#[derive(Default)]
pub(super) struct Gates(Mutex<State>);

#[derive(Default)]
struct State {
    rule: Option<Rule>,
    sent: Vec<Sent>,
}

struct Rule {
    which: Which,
    fault: Fault,
    /// Requests that change something and came since the rule holds.
    writes: usize,
}

/// Which requests a fault befalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All.
    Every,
    /// The n-th that changes something, from 1.
    Write(usize),
}

/// A request that was allowed, and left or met its fault.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) operation: String,
    pub(super) changes: bool,
}

impl Gates {
    /// From now on this befalls these requests, until the returned value is dropped.
    pub(super) fn shut(&self, which: Which, fault: Fault) -> Shut<'_> {
        let mut state = self.state();
        state.rule = Some(Rule {
            which,
            fault,
            writes: 0,
        });
        Shut {
            gates: self,
            from: state.sent.len(),
        }
    }

    /// Nothing befalls any request.
    pub(super) fn open(&self) {
        self.state().rule = None;
    }

    /// Whether something befalls requests.
    pub(super) fn is_shut(&self) -> bool {
        self.state().rule.is_some()
    }

    /// How many requests there were so far; for [`Gates::since`].
    pub(super) fn mark(&self) -> usize {
        self.state().sent.len()
    }

    /// The requests since a mark.
    pub(super) fn since(&self, mark: usize) -> Vec<Sent> {
        self.state().sent.get(mark..).unwrap_or_default().to_vec()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FaultInjector for Gates {
    fn fault(&self, request: &AllowedRequest<'_>) -> Option<Fault> {
        let mut state = self.state();
        let changes = request.access == Access::Write;
        state.sent.push(Sent {
            operation: request.endpoint.to_owned(),
            changes,
        });
        let rule = state.rule.as_mut()?;
        rule.writes += usize::from(changes);
        let meant = match rule.which {
            Which::Every => true,
            Which::Write(nth) => changes && rule.writes == nth,
        };
        meant.then(|| rule.fault.clone())
    }
}

/// While it lives, faults happen.
pub(super) struct Shut<'a> {
    gates: &'a Gates,
    from: usize,
}

impl Shut<'_> {
    /// The requests since it was shut.
    pub(super) fn sent(&self) -> Vec<Sent> {
        self.gates.since(self.from)
    }
}

impl Drop for Shut<'_> {
    fn drop(&mut self) {
        self.gates.open();
    }
}
