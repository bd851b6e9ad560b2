//! What an operator writes under `config` in a schedule.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use strongroom_plugin::{Call, Failure};

/// The configuration of `ebs-snapshot`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The region that the service is of, in which snapshots are kept.
    #[schemars(regex(pattern = "^[a-z0-9-]+$"))]
    pub region: String,
    /// The volume of each tenant. A schedule that only copies needs none.
    #[serde(default)]
    pub volumes: BTreeMap<String, VolumeId>,
    /// The availability zone of volumes that are made of snapshots, for restores and verifications.
    #[serde(default)]
    #[schemars(regex(pattern = "^[a-z0-9-]+$"))]
    pub zone: Option<String>,
    /// The type of these volumes, such as `gp3`; without it, EC2's default.
    #[serde(default)]
    #[schemars(regex(pattern = "^[a-z0-9]+$"))]
    pub volume_type: Option<String>,
    /// The region that snapshots are copied from.
    #[serde(default)]
    #[schemars(regex(pattern = "^[a-z0-9-]+$"))]
    pub copy_from_region: Option<String>,
}

/// The id of a volume.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct VolumeId(#[schemars(regex(pattern = "^vol-[0-9a-f]+$"))] pub String);

impl Config {
    /// The volume of the tenant of a call. Nobody gets a snapshot of another tenant's volume.
    pub(crate) fn volume(call: &Call<Self>) -> Result<&str, Failure> {
        let volume = call.config.volumes.get(&call.tenant);
        volume.map(|id| id.0.as_str()).ok_or_else(|| {
            Failure::invalid(format!(
                "`config.volumes` names no volume of {}",
                call.tenant
            ))
        })
    }

    /// Where volumes are made of snapshots.
    pub(crate) fn zone(&self) -> Result<&str, Failure> {
        let zone = self.zone.as_deref().ok_or_else(|| {
            Failure::invalid("a volume is made in an availability zone: write `config.zone`")
        })?;
        if self.has(zone) {
            return Ok(zone);
        }
        Err(Failure::invalid(format!(
            "zone `{zone}` is not one of region `{}`",
            self.region
        )))
    }

    /// Whether a zone is one of the region.
    pub(crate) fn has(&self, zone: &str) -> bool {
        zone.strip_prefix(&self.region)
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with(|c: char| c.is_ascii_digit()))
    }
}
