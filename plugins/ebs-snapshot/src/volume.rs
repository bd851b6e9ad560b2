//! A volume as EC2 tells of it.

use roxmltree::Node;
use strongroom_plugin::Failure;

use crate::config::Config;
use crate::snapshot::Found;
use crate::tags::Tags;
use crate::xml;

/// Bytes of a gibibyte, in which EC2 counts.
const GIB: u64 = 1 << 30;

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Volume {
    pub(crate) id: String,
    pub(crate) snapshot: Option<String>,
    pub(crate) zone: String,
    /// EC2's word.
    pub(crate) state: String,
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) tags: Tags,
}

impl Volume {
    /// Reads an item of a list; `None`: it lacks what a volume has.
    pub(crate) fn read(item: Node<'_, '_>) -> Option<Self> {
        Some(Self {
            id: xml::text(item, "volumeId")?.to_owned(),
            snapshot: xml::text(item, "snapshotId").map(str::to_owned),
            zone: xml::text(item, "availabilityZone")?.to_owned(),
            state: xml::text(item, "status")?.to_owned(),
            size: xml::value::<u64>(item, "size")?.checked_mul(GIB)?,
            tags: xml::tags(item),
        })
    }

    /// Whether it is a volume of this snapshot, as far as EC2 tells.
    pub(crate) fn agrees(&self, snapshot: &Found, config: &Config) -> Result<(), Failure> {
        let zone = config.zone()?;
        let of = self.snapshot.as_deref();
        if of == Some(&snapshot.id) && self.size == snapshot.size && self.zone == zone {
            return Ok(());
        }
        Err(Failure::corrupt(format!(
            "volume {} has {} bytes, is of {} and in {}; the snapshot {} has {} bytes, and {zone} was asked for",
            self.id,
            self.size,
            of.unwrap_or("no snapshot"),
            self.zone,
            snapshot.id,
            snapshot.size
        )))
    }
}
