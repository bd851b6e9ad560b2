//! What an operator writes under `config` in a schedule.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// The configuration of `gcp-snapshot`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The id of the project (not its number) in which disks and snapshots are.
    #[schemars(regex(
        pattern = r"^([a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?:)?[a-z][-a-z0-9]{4,28}[a-z0-9]$"
    ))]
    pub project: String,
    /// The zone of the disk, and of disks that are made of snapshots.
    #[schemars(regex(pattern = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"))]
    pub zone: String,
    /// The name of the disk; `{tenant}` stands for the tenant's name.
    #[schemars(regex(pattern = r"^([-a-z0-9]|\{tenant\}){1,63}$"))]
    pub disk: String,
    /// Where snapshots are kept: a region such as `europe-west1`, or a multi-region such as `eu`. Without it, where the
    /// project's settings say.
    #[schemars(regex(pattern = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"))]
    pub storage_location: Option<String>,
    /// Labels of the snapshots beside the plugin's own, which begin with `strongroom_`.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 32, "propertyNames" = {"pattern": "^[a-z][-_a-z0-9]{0,62}$"},
        "additionalProperties" = {"type": "string", "pattern": "^[-_a-z0-9]{0,63}$"}))]
    pub labels: BTreeMap<String, String>,
    /// Whether the guest is asked to write out what it holds before a snapshot; its own software must be ready for it.
    #[serde(default)]
    pub guest_flush: bool,
    /// The type of disks that are made of snapshots, such as `pd-balanced`. Without it, the provider's default.
    #[schemars(regex(pattern = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"))]
    pub disk_type: Option<String>,
}

impl Config {
    /// The name of a tenant's disk.
    pub(crate) fn disk_of(&self, tenant: &str) -> String {
        self.disk.replace("{tenant}", tenant)
    }
}
