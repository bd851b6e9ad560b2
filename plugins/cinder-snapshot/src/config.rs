//! What an operator writes under `config` in a schedule.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use strongroom_plugin::{Call, Failure};

/// The configuration of `cinder-snapshot`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The id of the project that the volumes belong to, as it stands in the service's URLs.
    #[schemars(regex(pattern = "^[0-9A-Za-z_-]{1,255}$"))]
    pub project: String,
    /// The id of each tenant's volume.
    #[schemars(length(min = 1))]
    pub volumes: BTreeMap<String, String>,
}

/// The volume of the call's tenant.
pub(crate) fn volume_of(call: &Call<Config>) -> Result<&str, Failure> {
    let tenant = &call.tenant;
    let id = call.config.volumes.get(tenant).ok_or_else(|| {
        Failure::invalid(format!(
            "`volumes` in the configuration names no volume for tenant {tenant}"
        ))
    })?;
    if is_id(id) {
        Ok(id)
    } else {
        Err(Failure::invalid(format!(
            "the volume {id:?} of tenant {tenant} is no id, such as 38d899ad-e117-4387-98c6-bb0e610e6bbb"
        )))
    }
}

/// Whether a text has the form of the service's ids. Anything else could be another place: `snapshots/detail`.
pub(crate) fn is_id(text: &str) -> bool {
    let shape = "00000000-0000-0000-0000-000000000000";
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, shape)| {
            if shape == b'-' {
                byte == b'-'
            } else {
                matches!(byte, b'0'..=b'9' | b'a'..=b'f')
            }
        })
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn only_ids_are_ids() {
        assert!(is_id("38d899ad-e117-4387-98c6-bb0e610e6bbb"));
        for text in [
            "",
            "detail",
            "38d899ade117438798c6bb0e610e6bbb",
            "38D899AD-E117-4387-98C6-BB0E610E6BBB",
            "38d899ad-e117-4387-98c6-bb0e610e6bb/",
            "38d899ad-e117-4387-98c6-bb0e610e6bbb0",
        ] {
            assert!(!is_id(text), "{text}");
        }
    }
}
