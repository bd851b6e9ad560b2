//! Walkers, readers and writers that live from one call of the guest to the next.
//!
//! Owns: how many there may be, and their place in the file. Never: shared between calls of a plugin.
//! Read next: `mod.rs`, which hands out their numbers.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{Mode, OFlags, fsync, openat};
use rustix::io::pread;
use strongroom_sandbox::capability::files::{FileError, Handle};

use super::content::write_all;
use super::failures::{Answer, failure, refused};
use super::paths::TreePath;
use super::trees::{NewFile, Tree, Writable};
use super::walk::Walker;

/// Open at once in one call. A writer holds two descriptors, and one plugin must not use up the host's (often 1 024).
const STREAMS: usize = 128;
/// Of these, walkers: each holds up to 17 descriptors and 64 MiB of names. Two trees side by side need two.
const WALKERS: usize = 4;
/// Bytes that one call takes to or from the guest.
const PIECE_BYTES: usize = 1 << 20;

/// What a handle stands for.
#[derive(Debug)]
pub(super) enum Stream {
    Walker(Box<Walker>),
    Reader(Reader),
    Writer(Writer),
}

type Shared = Arc<Mutex<Stream>>;

/// The open streams of one call.
#[derive(Debug, Default)]
pub(super) struct Streams(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    last: Handle,
    walkers: BTreeMap<Handle, Shared>,
    others: BTreeMap<Handle, Shared>,
}

impl Streams {
    /// Takes a stream and gives its number.
    pub(super) fn insert(&self, stream: Stream) -> Answer<Handle> {
        let walker = matches!(stream, Stream::Walker(_));
        self.room(walker)?;
        let mut open = unpoisoned(&self.0);
        open.last += 1;
        let handle = open.last;
        let kind = if walker {
            &mut open.walkers
        } else {
            &mut open.others
        };
        kind.insert(handle, Arc::new(Mutex::new(stream)));
        Ok(handle)
    }

    /// Whether another one may be opened.
    pub(super) fn room(&self, walker: bool) -> Answer<()> {
        let open = unpoisoned(&self.0);
        match walker {
            true if open.walkers.len() >= WALKERS => {
                Err(refused("more than 4 walkers open at once"))
            }
            false if open.others.len() >= STREAMS => {
                Err(refused("more than 128 readers and writers open at once"))
            }
            _ => Ok(()),
        }
    }

    /// The stream of a number.
    pub(super) fn get(&self, handle: Handle) -> Answer<Shared> {
        let open = unpoisoned(&self.0);
        let found = open
            .walkers
            .get(&handle)
            .or_else(|| open.others.get(&handle));
        found
            .map(Arc::clone)
            .ok_or_else(|| refused("this walker, reader or writer is closed"))
    }

    /// Forgets a stream. One at work ends first.
    pub(super) fn remove(&self, handle: Handle) {
        let mut open = unpoisoned(&self.0);
        let forgotten = open
            .walkers
            .remove(&handle)
            .or_else(|| open.others.remove(&handle));
        drop(open);
        drop(forgotten);
    }
}

/// A lock whose last holder panicked still guards usable data: every change here is a single step.
pub(super) fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file being read.
#[derive(Debug)]
pub(super) struct Reader {
    file: OwnedFd,
    at: u64,
}

impl Reader {
    /// Opens a regular file.
    pub(super) fn new(tree: &Tree, path: &[u8], offset: u64) -> Answer<Self> {
        let (file, _) = tree.file(TreePath::new(path)?)?;
        Ok(Self { file, at: offset })
    }

    /// The next bytes; empty at the end.
    pub(super) fn next(&mut self, limit: u32) -> Answer<Vec<u8>> {
        if limit == 0 {
            return Err(refused("a read of no bytes"));
        }
        if i64::try_from(self.at).is_err() {
            return Ok(Vec::new());
        }
        let mut bytes = vec![0; PIECE_BYTES.min(limit as usize)];
        let read = pread(&self.file, bytes.as_mut_slice(), self.at).map_err(failure)?;
        bytes.truncate(read);
        self.at += read as u64;
        Ok(bytes)
    }
}

/// A file being written.
#[derive(Debug)]
pub(super) struct Writer {
    new: NewFile,
    at: u64,
}

impl Writer {
    /// Makes the file. It stays, complete or not.
    pub(super) fn new(tree: &Writable, path: &[u8]) -> Answer<Self> {
        let mut new = tree.create(TreePath::new(path)?)?;
        new.keep();
        Ok(Self { new, at: 0 })
    }

    /// Appends.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Answer<()> {
        if bytes.len() > PIECE_BYTES {
            return Err(refused("more than 1 MiB in one write"));
        }
        write_all(&self.new.file, bytes, self.at)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// To disk: the content, then the name.
    pub(super) fn finish(&mut self) -> Answer<()> {
        fsync(&self.new.file).map_err(failure)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(&self.new.folder, c".", flags, Mode::empty()).map_err(failure)?;
        fsync(&folder).map_err(failure)
    }
}

/// The error for a number of another kind; the sandbox never mixes them up.
pub(super) fn wrong_kind() -> FileError {
    refused("not a handle for this call")
}
