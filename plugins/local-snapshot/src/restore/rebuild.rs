//! Rebuilds entries in the target, batch by batch.
//!
//! Owns: that metadata comes back as it was recorded (modes, owners, times, attributes, further names), and that what
//! cannot is told. After the first damage nothing more is written; the rest is only read, to name all that is damaged.

use std::collections::BTreeMap;

use strongroom_plugin::files::{Change, CopyItem, Error, Method, Tree};
use strongroom_plugin::{Evidence, Failure, progress};

use crate::apply::GivenUp;
use crate::folders::Folders;
use crate::order::{join, show};
use crate::record::{Record, What};
use crate::sealed::Damage;

/// Warnings told word by word.
const WARNINGS: usize = 200;

/// A restore under way.
pub(crate) struct Rebuild<'a> {
    place: &'a Tree,
    folder: &'a [u8],
    target: &'a Tree,
    folders: Folders,
    /// The first restored name of each group.
    groups: BTreeMap<u64, Vec<u8>>,
    given_up: GivenUp,
    warnings: Vec<String>,
    files: u64,
    directories: u64,
    bytes: u64,
}

impl<'a> Rebuild<'a> {
    pub(crate) fn new(place: &'a Tree, folder: &'a [u8], target: &'a Tree) -> Self {
        Self {
            place,
            folder,
            target,
            folders: Folders::default(),
            groups: BTreeMap::new(),
            given_up: GivenUp::default(),
            warnings: Vec::new(),
            files: 0,
            directories: 0,
            bytes: 0,
        }
    }

    /// Rebuilds a batch of records, which come in the order of the walk.
    pub(crate) fn carry_out(
        &mut self,
        batch: Vec<Record>,
        damage: &mut Damage,
    ) -> Result<(), Failure> {
        if !damage.is_none() {
            self.read_only(&batch, damage);
            return Ok(());
        }
        let (mut files, mut names, mut changes) = (Vec::new(), Vec::new(), Vec::new());
        for record in batch {
            let path = &record.path.0;
            self.folders.at(path);
            if !record.is_present() {
                self.leave_out(&record);
                continue;
            }
            match record.kind {
                What::Directory => {
                    self.target
                        .make_directory(path)
                        .map_err(|error| error.at(path))?;
                    self.folders.enter(original(&record));
                    self.directories += 1;
                }
                What::Symlink => {
                    let text = record
                        .target
                        .as_ref()
                        .map(|target| target.0.as_slice())
                        .unwrap_or_default();
                    self.target
                        .symlink(path, text)
                        .map_err(|error| error.at(path))?;
                    changes.push(original(&record));
                }
                What::File => match record.group.and_then(|group| self.groups.get(&group)) {
                    Some(first) => names.push((first.clone(), path.clone())),
                    None => {
                        record
                            .group
                            .map(|group| self.groups.insert(group, path.clone()));
                        files.push(record);
                    }
                },
                What::Special => {}
            }
        }
        self.copy(&files, damage)?;
        self.files += (files.len() + names.len()) as u64;
        if damage.is_none() {
            for ((_, path), answer) in names.iter().zip(self.target.link(&names)) {
                answer.map_err(|error| error.at(path))?;
            }
            changes.extend(files.iter().map(original));
            self.given_up.apply(self.target, changes)?;
            let left = self.folders.take_left();
            self.given_up.apply(self.target, left)?;
        }
        progress::report(
            self.files,
            0,
            "files",
            &format!("{} MiB restored", self.bytes >> 20),
        );
        Ok(())
    }

    /// Sets the directories that are still open.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        let left = self.folders.take_all();
        self.given_up.apply(self.target, left)
    }

    /// What was restored, and what could not be.
    pub(crate) fn evidence(mut self, reference: &str) -> Evidence {
        if self.given_up.owners > 0 {
            self.warnings.push(format!(
                "{} owners could not be restored: the host's user may not give files away",
                self.given_up.owners
            ));
        }
        if self.given_up.attributes > 0 {
            let some = self.given_up.attribute_paths.join(", ");
            self.warnings.push(format!(
                "the attributes of {} files could not be restored: {some}",
                self.given_up.attributes
            ));
        }
        let evidence = Evidence::new()
            .fact("restored", reference)
            .files(self.files)
            .bytes(self.bytes)
            .fact("directories", self.directories);
        self.warnings
            .iter()
            .fold(evidence, |evidence, warning| evidence.warning(warning))
    }

    /// Copies from the shelf; the digest that the host took on the way must be the recorded one.
    fn copy(&mut self, files: &[Record], damage: &mut Damage) -> Result<(), Failure> {
        let items: Vec<CopyItem> = files
            .iter()
            .map(|record| {
                let source = join(self.folder, &record.path.0);
                CopyItem::new(source, record.path.0.clone(), Method::Bytes)
            })
            .collect();
        if items.is_empty() {
            return Ok(());
        }
        for (record, answer) in files.iter().zip(self.place.copy(self.target, &items)) {
            match answer {
                Ok(copied)
                    if record
                        .sha256
                        .is_some_and(|digest| copied.sha256 == digest.0) =>
                {
                    self.bytes += copied.bytes;
                    if record.disturbed {
                        self.warn(format!(
                            "changed while the snapshot was made, so it is of no single moment: {}",
                            show(&record.path.0)
                        ));
                    }
                }
                Ok(_) => damage.add(&record.path.0, "the content differs"),
                Err(error @ (Error::Full | Error::ReadOnly)) => {
                    return Err(error.at(&record.path.0));
                }
                Err(error) => damage.add(&record.path.0, &lost(&error)),
            }
        }
        Ok(())
    }

    /// Once something is damaged, the rest is only read.
    fn read_only(&self, batch: &[Record], damage: &mut Damage) {
        let files: Vec<&Record> = batch
            .iter()
            .filter(|record| record.kind == What::File && record.is_present())
            .collect();
        let paths: Vec<Vec<u8>> = files
            .iter()
            .map(|record| join(self.folder, &record.path.0))
            .collect();
        for (record, answer) in files.iter().zip(self.place.digest(&paths)) {
            match answer {
                Ok((_, found)) if record.sha256.is_some_and(|digest| found == digest.0) => {}
                Ok(_) => damage.add(&record.path.0, "the content differs"),
                Err(error) => damage.add(&record.path.0, &lost(&error)),
            }
        }
    }

    fn leave_out(&mut self, record: &Record) {
        match (record.kind, &record.absent) {
            (What::Special, _) => self.warn(format!(
                "a device, socket or FIFO is not restored: {}",
                show(&record.path.0)
            )),
            (_, Some(why)) if why.starts_with("unreadable") => self.warn(format!(
                "was not in the snapshot, {why}: {}",
                show(&record.path.0)
            )),
            _ => {}
        }
    }

    fn warn(&mut self, warning: String) {
        if self.warnings.len() < WARNINGS {
            self.warnings.push(warning);
        }
    }
}

/// Why a file of the shelf cannot be read, in the words that `verify` uses.
fn lost(error: &Error) -> String {
    if *error == Error::NotFound {
        "missing".to_owned()
    } else {
        error.words()
    }
}

/// Everything an entry had in the source.
fn original(record: &Record) -> Change {
    let mode = (record.kind != What::Symlink).then_some(record.mode.0);
    Change {
        mode,
        owner: Some((record.uid, record.gid)),
        modified: Some(record.mtime.into()),
        attributes: record
            .xattrs
            .iter()
            .map(|(name, value)| (name.clone(), value.0.clone()))
            .collect(),
        ..Change::of(record.path.0.as_slice())
    }
}
