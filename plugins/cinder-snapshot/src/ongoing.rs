//! Operations that go on at the provider: nothing but ids is remembered, everything else is read anew.
//!
//! Owns: the handle, how long until the next look. Read next: the module of each kind.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strongroom_plugin::provider::resume;
use strongroom_plugin::{Call, Failure, Operation, Step};

use crate::cloud::Cloud;
use crate::config::Config;
use crate::{create, delete, restore, verify};

/// The longest wait between two looks; a snapshot of a large volume may take an hour.
const LONGEST: Duration = Duration::from_secs(30);

/// What goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Ongoing {
    /// A snapshot is being taken.
    Create { snapshot: String },
    /// A snapshot is being deleted.
    Delete { snapshot: String },
    /// A volume is being made, to stay.
    Restore { volume: String, snapshot: String },
    /// A scratch volume that an earlier verification left is being removed.
    Clear { volume: String, snapshot: String },
    /// A scratch volume is being made.
    Scratch { volume: String, snapshot: String },
    /// A scratch volume is being removed.
    Remove {
        volume: String,
        snapshot: String,
        /// What was wrong with it, if anything was.
        verdict: Option<Failure>,
    },
}

#[derive(Serialize, Deserialize)]
struct Handle {
    ongoing: Ongoing,
    /// How often it was looked at.
    looked: u32,
}

impl Ongoing {
    /// Looks again soon.
    pub(crate) fn begun(self, note: &str) -> Result<Step, Failure> {
        self.after(0, None, note)
    }

    /// Looks again, later each time.
    pub(crate) fn after(
        self,
        looked: u32,
        percent: Option<u8>,
        note: &str,
    ) -> Result<Step, Failure> {
        let handle = Handle {
            ongoing: self,
            looked: looked.saturating_add(1),
        };
        let wait = Duration::from_secs(1 << looked.min(8)).min(LONGEST);
        Ok(Operation::of(&handle, note)?.after(wait).at(percent).into())
    }
}

/// Looks how far an operation is.
pub(crate) fn poll(call: &Call<Config>, handle: &[u8]) -> Result<Step, Failure> {
    let Handle { ongoing, looked } = resume(handle)?;
    let cloud = Cloud::of(call);
    match ongoing {
        Ongoing::Create { snapshot } => create::look(call, &cloud, &snapshot, looked),
        Ongoing::Delete { snapshot } => delete::look(&cloud, &snapshot, looked),
        Ongoing::Restore { volume, snapshot } => restore::look(&cloud, volume, snapshot, looked),
        Ongoing::Clear { volume, snapshot } => {
            verify::cleared(call, &cloud, volume, snapshot, looked)
        }
        Ongoing::Scratch { volume, snapshot } => verify::look(&cloud, volume, snapshot, looked),
        Ongoing::Remove {
            volume,
            snapshot,
            verdict,
        } => verify::removed(&cloud, volume, snapshot, verdict, looked),
    }
}
