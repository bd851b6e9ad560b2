//! What the host keeps while something goes on: EC2 has no operations, so it is the ids of what is waited for.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strongroom_plugin::{Failure, Operation, Step};

/// How often what was just begun may not be shown yet.
pub(crate) const UNSEEN: u8 = 6;

/// What a snapshot is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "kebab-case")]
pub(crate) enum Made {
    /// A volume.
    Volume { id: String },
    /// A snapshot of another region.
    Copy { region: String, id: String },
}

/// What the host keeps.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Handle {
    /// An earlier attempt may have made the snapshot, and EC2 may not show it yet: so many looks are left.
    Look { made: Made, left: u8 },
    /// The snapshot is being made; so many times EC2 did not show it yet.
    Make { made: Made, id: String, unseen: u8 },
    /// The snapshot is being deleted.
    Delete { id: String },
    /// A volume is being made of the snapshot; so many times EC2 did not show it.
    Restore {
        snapshot: String,
        volume: String,
        unseen: u8,
    },
    /// A scratch volume is being made of the snapshot; so many times EC2 did not show it.
    Verify {
        snapshot: String,
        volume: String,
        unseen: u8,
    },
}

impl Handle {
    /// Reads what the host kept.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Failure> {
        serde_json::from_slice(bytes).map_err(|error| {
            Failure::invalid(format!("this is no operation of this plugin: {error}"))
        })
    }

    /// The answer that it goes on, to be asked after in so many seconds.
    pub(crate) fn goes_on(
        &self,
        seconds: u64,
        percent: Option<u8>,
        note: String,
    ) -> Result<Step, Failure> {
        let bytes = serde_json::to_vec(self)
            .map_err(|error| Failure::other(format!("the operation cannot be kept: {error}")))?;
        let mut operation = Operation::new(bytes, note);
        operation.poll_after = Duration::from_secs(seconds);
        operation.percent = percent;
        Ok(operation.into())
    }
}
