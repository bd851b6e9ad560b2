//! What an attempt may reach: the clock, the ledger, the way out, and whoever watches.
//!
//! Owns: which trees a request may see. Never: what a schedule grants (`strongroom_capabilities::grant`).

use std::path::PathBuf;
use std::sync::Arc;

use strongroom_domain::grants;
use strongroom_domain::retry::Failure;
use strongroom_domain::{ScheduleName, TenantName};
use strongroom_egress::Egress;
use strongroom_ledger::{Ledger, OccurrenceRow, ShelfAge};
use strongroom_sandbox::Plugin;
use strongroom_sandbox::call::Request;
use strongroom_sandbox::capability::progress::{Progress, Report};

use crate::clock::{Clock, SystemClock};
use crate::executor::PluginCall;
use crate::replay::Recorder;
use crate::setup::Credentials;
use strongroom_capabilities::{Backends, Granted, GrantedTree, Scope, grant};

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

/// The folder a restore writes to: granted for one call, because a person named it.
pub const RESTORE_TREE: &str = "restore";

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
    pub recorder: Option<Arc<Recorder>>,
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

    /// Makes what one call is given: a restore needs the place and nothing that is alive, so the sources stay shut.
    pub(crate) fn grant(
        &self,
        call: &PluginCall<'_>,
        (plugin, credentials): (&Plugin, &Credentials),
        request: &Request,
    ) -> Result<Granted, Failure> {
        let sources = matches!(
            request,
            Request::StartCreate
                | Request::StartCopy { .. }
                | Request::PollSnapshots { .. }
                | Request::Run
                | Request::PollTask { .. }
        );
        let restores = matches!(
            request,
            Request::StartRestore { .. } | Request::PollSnapshots { .. }
        );
        let place = self.restore_to.clone().filter(|_| restores);
        let scope = Scope {
            plugin,
            schedule: &call.prepared.schedule,
            credentials,
            tenant: call.tenant,
            run: call.run,
            dry_run: call.dry_run,
            sources,
            place: place.map(|folder| GrantedTree {
                name: RESTORE_TREE.to_owned(),
                folder,
                access: grants::Access::Write,
            }),
            progress: Arc::new(RunProgress {
                observer: self.observer.clone(),
                schedule: call.prepared.schedule.name.clone(),
                tenant: call.tenant.clone(),
            }),
        };
        let backends = Backends {
            ledger: &self.ledger,
            egress: &self.egress,
            own_databases: &self.own_databases,
        };
        grant(backends, scope).map_err(|error| Failure::invalid(error.to_string()))
    }
}

/// Tells the observer whose call it is that comes along.
struct RunProgress {
    observer: Arc<dyn Observer>,
    schedule: ScheduleName,
    tenant: TenantName,
}

impl Progress for RunProgress {
    fn report(&self, report: Report) {
        self.observer
            .progress(&self.schedule, &self.tenant, &report);
    }
}
