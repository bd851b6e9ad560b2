//! What an attempt may reach: the clock, the ledger behind the state capability, and the granted trees of one call.
//!
//! Owns: the making of the outside half from a schedule's grants. Never: more than the grants say.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use strongroom_domain::egress::{Policy, ServiceGrant};
use strongroom_domain::grants;
use strongroom_domain::retry::Failure;
use strongroom_domain::{PluginName, ScheduleName, TenantName};
use strongroom_egress::{Egress, Opening};
use strongroom_ledger::{Ledger, OccurrenceRow, ShelfAge};
use strongroom_sandbox::call::Request;
use strongroom_sandbox::outside::{LogLevel, LogLine, Progress, StateError, StateValue};
use uuid::Uuid;

use crate::clock::{Clock, SystemClock};
use crate::executor::PluginCall;
use crate::replay::Recorder;
use crate::setup::Served;
use strongroom_capabilities::{CallOutside, DatabaseCopy, GrantedTree, Listener, StateStore};

/// Who wants to know how runs go; never blocks.
pub trait Observer: Send + Sync + 'static {
    /// A plugin reports progress.
    fn progress(&self, schedule: &ScheduleName, tenant: &TenantName, progress: &Progress);
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
    fn progress(&self, _: &ScheduleName, _: &TenantName, _: &Progress) {}
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

    /// Makes the outside half of one call.
    pub(crate) fn outside(
        &self,
        call: &PluginCall<'_>,
        request: &Request,
    ) -> Result<Arc<CallOutside>, Failure> {
        let (schedule, tenant) = (&call.prepared.schedule, call.tenant);
        let mut trees = Vec::new();
        for (name, grant) in &schedule.grants.files {
            // A restore needs the place and nothing that is alive: the sources stay shut.
            let source = grant.access == grants::Access::Read;
            if source
                && !matches!(
                    request,
                    Request::StartCreate
                        | Request::StartCopy { .. }
                        | Request::PollSnapshots { .. }
                        | Request::Run
                        | Request::PollTask { .. }
                )
            {
                continue;
            }
            trees.push(GrantedTree {
                name: name.clone(),
                folder: grant.folder(tenant),
                access: grant.access,
            });
        }
        if let (Request::StartRestore { .. } | Request::PollSnapshots { .. }, Some(folder)) =
            (request, &self.restore_to)
        {
            trees.retain(|tree| tree.name != RESTORE_TREE);
            trees.push(GrantedTree {
                name: RESTORE_TREE.to_owned(),
                folder: folder.clone(),
                access: grants::Access::Write,
            });
        }
        let own: &[PathBuf] = &self.own_databases;
        let state: Option<Arc<dyn StateStore>> =
            schedule.grants.state.then(|| -> Arc<dyn StateStore> {
                Arc::new(PluginState {
                    ledger: self.ledger.clone(),
                    plugin: schedule.plugin.clone(),
                    tenant: tenant.clone(),
                })
            });
        let listener = Arc::new(RunListener {
            observer: self.observer.clone(),
            schedule: schedule.name.clone(),
            tenant: tenant.clone(),
            run: call.run,
        });
        let (openings, agent) = openings(call);
        let egress = self.egress.open(openings, &agent);
        CallOutside::new(
            &trees,
            own,
            state,
            Arc::new(LedgerDatabases),
            listener,
            egress,
        )
        .map(|outside| Arc::new(outside.changing(!call.dry_run)))
        .map_err(|error| Failure::invalid(error.to_string()))
    }
}

/// What the schedule opens to its plugin for this tenant, and how the host calls itself there.
fn openings(call: &PluginCall<'_>) -> (Vec<Opening>, String) {
    let agent = concat!("strongroom/", env!("CARGO_PKG_VERSION"));
    let Served::Plugin {
        plugin,
        credentials,
        ..
    } = &call.prepared.served
    else {
        return (Vec::new(), agent.to_owned());
    };
    let description = plugin.description();
    let opened = |(service, grant): (&String, &ServiceGrant)| Opening {
        service: service.clone(),
        grant: grant.clone(),
        policy: Policy::new(
            service,
            &description.endpoints,
            grant,
            call.tenant,
            call.dry_run,
        ),
        credential: grant
            .credential
            .as_ref()
            .and_then(|name| credentials.get(name).cloned()),
    };
    let services = &call.prepared.schedule.grants.http;
    let agent = format!("{agent} {}/{}", description.name, description.version);
    (services.iter().map(opened).collect(), agent)
}

struct PluginState {
    ledger: Arc<dyn Ledger>,
    plugin: PluginName,
    tenant: TenantName,
}

#[async_trait]
impl StateStore for PluginState {
    async fn get(&self, key: &str) -> Result<Option<StateValue>, StateError> {
        let value = self
            .ledger
            .state_get(&self.plugin, &self.tenant, key)
            .await
            .map_err(state_error)?;
        Ok(value.map(|value| StateValue {
            bytes: value.bytes,
            version: value.version,
        }))
    }

    async fn set(
        &self,
        key: &str,
        bytes: Vec<u8>,
        expected: Option<u64>,
    ) -> Result<u64, StateError> {
        self.ledger
            .state_set(&self.plugin, &self.tenant, key, &bytes, expected)
            .await
            .map_err(state_error)
    }

    async fn delete(&self, key: &str, expected: u64) -> Result<(), StateError> {
        self.ledger
            .state_delete(&self.plugin, &self.tenant, key, expected)
            .await
            .map_err(state_error)
    }
}

fn state_error(error: strongroom_ledger::StateError) -> StateError {
    match error {
        strongroom_ledger::StateError::Changed => StateError::Changed,
        strongroom_ledger::StateError::Limit(which) => StateError::Limit(which),
        strongroom_ledger::StateError::Ledger(error) => StateError::Unavailable(error.to_string()),
    }
}

struct LedgerDatabases;

#[async_trait]
impl DatabaseCopy for LedgerDatabases {
    async fn copy(&self, source: &Path, destination: &Path) -> Result<u64, String> {
        strongroom_ledger::copy_database(source, destination)
            .await
            .map_err(|error| error.to_string())
    }
}

struct RunListener {
    observer: Arc<dyn Observer>,
    schedule: ScheduleName,
    tenant: TenantName,
    run: Uuid,
}

impl Listener for RunListener {
    fn log(&self, line: LogLine) {
        let fields = serde_json::to_string(&line.fields).unwrap_or_default();
        let (schedule, tenant, run) = (self.schedule.as_str(), self.tenant.as_str(), self.run);
        match line.level {
            LogLevel::Debug => {
                tracing::debug!(target: "plugin", schedule, tenant, %run, fields, "{}", line.message)
            }
            LogLevel::Info => {
                tracing::info!(target: "plugin", schedule, tenant, %run, fields, "{}", line.message)
            }
            LogLevel::Warn => {
                tracing::warn!(target: "plugin", schedule, tenant, %run, fields, "{}", line.message)
            }
            LogLevel::Error => {
                tracing::error!(target: "plugin", schedule, tenant, %run, fields, "{}", line.message)
            }
        }
    }

    fn progress(&self, progress: Progress) {
        self.observer
            .progress(&self.schedule, &self.tenant, &progress);
    }
}
