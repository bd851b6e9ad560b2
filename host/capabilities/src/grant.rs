//! What one call is given: what its schedule grants and its plugin imports, and nothing else.
//!
//! Owns: the one place where a capability comes to be there. Never: what it does then; each has its own file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use strongroom_domain::capability::Capability;
use strongroom_domain::egress::{Credential, Policy, ServiceGrant};
use strongroom_domain::grants::Access;
use strongroom_domain::schedule::Schedule;
use strongroom_domain::{CredentialName, TenantName};
use strongroom_egress::{Egress, GrantedService};
use strongroom_ledger::Ledger;
use strongroom_sandbox::Plugin;
use strongroom_sandbox::capability::Capabilities;
use strongroom_sandbox::capability::progress::Progress;
use uuid::Uuid;

use crate::dry_run::DryRun;
use crate::files::{CallFiles, GrantedTree, LedgerDatabases, TreeError};
use crate::http::CallHttp;
use crate::log::RunLog;
use crate::state::PluginState;

/// How the host calls itself to services; the plugin's name follows.
const AGENT: &str = concat!("strongroom/", env!("CARGO_PKG_VERSION"));

/// What stands behind the capabilities.
#[derive(Clone, Copy)]
pub struct Backends<'a> {
    /// Values of plugins.
    pub ledger: &'a Arc<dyn Ledger>,
    /// The way to services.
    pub egress: &'a Egress,
    /// SQLite files this process has open itself, the ledger's: they are copied through SQLite or not at all, because
    /// closing any other descriptor of theirs would drop the process's locks.
    pub own_databases: &'a [PathBuf],
}

/// One call, as far as it decides what is granted.
pub struct Scope<'a> {
    /// Who is called.
    pub plugin: &'a Plugin,
    /// Whose grants count.
    pub schedule: &'a Schedule,
    /// Every declared credential, by name.
    pub credentials: &'a BTreeMap<CredentialName, Arc<Credential>>,
    /// Whose data.
    pub tenant: &'a TenantName,
    /// The same for every attempt.
    pub run: Uuid,
    /// Change nothing.
    pub dry_run: bool,
    /// Whether trees that are granted for reading are open to this call.
    pub sources: bool,
    /// One more folder for this call alone, instead of a granted tree of the same name.
    pub place: Option<GrantedTree>,
    /// Who hears how far it has come.
    pub progress: Arc<dyn Progress>,
}

/// What one call was given, and what only the host saw of its use.
pub struct Granted {
    /// For the sandbox.
    pub capabilities: Capabilities,
    http: Option<Arc<CallHttp>>,
    dry_run: Arc<DryRun>,
}

impl Granted {
    /// Why requests had no answer so far, in the host's words: the plugin does not know them.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        self.http
            .as_ref()
            .map(|http| http.troubles())
            .unwrap_or_default()
    }

    /// What it tried so far and was not let do: requests that are not granted, and in a dry run changes.
    #[must_use]
    pub fn held_back(&self) -> Vec<String> {
        let mut held = self.dry_run.held_back();
        held.extend(self.http.iter().flat_map(|http| http.denials()));
        held
    }
}

/// Makes what is both granted and imported.
///
/// # Errors
/// [`TreeError`]: a granted folder cannot be used.
pub fn grant(backends: Backends<'_>, scope: Scope<'_>) -> Result<Granted, TreeError> {
    let Scope {
        plugin,
        schedule,
        tenant,
        ..
    } = &scope;
    let dry_run = Arc::new(DryRun::new(scope.dry_run));
    let trees = scope.trees();
    let files = if plugin.imports(Capability::Files) && !trees.is_empty() {
        let databases = Arc::new(LedgerDatabases);
        let files = CallFiles::open(
            &trees,
            backends.own_databases,
            databases,
            Arc::clone(&dry_run),
        )?;
        Some(Arc::new(files) as _)
    } else {
        None
    };
    let state = (schedule.grants.state && plugin.imports(Capability::State)).then(|| {
        Arc::new(PluginState {
            store: backends.ledger.clone(),
            plugin: schedule.plugin.clone(),
            tenant: (*tenant).clone(),
            dry_run: Arc::clone(&dry_run),
        }) as _
    });
    let services = scope.services();
    let http = (!services.is_empty() && plugin.imports(Capability::Http)).then(|| {
        let description = plugin.description();
        let agent = format!("{AGENT} {}/{}", description.name, description.version);
        Arc::new(CallHttp::new(backends.egress.open(services, &agent)))
    });
    let log = Arc::new(RunLog {
        schedule: schedule.name.clone(),
        tenant: (*tenant).clone(),
        run: scope.run,
    });
    Ok(Granted {
        capabilities: Capabilities {
            files,
            state,
            http: http.clone().map(|http| http as _),
            log,
            progress: scope.progress,
        },
        http,
        dry_run,
    })
}

impl Scope<'_> {
    fn trees(&self) -> Vec<GrantedTree> {
        let granted = self.schedule.grants.files.iter();
        let open = granted.filter(|(name, grant)| {
            (self.sources || grant.access == Access::Write)
                && self.place.as_ref().is_none_or(|place| place.name != **name)
        });
        let tree = |(name, grant): (&String, &strongroom_domain::grants::TreeGrant)| GrantedTree {
            name: name.clone(),
            folder: grant.folder(self.tenant),
            access: grant.access,
        };
        open.map(tree).chain(self.place.clone()).collect()
    }

    /// The services that the schedule grants its plugin for this tenant.
    fn services(&self) -> Vec<GrantedService> {
        let endpoints = &self.plugin.description().endpoints;
        let granted = |(service, grant): (&String, &ServiceGrant)| GrantedService {
            name: service.clone(),
            grant: grant.clone(),
            policy: Policy::new(service, endpoints, grant, self.tenant, self.dry_run),
            credential: (grant.credential.as_ref())
                .and_then(|name| self.credentials.get(name).cloned()),
        };
        self.schedule.grants.http.iter().map(granted).collect()
    }
}
