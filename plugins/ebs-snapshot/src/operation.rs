//! What the host keeps while something goes on: EC2 has no operations, so it is the ids of what is waited for.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strongroom_plugin::provider::resume;
use strongroom_plugin::{Call, Failure, Operation, Step};

use crate::config::Config;
use crate::{catalog, create, restore, verify};

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
    /// The answer that it goes on, to be asked after in so many seconds.
    pub(crate) fn goes_on(
        &self,
        seconds: u64,
        percent: Option<u8>,
        note: String,
    ) -> Result<Step, Failure> {
        let operation = Operation::of(self, note)?;
        Ok(operation
            .after(Duration::from_secs(seconds))
            .at(percent)
            .into())
    }
}

/// Asks after what goes on.
pub(crate) fn poll(call: &Call<Config>, handle: &[u8]) -> Result<Step, Failure> {
    match resume(handle)? {
        Handle::Look { made, left } => create::look(call, &made, left),
        Handle::Make { made, id, unseen } => create::poll(call, &made, &id, unseen),
        Handle::Delete { id } => catalog::poll(call, &id),
        Handle::Restore {
            snapshot,
            volume,
            unseen,
        } => restore::poll(call, &snapshot, &volume, unseen),
        Handle::Verify {
            snapshot,
            volume,
            unseen,
        } => verify::poll(call, &snapshot, &volume, unseen),
    }
}
