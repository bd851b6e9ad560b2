//! A granted tree.

use crate::files::{
    BATCH, Change, Copied, CopyItem, Entry, Error, Reader, Walker, Writer, backend,
};

/// A granted tree. Paths are bytes, relative to it, `/`-separated; the empty path is the tree itself.
///
/// Lists of any length are handed to the host in batches and answered item by item, in order.
pub struct Tree(backend::Tree);

impl Tree {
    /// Opens a granted tree. `NotFound` when nothing of that name was granted.
    pub fn open(name: &str) -> Result<Self, Error> {
        backend::Tree::open(name).map(Self)
    }

    /// Whether the grant allows writing.
    #[must_use]
    pub fn writable(&self) -> bool {
        self.0.writable()
    }

    /// Bytes free for the host's process, and bytes in all, on the tree's disk.
    pub fn space(&self) -> Result<(u64, u64), Error> {
        self.0.space()
    }

    /// Describes one path.
    pub fn describe(&self, path: impl AsRef<[u8]>) -> Result<Entry, Error> {
        self.0.describe(path.as_ref())
    }

    /// Whether something is there; a dangling symbolic link is.
    pub fn exists(&self, path: impl AsRef<[u8]>) -> Result<bool, Error> {
        match self.describe(path) {
            Ok(_) => Ok(true),
            Err(Error::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Walks everything beneath a directory: each directory before its content, names in byte order.
    pub fn walk(&self, path: impl AsRef<[u8]>) -> Result<Walker, Error> {
        self.0.walk(path.as_ref()).map(Walker::new)
    }

    /// Reads a regular file from an offset.
    pub fn read(&self, path: impl AsRef<[u8]>, offset: u64) -> Result<Reader, Error> {
        self.0.read(path.as_ref(), offset).map(Reader::new)
    }

    /// Writes a new file (must not exist), mode 0600. Call [`Writer::finish`] at the end.
    pub fn write(&self, path: impl AsRef<[u8]>) -> Result<Writer, Error> {
        self.0.write(path.as_ref()).map(Writer::new)
    }

    /// Makes a directory, mode 0700.
    pub fn make_directory(&self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        self.0.make_directory(path.as_ref())
    }

    /// Makes a symbolic link whose text is `target`.
    pub fn symlink(&self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Result<(), Error> {
        self.0.symlink(path.as_ref(), target.as_ref())
    }

    /// Links files of this tree under new names in this tree: pairs of existing and new path.
    #[must_use]
    pub fn link(&self, items: &[(Vec<u8>, Vec<u8>)]) -> Vec<Result<(), Error>> {
        items
            .chunks(BATCH)
            .flat_map(|batch| self.0.link(batch))
            .collect()
    }

    /// Copies files from this tree into another; the bytes stay in the host.
    #[must_use]
    pub fn copy(&self, to: &Self, items: &[CopyItem]) -> Vec<Result<Copied, Error>> {
        items
            .chunks(BATCH)
            .flat_map(|batch| self.0.copy(&to.0, batch))
            .collect()
    }

    /// Size and SHA-256 of files; the bytes stay in the host.
    #[must_use]
    pub fn digest(&self, paths: &[Vec<u8>]) -> Vec<Result<(u64, Vec<u8>), Error>> {
        paths
            .chunks(BATCH)
            .flat_map(|batch| self.0.digest(batch))
            .collect()
    }

    /// Sets modes, owners, times and attributes, in the order owner, mode, attributes, time.
    #[must_use]
    pub fn set(&self, items: &[Change]) -> Vec<Result<(), Error>> {
        items
            .chunks(BATCH)
            .flat_map(|batch| self.0.set(batch))
            .collect()
    }

    /// Moves within the tree, replacing a file or link at the new path, never a directory.
    pub fn rename(&self, old: impl AsRef<[u8]>, new: impl AsRef<[u8]>) -> Result<(), Error> {
        self.0.rename(old.as_ref(), new.as_ref())
    }

    /// Removes a file, a link or an empty directory.
    pub fn remove(&self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        self.0.remove(path.as_ref())
    }

    /// Removes a directory and everything beneath it. Returns the number of entries.
    pub fn remove_all(&self, path: impl AsRef<[u8]>) -> Result<u64, Error> {
        self.0.remove_all(path.as_ref())
    }

    /// Everything written through this tree is on disk when it returns.
    pub fn sync(&self) -> Result<(), Error> {
        self.0.sync()
    }
}
