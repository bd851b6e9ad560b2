//! Copies a SQLite database through SQLite, which takes paths where everything else here takes handles.
//!
//! Owns: that the paths given to SQLite name the very files that were resolved, before and after.
//! Never: opens the source: closing a descriptor would drop the POSIX locks this process may hold on it.
//! Read next: `calls`, which runs it.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2, readlinkat};
use rustix::io::Errno;
use strongroom_sandbox::capability::files::{Copied, CopyItem, FileError, Metadata};

use super::content::{CHUNK_BYTES, Content, Pour};
use super::failures::{Answer, failure};
use super::metadata::{name_of, of_handle, of_name};
use super::paths::TreePath;
use super::stop::Stop;
use super::trees::{NewFile, Tree, Writable, regular, reopen};

/// Copies SQLite databases consistently.
#[async_trait]
pub(crate) trait DatabaseCopy: Send + Sync + 'static {
    /// Copies `source` into `destination`, an empty file of mode 0600, and closes both before it returns.
    ///
    /// Both paths are absolute and free of links: opening them with `SQLITE_OPEN_NOFOLLOW` is right where it can be
    /// asked for. The source is untrusted. Returns the bytes written, or why not in one sentence.
    async fn copy(&self, source: &Path, destination: &Path) -> Result<u64, String>;
}

/// Copies as the ledger's own backup does.
pub(crate) struct LedgerDatabases;

#[async_trait]
impl DatabaseCopy for LedgerDatabases {
    async fn copy(&self, source: &Path, destination: &Path) -> Result<u64, String> {
        let copied = strongroom_ledger::copy_database(source, destination).await;
        copied.map_err(|error| error.to_string())
    }
}

/// A copy about to be made. SQLite finds `-wal` and `-shm` beside a path, and resolves links in it by text, so it gets
/// absolute paths free of links. Someone who may rename folders inside the source could still exchange one in the
/// moment between; `finish` notices unless it was put back, and a grant should not reach into folders of strangers.
#[derive(Debug)]
pub(super) struct DatabaseItem {
    pub(super) source: PathBuf,
    pub(super) destination: PathBuf,
    before: Metadata,
    new: NewFile,
}

impl DatabaseItem {
    /// Resolves both ends and makes the empty destination.
    pub(super) fn prepare(from: &Tree, to: &Writable, item: &CopyItem) -> Answer<Self> {
        let handle = from.handle(TreePath::new(&item.source)?)?;
        let before = of_handle(&handle)?;
        regular(before.kind)?;
        let source = absolute(&handle)?;
        let new = to.create(TreePath::new(&item.destination)?)?;
        for suffix in ["-wal", "-shm", "-journal"] {
            let beside = [new.name.as_slice(), suffix.as_bytes()].concat();
            match of_name(&new.folder, &beside) {
                Err(Errno::NOENT | Errno::NAMETOOLONG) => {}
                Err(errno) => return Err(failure(errno)),
                Ok(_) => {
                    let why =
                        format!("a file ending in `{suffix}` already lies beside the destination");
                    return Err(FileError::Database(why));
                }
            }
        }
        let destination = absolute(&new.file)?;
        let prepared = Self {
            source,
            destination,
            before,
            new,
        };
        prepared.still_there()?;
        Ok(prepared)
    }

    /// Hashes what SQLite wrote, once its connection is closed.
    pub(super) fn finish(mut self, stop: &Stop) -> Answer<Copied> {
        self.still_there()?;
        let copy = reopen(&self.new.file)?;
        let written = of_handle(&copy)?;
        let content = Pour::hash(&copy, &written).run(&mut vec![0; CHUNK_BYTES], stop)?;
        if content.bytes == 0 {
            return Err(FileError::Database("SQLite wrote nothing".into()));
        }
        self.new.keep();
        let Content { bytes, sha256, .. } = content;
        // SQLite's backup is of one moment, whatever is written meanwhile.
        Ok(Copied {
            bytes,
            sha256,
            metadata: self.before,
            disturbed: false,
        })
    }

    fn still_there(&self) -> Answer<()> {
        let new = of_handle(&self.new.file)?;
        if same_file(&self.source, &self.before) && same_file(&self.destination, &new) {
            return Ok(());
        }
        Err(FileError::Database(
            "it was moved or replaced while it was being copied".into(),
        ))
    }
}

fn absolute(handle: &OwnedFd) -> Answer<PathBuf> {
    let path = readlinkat(CWD, name_of(handle), Vec::new()).map_err(failure)?;
    Ok(PathBuf::from(OsString::from_vec(path.into_bytes())))
}

/// Whether an absolute path, no link in it, names this file.
fn same_file(path: &Path, file: &Metadata) -> bool {
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let named = openat2(
        CWD,
        path,
        OFlags::PATH | OFlags::CLOEXEC,
        Mode::empty(),
        resolve,
    );
    let named = named.map_err(failure).and_then(|handle| of_handle(&handle));
    named.is_ok_and(|named| (named.device, named.inode) == (file.device, file.inode))
}
