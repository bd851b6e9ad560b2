//! What is tested, and against what.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_config::SourceFile;
use strongroom_domain::TenantName;
use strongroom_domain::grants::Grants;
use strongroom_domain::role::Role;
use strongroom_sandbox::{Plugin, Sandbox};

use strongroom_orchestrator::{Prepared, Served};

/// The plugin under test.
pub struct Subject {
    /// Loaded.
    pub plugin: Plugin,
    /// The file it was loaded from, byte for byte: it is loaded anew to see what is the same afterwards.
    pub bytes: Vec<u8>,
    /// Where.
    pub sandbox: Arc<Sandbox>,
}

/// A real provider: everything that the operator of a schedule gives.
pub struct Against {
    /// The schedule, fitted to the plugin.
    pub prepared: Prepared,
    /// A name at the provider that a restore may take; what is restored there stays.
    pub restore_as: Option<String>,
    /// An empty folder of the suite's own, for restores to files.
    pub scratch: PathBuf,
}

/// Whom the plugin is asked for when no schedule names a tenant.
const NOBODY: &str = "conformance";
/// A schedule of no importance.
const PLAIN: &str = "[[schedule]]\nname = \"conformance\"\nplugin = \"conformance\"\nat = \"2026-01-01T00:00:00Z\"\ntenants = [\"conformance\"]\n";

impl Subject {
    /// Loads the plugin once more.
    pub(super) async fn loaded_anew(&self) -> Result<Plugin, String> {
        let loaded = self.sandbox.load(self.bytes.clone()).await;
        loaded.map_err(|error| error.to_string())
    }

    /// The plugin with nothing granted. `None`: there is no configuration that is valid.
    pub(super) fn bare(&self, against: Option<&Against>) -> Option<Prepared> {
        let mut schedule = match against {
            Some(against) => (*against.prepared.schedule).clone(),
            None => plain()?,
        };
        if against.is_none() {
            let schema = &self.plugin.description().config_schema;
            let config = serde_json::json!({});
            let valid =
                jsonschema::validator_for(schema).is_ok_and(|schema| schema.is_valid(&config));
            if !valid {
                return None;
            }
            schedule.config = config.to_string().into();
            schedule.plugin = self.plugin.description().name.clone();
        }
        schedule.grants = Arc::new(Grants::default());
        let role = match self.plugin.roles().contains(&Role::Snapshots) {
            true => Role::Snapshots,
            false => Role::Task,
        };
        Some(Prepared {
            schedule: Arc::new(schedule),
            served: served(&self.plugin),
            role,
        })
    }
}

/// A plugin and nothing that proves who it is.
fn served(plugin: &Plugin) -> Served {
    Served::Plugin {
        plugin: plugin.clone(),
        size: 0,
        credentials: Arc::default(),
    }
}

fn plain() -> Option<strongroom_domain::schedule::Schedule> {
    let file = SourceFile {
        path: PathBuf::from("conformance.toml"),
        folder: PathBuf::from("/"),
        text: PLAIN.to_owned(),
    };
    let set = strongroom_config::parse(vec![file], Timestamp::UNIX_EPOCH).ok()?;
    Some((*set.schedules.first()?.schedule).clone())
}

impl Against {
    /// Whose snapshots are made.
    pub(super) fn tenant(&self) -> Option<TenantName> {
        let tenants = &self.prepared.schedule.tenants;
        tenants
            .first()
            .cloned()
            .or_else(|| TenantName::new(NOBODY).ok())
    }

    /// Somebody else: the schedule's second tenant, or one that nobody is.
    pub(super) fn stranger(&self) -> Option<TenantName> {
        let tenants = &self.prepared.schedule.tenants;
        let nobody = || TenantName::new("strongroom-nobody").ok();
        tenants.get(1).cloned().or_else(nobody)
    }

    /// The same schedule with the plugin loaded anew.
    pub(super) fn with(&self, loaded: Plugin) -> Prepared {
        let served = match &self.prepared.served {
            Served::Plugin {
                size, credentials, ..
            } => Served::Plugin {
                plugin: loaded,
                size: *size,
                credentials: credentials.clone(),
            },
            Served::Replies(replies) => Served::Replies(replies.clone()),
        };
        Prepared {
            served,
            ..self.prepared.clone()
        }
    }
}
