//! Carries out what was planned for a batch of entries, with one call to the host for each kind of work.
//!
//! Owns: the order within a batch (directories, links, copies, metadata, further names, records) and what is done when
//! a file does not hold still or goes away. Never: a byte of a file.

use strongroom_plugin::Failure;
use strongroom_plugin::files::{Copied, CopyItem, Error, Method};

use crate::create::image::{Act, Image, Planned, Source, on_shelf};
use crate::encoding::{Digest, Mode};
use crate::manifest;
use crate::order::{join, show};
use crate::record::{self, What};

/// Bytes copied before progress is told again.
const TELL: u64 = 256 << 20;

impl Image<'_> {
    /// Does and records a batch.
    pub(crate) fn carry_out(
        &mut self,
        source: &Source,
        mut batch: Vec<Planned>,
    ) -> Result<(), Failure> {
        self.make_directories(&batch)?;
        self.compare_recent(source, &mut batch);
        self.link_unchanged(source, &mut batch);
        self.copy_all(source, &mut batch)?;
        self.join_all(source, &mut batch)?;
        self.make_symlinks(&mut batch)?;
        self.set_metadata(&batch)?;
        self.record_all(batch)?;
        let left = self.folders.take_left();
        self.tally.given_up.apply(self.place, left)
    }

    fn shelf_path(&self, planned: &Planned) -> Vec<u8> {
        join(&self.folder, &planned.record.path.0)
    }

    fn make_directories(&self, batch: &[Planned]) -> Result<(), Failure> {
        for planned in batch.iter().filter(|planned| planned.act == Act::Directory) {
            let path = self.shelf_path(planned);
            self.place
                .make_directory(&path)
                .map_err(|error| error.at(path))?;
        }
        Ok(())
    }

    /// Reads what changed so shortly before the last snapshot that its times could hide another change.
    fn compare_recent(&self, source: &Source, batch: &mut [Planned]) {
        let mut recent: Vec<&mut Planned> = batch
            .iter_mut()
            .filter(|planned| matches!(planned.act, Act::LinkIf(..)))
            .collect();
        let paths: Vec<Vec<u8>> = recent
            .iter()
            .map(|planned| planned.source.clone())
            .collect();
        for (planned, answer) in recent.iter_mut().zip(source.tree.digest(&paths)) {
            let Act::LinkIf(before, expected) = std::mem::replace(&mut planned.act, Act::Copy)
            else {
                continue;
            };
            if answer.is_ok_and(|(_, found)| found == expected.0) {
                planned.act = Act::Link(before);
            } else {
                self.look_for_sqlite(&source.tree, planned);
            }
        }
    }

    /// What cannot be linked, because it is gone or has too many names, is copied.
    fn link_unchanged(&mut self, source: &Source, batch: &mut [Planned]) {
        let mut items = Vec::new();
        for planned in batch.iter() {
            if let Act::Link(before) = &planned.act {
                items.push((before.clone(), self.shelf_path(planned)));
            }
        }
        let links = batch
            .iter_mut()
            .filter(|planned| matches!(planned.act, Act::Link(_)));
        for (planned, answer) in links.zip(self.place.link(&items)) {
            if answer.is_ok() {
                self.tally.totals.linked += 1;
            } else {
                planned.act = Act::Copy;
                planned.record.sqlite = false;
                self.look_for_sqlite(&source.tree, planned);
            }
        }
    }

    fn copy_all(&mut self, source: &Source, batch: &mut [Planned]) -> Result<(), Failure> {
        let mut part: Vec<&mut Planned> = Vec::new();
        let mut bytes = 0;
        for planned in batch.iter_mut().filter(|planned| planned.act == Act::Copy) {
            bytes += planned.record.size;
            part.push(planned);
            if bytes >= TELL {
                self.copy_part(source, std::mem::take(&mut part))?;
                bytes = 0;
            }
        }
        self.copy_part(source, part)
    }

    /// Copies; a file that changed meanwhile is copied once more, then taken as it is and reported.
    fn copy_part(&mut self, source: &Source, part: Vec<&mut Planned>) -> Result<(), Failure> {
        let mut disturbed = Vec::new();
        for (planned, answer) in self.copy_now(source, part) {
            match answer {
                Ok(copied) if copied.disturbed && !planned.record.sqlite => {
                    let path = self.shelf_path(planned);
                    self.place.remove(&path).map_err(|error| error.at(path))?;
                    disturbed.push(planned);
                }
                answer => self.take(planned, answer)?,
            }
        }
        for (planned, answer) in self.copy_now(source, disturbed) {
            planned.record.disturbed = answer.as_ref().is_ok_and(|copied| copied.disturbed);
            if planned.record.disturbed {
                self.tally.warn(format!(
                    "changed while it was read, twice: the copy of {} is of no single moment",
                    show(&planned.record.path.0)
                ));
            }
            self.take(planned, answer)?;
        }
        self.tell();
        Ok(())
    }

    fn copy_now<'p>(
        &self,
        source: &Source,
        part: Vec<&'p mut Planned>,
    ) -> Vec<(&'p mut Planned, Result<Copied, Error>)> {
        let items: Vec<CopyItem> = part
            .iter()
            .map(|planned| {
                let method = match planned.record.sqlite {
                    true => Method::Sqlite,
                    false => Method::Bytes,
                };
                CopyItem::new(planned.source.clone(), self.shelf_path(planned), method)
            })
            .collect();
        let answers = if items.is_empty() {
            Vec::new()
        } else {
            source.tree.copy(self.place, &items)
        };
        part.into_iter().zip(answers).collect()
    }

    /// Takes over what a copy says of the file, or why there is none.
    fn take(
        &mut self,
        planned: &mut Planned,
        answer: Result<Copied, Error>,
    ) -> Result<(), Failure> {
        let record = &mut planned.record;
        (record.sha256, record.stored) = (None, None);
        match answer {
            Ok(copied) => {
                let now = copied.metadata;
                record.sha256 = Digest::from_slice(&copied.sha256);
                record.stored = (copied.bytes != now.size).then_some(copied.bytes);
                (record.mode, record.uid, record.gid, record.size) =
                    (Mode(now.mode), now.uid, now.gid, now.size);
                (record.mtime, record.ctime) = (now.modified.into(), now.changed.into());
                if (record.device, record.inode) != (now.device, now.inode) {
                    // Another file has taken the name: it shares nothing with the other names of the one before.
                    record.group = None;
                    (record.device, record.inode) = (now.device, now.inode);
                }
                record.recent = crate::unchanged::is_recent(self.began, record.ctime);
                planned.fresh = true;
                self.tally.totals.new_bytes += copied.bytes;
            }
            Err(Error::NotFound) => planned.act = Act::Vanished,
            Err(error @ (Error::Full | Error::ReadOnly)) => {
                return Err(error.at(self.shelf_path(planned)));
            }
            Err(Error::Database(why)) => {
                let path = show(&record.path.0);
                return Err(Failure::unavailable(format!(
                    "{path}: the SQLite database could not be copied consistently: {why}. Try again when it is less busy, or set sqlite = \"bytes\""
                )));
            }
            Err(error) => {
                self.tally.unreadable(&record.path.0, &error);
                record.absent = Some(format!("unreadable: {}", error.words()));
                planned.act = Act::Record;
            }
        }
        Ok(())
    }

    /// Gives files their further names; where the first one is missing or full of links, they are copied.
    fn join_all(&mut self, source: &Source, batch: &mut [Planned]) -> Result<(), Failure> {
        // First names of this batch are known now.
        for planned in batch.iter().filter(|planned| {
            planned.record.group.is_some() && matches!(planned.act, Act::Copy | Act::Link(_))
        }) {
            if let Some(group) = self
                .groups
                .get_mut(&(planned.record.device, planned.record.inode))
            {
                group.first.get_or_insert_with(|| planned.record.clone());
            }
        }
        let (mut joined, mut items, mut copied) = (Vec::new(), Vec::new(), Vec::new());
        for planned in batch.iter_mut() {
            let Act::Join(identity) = planned.act else {
                continue;
            };
            match self
                .groups
                .get(&identity)
                .and_then(|group| group.first.as_ref())
            {
                Some(first) => {
                    items.push((
                        join(&self.folder, &first.path.0),
                        join(&self.folder, &planned.record.path.0),
                    ));
                    (
                        planned.record.sha256,
                        planned.record.stored,
                        planned.record.disturbed,
                    ) = (first.sha256, first.stored, first.disturbed);
                    (
                        planned.record.sqlite,
                        planned.record.journal,
                        planned.record.recent,
                    ) = (first.sqlite, first.journal, first.recent);
                    joined.push(planned);
                }
                None => copied.push(planned),
            }
        }
        for (planned, answer) in joined.into_iter().zip(self.place.link(&items)) {
            if answer.is_err() {
                copied.push(planned);
            }
        }
        for planned in &mut copied {
            planned.act = Act::Copy;
            planned.record.group = None;
            planned.record.sqlite = false;
            self.look_for_sqlite(&source.tree, planned);
        }
        self.groups
            .values_mut()
            .filter(|group| group.to_come == 0)
            .for_each(|group| group.first = None);
        self.copy_part(source, copied)
    }

    fn make_symlinks(&mut self, batch: &mut [Planned]) -> Result<(), Failure> {
        for planned in batch
            .iter_mut()
            .filter(|planned| planned.act == Act::Symlink)
        {
            let path = self.shelf_path(planned);
            let target = planned
                .record
                .target
                .as_ref()
                .map(|target| target.0.as_slice())
                .unwrap_or_default();
            self.place
                .symlink(&path, target)
                .map_err(|error| error.at(path))?;
            planned.fresh = true;
        }
        Ok(())
    }

    fn set_metadata(&mut self, batch: &[Planned]) -> Result<(), Failure> {
        let fresh = batch
            .iter()
            .filter(|planned| planned.fresh)
            .map(|planned| on_shelf(&self.folder, &planned.record))
            .collect();
        self.tally.given_up.apply(self.place, fresh)
    }

    fn record_all(&mut self, batch: Vec<Planned>) -> Result<(), Failure> {
        for planned in batch {
            let record = &planned.record;
            if planned.act == Act::Vanished {
                self.tally.warn(format!(
                    "went away while the snapshot was made: {}",
                    show(&record.path.0)
                ));
                continue;
            }
            let totals = &mut self.tally.totals;
            match record.kind {
                What::Directory => totals.directories += 1,
                What::Symlink => totals.symlinks += 1,
                What::File if record.absent.is_none() => {
                    totals.files += 1;
                    totals.bytes += if matches!(planned.act, Act::Join(_)) {
                        0
                    } else {
                        record.bytes()
                    };
                }
                What::File | What::Special => {}
            }
            let written = match record.sha256.filter(|_| record.is_present()) {
                Some(digest) => self
                    .manifest
                    .append(&manifest::line(&digest, &record.path.0)),
                None => Ok(()),
            };
            written
                .and_then(|()| self.metadata.append(&record::line(record)))
                .map_err(|error| error.at(&self.folder))?;
        }
        Ok(())
    }

    fn tell(&self) {
        let totals = &self.tally.totals;
        strongroom_plugin::progress::report(
            totals.files,
            0,
            "files",
            &format!("{} MiB copied", totals.new_bytes >> 20),
        );
    }
}
