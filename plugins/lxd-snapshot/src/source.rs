//! The volume that snapshots are of: LXD's own name for it, and for where it is.

use strongroom_plugin::Failure;

use crate::api::{Lxd, Thing};

/// The key by which newer versions of LXD tell a volume from another one that had its name.
const INCARNATION: &str = "volatile.uuid";

/// A volume that is there.
pub(crate) struct Source {
    /// `PROJECT/POOL/VOLUME`, with `#UUID` where LXD tells one.
    pub(crate) name: String,
    /// `POOL`, or `MEMBER/POOL` in a cluster.
    pub(crate) place: String,
}

impl Lxd<'_> {
    /// Reads the volume; `not-found`: there is none, and so none of its snapshots.
    pub(crate) fn source(&self) -> Result<Source, Failure> {
        let volume = self.volume(&self.volume)?;
        Ok(Source {
            name: self.name_of(&volume),
            place: match volume.location.as_str() {
                "" | "none" => self.pool().to_owned(),
                member => format!("{member}/{}", self.pool()),
            },
        })
    }

    fn name_of(&self, volume: &Thing) -> String {
        let name = format!("{}/{}/{}", self.project(), self.pool(), self.volume);
        match volume.config.get(INCARNATION) {
            Some(uuid) => format!("{name}#{uuid}"),
            None => name,
        }
    }
}
