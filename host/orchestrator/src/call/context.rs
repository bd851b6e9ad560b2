//! What every call is given: the clock, the ledger, the way out, and who watches.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::schedule::Schedule;
use strongroom_domain::{ScheduleName, TenantName};
use strongroom_egress::Egress;
use strongroom_ledger::{Ledger, OccurrenceRow, ShelfAge};
use strongroom_sandbox::call::{Call, CallResult};
use strongroom_sandbox::capability::progress::Report;
use strongroom_sandbox::role::{Answer, Request};

use super::clock::{Clock, SystemClock};

/// Who wants to know how runs go; never blocks.
pub trait Observer: Send + Sync + 'static {
    /// A plugin reports progress.
    fn progress(&self, schedule: &ScheduleName, tenant: &TenantName, progress: &Report);
    /// An occurrence began an attempt.
    fn started(
        &self,
        schedule: &ScheduleName,
        tenant: &TenantName,
        due: jiff::Timestamp,
        attempt: u32,
    );
    /// The record says that something which was promised did not happen, or may not have: somebody must be told.
    fn alert(&self, row: &OccurrenceRow);
    /// The newest good snapshot of a shelf has become too old: somebody must be told. Or it is so no longer.
    fn age(&self, shelf: &ShelfAge, too_old: bool, now: jiff::Timestamp);
    /// Something goes on at a provider, and a person waits for it.
    fn goes_on(
        &self,
        schedule: &ScheduleName,
        tenant: &TenantName,
        note: &str,
        percent: Option<u8>,
    );
    /// An occurrence ended or will go on later; `what` is one line for a person.
    fn ended(&self, schedule: &ScheduleName, tenant: &TenantName, due: jiff::Timestamp, what: &str);
}

/// Nobody watches.
pub struct NoObserver;

impl Observer for NoObserver {
    fn progress(&self, _: &ScheduleName, _: &TenantName, _: &Report) {}
    fn started(&self, _: &ScheduleName, _: &TenantName, _: jiff::Timestamp, _: u32) {}
    fn alert(&self, _: &OccurrenceRow) {}
    fn age(&self, _: &ShelfAge, _: bool, _: jiff::Timestamp) {}
    fn goes_on(&self, _: &ScheduleName, _: &TenantName, _: &str, _: Option<u8>) {}
    fn ended(&self, _: &ScheduleName, _: &TenantName, _: jiff::Timestamp, _: &str) {}
}

/// Hears every answer of a plugin.
pub trait AnswerObserver: Send + Sync + 'static {
    /// A plugin answered, or did not; and how long it took.
    fn answered(
        &self,
        schedule: &Schedule,
        call: &Call,
        request: &Request,
        result: &CallResult<Answer>,
        took: Duration,
    );
}

/// What every attempt is given.
#[derive(Clone)]
pub struct CallContext {
    /// The one clock.
    pub clock: Arc<dyn Clock>,
    /// The durable state.
    pub ledger: Arc<dyn Ledger>,
    /// Who watches.
    pub observer: Arc<dyn Observer>,
    /// False: every attempt is the last one, because a person waits and decides.
    pub retries: bool,
    /// SQLite files this process has open itself: the ledger's.
    pub own_databases: Vec<PathBuf>,
    /// Set for a restore: the folder named by the person who asked for it.
    pub restore_to: Option<PathBuf>,
    /// The way out.
    pub egress: Egress,
    /// Set: hears every answer of a plugin.
    pub recorder: Option<Arc<dyn AnswerObserver>>,
}

impl CallContext {
    /// What attempts of a host are given of which nothing is special: nobody watches, failures are tried again.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, ledger: Arc<dyn Ledger>) -> Self {
        Self {
            clock,
            ledger,
            observer: Arc::new(NoObserver),
            retries: true,
            own_databases: Vec::new(),
            restore_to: None,
            // Tokens and certificates are of the real world, whatever the time in a simulation.
            egress: Egress::new(Arc::new(|| SystemClock.now())),
            recorder: None,
        }
    }
}
