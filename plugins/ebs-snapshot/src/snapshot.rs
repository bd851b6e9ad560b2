//! A snapshot as EC2 tells of it.

use jiff::Timestamp;
use roxmltree::Node;
use strongroom_plugin::{Failure, Instant, Snapshot, SnapshotState};

use crate::tags::{COPIED_FROM, RUN, TENANT, Tags};
use crate::xml;

/// Bytes of a gibibyte, in which EC2 counts.
const GIB: u64 = 1 << 30;
/// What EC2 writes as the volume of a copy: there is none of that name.
const NO_VOLUME: &str = "vol-ffffffff";

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) id: String,
    /// `None`: it is a copy, or EC2 does not tell.
    pub(crate) volume: Option<String>,
    /// EC2's word.
    pub(crate) state: String,
    /// EC2's sentence about it.
    pub(crate) message: Option<String>,
    pub(crate) percent: Option<u8>,
    pub(crate) started: Timestamp,
    /// Of the volume, in bytes: what EC2 stores of it changes with its neighbours.
    pub(crate) size: u64,
    pub(crate) tags: Tags,
}

impl Found {
    /// Reads an item of a list; `None`: it lacks what a snapshot has.
    pub(crate) fn read(item: Node<'_, '_>) -> Option<Self> {
        let tags = xml::tags(item);
        let volume = xml::text(item, "volumeId").filter(|volume| {
            volume.starts_with("vol-") && *volume != NO_VOLUME && !tags.contains_key(COPIED_FROM)
        });
        let percent = xml::text(item, "progress").and_then(|text| text.strip_suffix('%'));
        Some(Self {
            id: id(xml::text(item, "snapshotId")?)?,
            volume: volume.map(str::to_owned),
            state: xml::text(item, "status")?.to_owned(),
            message: xml::text(item, "statusMessage").map(str::to_owned),
            percent: percent.and_then(|text| text.parse().ok()),
            started: xml::value(item, "startTime")?,
            size: xml::value::<u64>(item, "volumeSize")?.checked_mul(GIB)?,
            tags,
        })
    }

    /// As the host sees it.
    pub(crate) fn shown(&self, region: &str) -> Snapshot {
        let mut labels = Vec::new();
        if let Some(from) = self.tags.get(COPIED_FROM) {
            labels.push(("copied-from".to_owned(), from.clone()));
        }
        if let Some(message) = &self.message {
            labels.push(("message".to_owned(), message.clone()));
        }
        Snapshot {
            reference: reference(region, &self.id),
            tenant: self.tags.get(TENANT).cloned().unwrap_or_default(),
            run_id: self.tags.get(RUN).cloned(),
            taken_at: Instant(self.started.as_millisecond()),
            state: match self.state.as_str() {
                "completed" => SnapshotState::Ready,
                "pending" | "recovering" => SnapshotState::Creating,
                // In the recycle bin.
                "recoverable" => SnapshotState::Deleting,
                // A word that is not known yet is not taken for a good one.
                _ => SnapshotState::Failed,
            },
            size: Some(self.size),
            source: self.volume.clone(),
            place: Some(region.to_owned()),
            labels,
        }
    }
}

/// The id of a snapshot, if it is one.
fn id(text: &str) -> Option<String> {
    let rest = text.strip_prefix("snap-")?;
    let good = (1..=64).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    good.then(|| text.to_owned())
}

/// A snapshot as the host keeps it: `REGION/ID`.
pub(crate) fn reference(region: &str, id: &str) -> String {
    format!("{region}/{id}")
}

/// The id in a reference. Of another region than this it is refused: looking here would find nothing, and nothing counts as
/// deleted.
pub(crate) fn id_in(region: &str, reference: &str) -> Result<String, Failure> {
    let Some((there, id)) = reference
        .split_once('/')
        .and_then(|(there, text)| Some((there, id(text)?)))
    else {
        return Err(Failure::invalid(format!(
            "{reference:?} is not a snapshot in a region"
        )));
    };
    if there == region {
        return Ok(id);
    }
    Err(Failure::invalid(format!(
        "{reference:?} is in region {there:?}, and the configuration says {region:?}"
    )))
}
