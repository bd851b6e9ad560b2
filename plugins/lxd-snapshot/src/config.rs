//! What an operator writes under `config` in a schedule.

use schemars::JsonSchema;
use serde::Deserialize;

/// The configuration of `lxd-snapshot`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The project that the volume belongs to.
    #[serde(default = "default_project")]
    #[schemars(regex(pattern = "^[^/ ]+$"))]
    pub project: String,
    /// The storage pool; snapshots are kept in it as well.
    #[schemars(regex(pattern = "^[^/ ]+$"))]
    pub pool: String,
    /// The custom storage volume. `{tenant}` stands for the tenant's name.
    #[schemars(regex(pattern = "^[^/ ]+$"))]
    pub volume: String,
}

fn default_project() -> String {
    "default".to_owned()
}

impl Config {
    /// The volume of a tenant.
    pub(crate) fn volume(&self, tenant: &str) -> String {
        self.volume.replace("{tenant}", tenant)
    }
}
