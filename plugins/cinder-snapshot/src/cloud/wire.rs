//! Snapshots and volumes as the service writes them.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use strongroom_plugin::{Failure, Instant, SnapshotState};

use super::marks::Marks;

/// A snapshot.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) status: String,
    /// Of the volume, in GiB.
    pub(crate) size: u64,
    pub(crate) volume_id: String,
    pub(crate) created_at: String,
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, String>,
    #[serde(default, rename = "os-extended-snapshot-attributes:progress")]
    pub(crate) progress: Option<String>,
}

/// A volume.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Volume {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) status: String,
    /// In GiB.
    pub(crate) size: u64,
    pub(crate) snapshot_id: Option<String>,
    #[serde(default)]
    pub(crate) availability_zone: Option<String>,
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Snapshot {
    pub(crate) fn marks(&self) -> Marks<'_> {
        Marks(&self.metadata)
    }

    /// What the status means. `restoring` and `backing-up` read from a snapshot that is complete.
    pub(crate) fn state(&self) -> SnapshotState {
        match self.status.as_str() {
            "available" | "backing-up" | "restoring" => SnapshotState::Ready,
            "creating" => SnapshotState::Creating,
            "deleting" | "deleted" | "unmanaging" => SnapshotState::Deleting,
            _ => SnapshotState::Failed,
        }
    }

    pub(crate) fn bytes(&self) -> Result<u64, Failure> {
        bytes(self.size)
    }

    /// The service writes UTC without saying so.
    pub(crate) fn taken_at(&self) -> Result<Instant, Failure> {
        let text = self.created_at.trim_end_matches('Z');
        let text = text.strip_suffix("+00:00").unwrap_or(text);
        let time = text
            .parse::<DateTime>()
            .and_then(|time| time.to_zoned(TimeZone::UTC));
        time.map(|time| Instant(time.timestamp().as_millisecond()))
            .map_err(|_| {
                let shown: String = self.created_at.chars().take(40).collect();
                Failure::other(format!(
                    "the provider says that snapshot {} was made at {shown:?}, which is no time",
                    self.id
                ))
            })
    }

    pub(crate) fn percent(&self) -> Option<u8> {
        let text = self.progress.as_deref()?.strip_suffix('%')?;
        text.parse().ok().filter(|percent| *percent <= 100)
    }
}

impl Volume {
    pub(crate) fn marks(&self) -> Marks<'_> {
        Marks(&self.metadata)
    }

    pub(crate) fn bytes(&self) -> Result<u64, Failure> {
        bytes(self.size)
    }
}

fn bytes(gib: u64) -> Result<u64, Failure> {
    gib.checked_mul(1 << 30)
        .ok_or_else(|| Failure::other(format!("the provider says {gib} GiB, which cannot be")))
}
