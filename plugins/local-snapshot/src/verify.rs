//! Reads a whole snapshot and compares it with what was recorded: nothing missing, nothing changed, nothing extra.
//!
//! Owns: the comparison of a walk of the shelf with the records, which are in the same order.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use strongroom_plugin::files::{BATCH, Entry, Kind, Tree};
use strongroom_plugin::{Call, Evidence, Failure, progress};

use crate::config::Config;
use crate::create::{MANIFEST, digest};
use crate::order::join;
use crate::record::{Record, What};
use crate::recorded::METADATA;
use crate::reference;
use crate::sealed::{Damage, Sealed};
use crate::shelf::Shelf;
use crate::walked::Walked;

/// Verifies one snapshot.
pub(crate) fn verify(
    call: &Call<Config>,
    place: &Tree,
    reference: &str,
) -> Result<Evidence, Failure> {
    let name = reference::folder(&call.tenant, reference)?;
    let shelf = Shelf::new(place, &call.tenant)?;
    if !shelf.is_published(name)? {
        return Err(Failure::not_found(format!(
            "{reference} is not on the shelf"
        )));
    }
    let folder = shelf.path(name);
    let mut records = Sealed::open(place, &folder)?;
    let mut check = Check::new(place, &folder)?;
    while let Some(record) = records.next(&mut check.damage)? {
        if record.is_present() {
            check.expect(record)?;
        }
    }
    check.finish()?;
    let manifest = digest(place, &join(&folder, MANIFEST.as_bytes()))?;
    match check.damage.failure() {
        Some(failure) => Err(failure),
        None => Ok(Evidence::new()
            .fact("verified", reference)
            .fact("checked", "bytes")
            .files(check.files)
            .bytes(check.bytes)
            .fact("manifest", manifest.to_string())),
    }
}

struct Check<'a> {
    place: &'a Tree,
    folder: &'a [u8],
    walked: Walked,
    /// Files whose content is still to be read.
    pending: Vec<Record>,
    /// The inode of each group of names, so that one content is read once.
    groups: BTreeMap<u64, (u64, u64)>,
    damage: Damage,
    files: u64,
    bytes: u64,
}

impl<'a> Check<'a> {
    fn new(place: &'a Tree, folder: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self {
            place,
            folder,
            walked: Walked::open(place, folder)?,
            pending: Vec::new(),
            groups: BTreeMap::new(),
            damage: Damage::default(),
            files: 0,
            bytes: 0,
        })
    }

    /// Holds a record against what the walk comes to.
    fn expect(&mut self, record: Record) -> Result<(), Failure> {
        while self.walked.order(&record.path.0).is_lt() {
            self.extra()?;
        }
        match self.walked.find(&record.path.0)? {
            Some(entry) => self.same(record, &entry),
            None => self.damage.add(&record.path.0, "missing"),
        }
        Ok(())
    }

    /// Passes over an entry that no record knows.
    fn extra(&mut self) -> Result<(), Failure> {
        let path = self.walked.ahead().unwrap_or_default();
        if path != METADATA.as_bytes() && path != MANIFEST.as_bytes() {
            self.damage.add(path, "not part of the snapshot");
        }
        self.walked.take().map(drop)
    }

    fn same(&mut self, record: Record, entry: &Entry) {
        let metadata = &entry.metadata;
        let path = &record.path.0;
        if let Some(error) = &entry.error {
            self.damage.add(path, &error.words());
            return;
        }
        match (record.kind, &metadata.kind) {
            (What::Directory, Kind::Directory) => {}
            (What::Symlink, Kind::Symlink)
                if entry.target == record.target.as_ref().map(|target| target.0.clone()) => {}
            (What::Symlink, Kind::Symlink) => self.damage.add(path, "the link points elsewhere"),
            (What::File, Kind::File) if metadata.size != record.bytes() => {
                self.damage.add(
                    path,
                    &format!("has {} bytes instead of {}", metadata.size, record.bytes()),
                );
            }
            (What::File, Kind::File) => {
                self.files += 1;
                if !self.is_read_already(&record, (metadata.device, metadata.inode)) {
                    self.pending.push(record);
                }
                if self.pending.len() >= BATCH {
                    self.read_pending();
                }
            }
            _ => self.damage.add(path, "is of another kind"),
        }
    }

    /// Whether this is a further name of a file that is read under its first.
    fn is_read_already(&mut self, record: &Record, identity: (u64, u64)) -> bool {
        match record.group.map(|group| self.groups.entry(group)) {
            Some(Slot::Occupied(first)) => *first.get() == identity,
            Some(Slot::Vacant(first)) => {
                first.insert(identity);
                false
            }
            None => false,
        }
    }

    fn read_pending(&mut self) {
        let records = std::mem::take(&mut self.pending);
        let paths: Vec<Vec<u8>> = records
            .iter()
            .map(|record| join(self.folder, &record.path.0))
            .collect();
        for (record, answer) in records.iter().zip(self.place.digest(&paths)) {
            match answer {
                Ok((bytes, found)) if record.sha256.is_some_and(|digest| found == digest.0) => {
                    self.bytes += bytes
                }
                Ok(_) => self.damage.add(&record.path.0, "the content differs"),
                Err(error) => self.damage.add(&record.path.0, &error.words()),
            }
        }
        progress::report(
            self.files,
            0,
            "files",
            &format!("{} MiB read", self.bytes >> 20),
        );
    }

    fn finish(&mut self) -> Result<(), Failure> {
        while self.walked.ahead().is_some() {
            self.extra()?;
        }
        self.read_pending();
        Ok(())
    }
}
