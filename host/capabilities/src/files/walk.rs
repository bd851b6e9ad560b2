//! Walks a folder: each folder before its content, names in byte order, in batches.
//!
//! Owns: what a walk reports, also of what it cannot read. Never: follows a link; fails as a whole for one entry.
//! Read next: `folder`, the descent, and `metadata`, what an entry holds.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::io::Errno;
use strongroom_sandbox::capability::files::{Entry, FileError, FileKind, FileTime, Metadata};

use super::failures::{Answer, failure, refused};
use super::folder::{Descent, Found, open_folder};
use super::metadata::{Follow, attributes, link_text, name_of, of_name};
use super::paths::{LEVELS, TreePath};
use super::stop::Stop;
use super::trees::Tree;

/// Entries in one batch.
const BATCH_ENTRIES: usize = 1_024;
/// A batch ends early above this, so that long names and attributes cannot fill the guest's memory.
const BATCH_BYTES: usize = 1 << 20;

/// A walk under way.
#[derive(Debug)]
pub(super) struct Walker {
    tree: Arc<Tree>,
    descent: Descent,
    /// `/proc/self/fd/N/` of the current folder, to which a name is appended; empty: not known yet.
    prefix: Vec<u8>,
}

impl Walker {
    /// Begins at a folder, which is not itself an entry.
    pub(super) fn new(tree: Arc<Tree>, path: &[u8]) -> Answer<Self> {
        let handle = tree.listing(TreePath::new(path)?)?;
        let mut descent = Descent::default();
        descent.enter(handle, path.to_owned())?;
        Ok(Self {
            tree,
            descent,
            prefix: Vec::new(),
        })
    }

    /// The next entries; empty at the end.
    pub(super) fn next(&mut self, limit: u32, stop: &Stop) -> Answer<Vec<Entry>> {
        if limit == 0 {
            return Err(refused("a batch of no entries"));
        }
        let limit = BATCH_ENTRIES.min(limit as usize);
        let mut batch = Vec::with_capacity(limit);
        let mut bytes = 0;
        while batch.len() < limit && bytes < BATCH_BYTES {
            stop.check()?;
            match self.descent.next() {
                Some(found) => {
                    // What went away since its folder was listed is left out.
                    if let Some(entry) = self.look(found)? {
                        bytes += size(&entry);
                        batch.push(entry);
                    }
                }
                None if self.descent.leave().is_none() => break,
                None => self.prefix.clear(),
            }
        }
        Ok(batch)
    }

    /// Describes what was found and enters it if it is a folder.
    fn look(&mut self, found: Found) -> Answer<Option<Entry>> {
        let tree = &self.tree;
        let folder = match self
            .descent
            .current(|path| tree.listing(TreePath::new(path)?))
        {
            Ok(folder) => folder,
            Err(FileError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let name = found.name();
        let metadata = match of_name(folder, name) {
            Ok(metadata) => metadata,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Ok(Some(unknown(found, failure(errno)))),
        };
        if self.prefix.is_empty() {
            self.prefix = name_of(folder).into_bytes();
            self.prefix.push(b'/');
        }
        let mut entry = Entry {
            path: Vec::new(),
            metadata,
            target: None,
            attributes: Vec::new(),
            error: None,
        };
        let read = match metadata.kind {
            FileKind::Special => Ok(()),
            FileKind::Symlink => link_text(folder, name).map(|text| entry.target = Some(text)),
            FileKind::File | FileKind::Directory => {
                let stem = self.prefix.len();
                self.prefix.extend_from_slice(name);
                let read = attributes(&self.prefix, Follow::No)
                    .map(|attributes| entry.attributes = attributes);
                self.prefix.truncate(stem);
                read
            }
        };
        let read = read.and_then(|()| match metadata.kind {
            FileKind::Directory => open_folder(folder, name).map_err(failure).map(Some),
            _ => Ok(None),
        });
        match read.and_then(|opened| self.enter(opened, &found.path)) {
            Err(FileError::NotFound) => return Ok(None),
            result => entry.error = result.err(),
        }
        entry.path = found.path;
        Ok(Some(entry))
    }

    fn enter(&mut self, opened: Option<OwnedFd>, path: &[u8]) -> Answer<()> {
        // What could not be named in any other call is reported here and not entered.
        let checked = TreePath::new(path)?;
        let Some(handle) = opened else { return Ok(()) };
        if checked.levels() >= LEVELS {
            return Err(refused("more than 256 levels deep"));
        }
        self.descent.enter(handle, path.to_owned())?;
        self.prefix.clear();
        Ok(())
    }
}

/// An entry of which only the name is known.
fn unknown(found: Found, error: FileError) -> Entry {
    let never = FileTime {
        seconds: 0,
        nanoseconds: 0,
    };
    let metadata = Metadata {
        kind: if found.folder {
            FileKind::Directory
        } else {
            FileKind::File
        },
        mode: 0,
        uid: 0,
        gid: 0,
        size: 0,
        allocated: 0,
        modified: never,
        changed: never,
        links: 1,
        device: 0,
        inode: 0,
    };
    Entry {
        path: found.path,
        metadata,
        target: None,
        attributes: Vec::new(),
        error: Some(error),
    }
}

/// Bytes that an entry brings to the guest.
fn size(entry: &Entry) -> usize {
    let attributes: usize = entry
        .attributes
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    entry.path.len() + entry.target.as_ref().map_or(0, Vec::len) + attributes
}
