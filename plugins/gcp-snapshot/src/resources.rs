//! What Google answers with, as far as it is read: required is what every answer has, the rest may be missing.
//!
//! Owns: the shape of disks, snapshots and operations, and what their links mean. Never: a judgement about them.

use serde::{Deserialize, Deserializer};

use crate::names::Labels;

/// A disk.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Disk {
    pub(crate) name: String,
    #[serde(deserialize_with = "id")]
    pub(crate) id: String,
    pub(crate) status: String,
    #[serde(deserialize_with = "number")]
    pub(crate) size_gb: u64,
    pub(crate) self_link: String,
    pub(crate) source_snapshot: Option<String>,
    pub(crate) source_snapshot_id: Option<String>,
    #[serde(default)]
    pub(crate) labels: Labels,
}

/// A snapshot.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot {
    pub(crate) name: String,
    #[serde(deserialize_with = "id")]
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) self_link: String,
    pub(crate) creation_timestamp: jiff::Timestamp,
    pub(crate) source_disk: String,
    #[serde(deserialize_with = "id")]
    pub(crate) source_disk_id: String,
    #[serde(deserialize_with = "number")]
    pub(crate) disk_size_gb: u64,
    #[serde(default)]
    pub(crate) storage_locations: Vec<String>,
    pub(crate) storage_bytes: Option<String>,
    #[serde(default)]
    pub(crate) labels: Labels,
}

/// Some snapshots.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshots {
    /// Tells an empty list from an answer that is none.
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) items: Vec<Snapshot>,
    pub(crate) next_page_token: Option<String>,
}

/// An operation.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    pub(crate) name: String,
    #[serde(deserialize_with = "id")]
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) self_link: String,
    pub(crate) target_link: String,
    pub(crate) target_id: Option<String>,
    pub(crate) client_operation_id: Option<String>,
    pub(crate) progress: Option<u64>,
    pub(crate) error: Option<Errors>,
    pub(crate) http_error_status_code: Option<u16>,
}

/// What went wrong in an operation.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Errors {
    #[serde(default)]
    pub(crate) errors: Vec<OperationError>,
}

/// One thing that went wrong.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct OperationError {
    #[serde(default)]
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) message: String,
}

impl Snapshot {
    /// The size of the disk in bytes; Google's gigabytes are those of powers of two.
    pub(crate) fn bytes(&self) -> u64 {
        self.disk_size_gb.saturating_mul(1 << 30)
    }

    /// The disk it is one of, and which one of that name.
    pub(crate) fn source(&self) -> String {
        source(path(&self.source_disk), &self.source_disk_id)
    }

    /// Where it is kept; `None` where Google does not say yet.
    pub(crate) fn place(&self) -> Option<String> {
        let mut places = self.storage_locations.clone();
        places.sort();
        (!places.is_empty()).then(|| places.join(","))
    }
}

/// A disk by its path and the id of the one of that name.
pub(crate) fn source(path: &str, id: &str) -> String {
    format!("{path}@{id}")
}

/// The path of a resource in a link, `projects/…`, whatever host and version the link names.
pub(crate) fn path(link: &str) -> &str {
    let rest = link.strip_prefix("https://").unwrap_or(link);
    rest.find("/projects/")
        .and_then(|at| rest.get(at + 1..))
        .unwrap_or(rest)
}

/// Numbers of 64 bits travel as texts.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let text = String::deserialize(from)?;
    text.parse()
        .map_err(|_| serde::de::Error::custom("a number of 64 bits is not one"))
}

fn id<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if crate::names::is_id(&text) {
        Ok(text)
    } else {
        Err(serde::de::Error::custom("an id is no number of 64 bits"))
    }
}
