//! Granted folders as handles, and the only ways from a path to a file beneath one.
//!
//! Owns: resolution (`openat2`, beneath the handle, no link followed) and the choke point for changes (`Writable`).
//! Never: follows a symbolic link, opens a device, socket or FIFO, or uses a path of the guest without a handle.
//! Read next: `walk`, `copy`, `change`.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, ResolveFlags, fstatvfs, openat, openat2, syncfs, unlinkat,
};
use rustix::io::Errno;
use strongroom_domain::grants::Access;
use strongroom_sandbox::capability::files::{FileError, FileKind, Metadata};

use super::failures::{Answer, failure, refused, resolution};
use super::granted::{GrantedTree, TreeError};
use super::metadata::{name_of, of_handle};
use super::paths::TreePath;

/// Beneath the handle, never through a link, not even the kernel's own in `/proc`. Mounts may be crossed: a source
/// often has some inside, made by the operator.
const BENEATH: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS);
/// The kernel asks to try again when a rename went past; somebody renaming for ever shall not keep us.
const ATTEMPTS: u32 = 32;
const HANDLE: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const NEW_FILE: OFlags = OFlags::WRONLY
    .union(OFlags::CREATE)
    .union(OFlags::EXCL)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Device and inode of files that are never opened here.
pub(super) type KeptOff = BTreeSet<(u64, u64)>;

/// One granted folder, opened once.
#[derive(Debug)]
pub(super) struct Tree {
    root: OwnedFd,
    writable: bool,
    kept_off: Arc<KeptOff>,
}

impl Tree {
    /// Opens a granted folder.
    pub(super) fn open(granted: &GrantedTree, kept_off: Arc<KeptOff>) -> Result<Self, TreeError> {
        let (name, folder) = (granted.name.clone(), granted.folder.clone());
        let root = openat(CWD, &folder, FOLDER, Mode::empty()).map_err(|errno| match errno {
            Errno::NOENT => TreeError::Missing {
                name: name.clone(),
                folder: folder.clone(),
            },
            Errno::NOTDIR => TreeError::NotAFolder {
                name: name.clone(),
                folder: folder.clone(),
            },
            other => TreeError::Unreachable {
                name: name.clone(),
                folder: folder.clone(),
                cause: other.into(),
            },
        })?;
        let tree = Self {
            root,
            writable: granted.access == Access::Write,
            kept_off,
        };
        match openat2(&tree.root, c".", FOLDER, Mode::empty(), BENEATH) {
            Ok(_) => Ok(tree),
            Err(Errno::NOSYS) => Err(TreeError::Unsupported(
                "`openat2`: Linux 5.8 or newer, not blocked by seccomp",
            )),
            Err(errno) => Err(TreeError::Unreachable {
                name,
                folder,
                cause: errno.into(),
            }),
        }
    }

    /// Whether changes were granted.
    pub(super) fn is_writable(&self) -> bool {
        self.writable
    }

    /// A handle on whatever the path names, a link itself included. It can be described, not read.
    pub(super) fn handle(&self, path: TreePath<'_>) -> Answer<OwnedFd> {
        self.resolve(path, HANDLE, BENEATH)
    }

    /// A folder, opened for listing.
    pub(super) fn listing(&self, path: TreePath<'_>) -> Answer<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        self.resolve(path, flags, BENEATH)
    }

    /// Opens a regular file for reading, described as it was just before.
    ///
    /// The kind is known before anything is opened, so that a FIFO never blocks and a device never notices.
    pub(super) fn file(&self, path: TreePath<'_>) -> Answer<(OwnedFd, Metadata)> {
        let handle = self.handle(path)?;
        let metadata = of_handle(&handle)?;
        regular(metadata.kind)?;
        if self.kept_off.contains(&(metadata.device, metadata.inode)) {
            return Err(refused(
                "one of the host's own open databases: copy it with the method `sqlite`",
            ));
        }
        Ok((reopen(&handle)?, metadata))
    }

    /// Bytes free for this process, and bytes in all.
    pub(super) fn space(&self) -> Answer<(u64, u64)> {
        let disk = fstatvfs(&self.root).map_err(failure)?;
        Ok((
            disk.f_bavail.saturating_mul(disk.f_frsize),
            disk.f_blocks.saturating_mul(disk.f_frsize),
        ))
    }

    fn resolve(&self, path: TreePath<'_>, flags: OFlags, how: ResolveFlags) -> Answer<OwnedFd> {
        let mut attempt = 1;
        loop {
            match openat2(&self.root, path.for_kernel(), flags, Mode::empty(), how) {
                Err(Errno::AGAIN) if attempt < ATTEMPTS => attempt += 1,
                result => return result.map_err(resolution),
            }
        }
    }
}

/// A tree that was granted for writing: whatever changes anything takes this, so that a read tree cannot be changed.
///
/// Changes never cross into another file system mounted inside: then `link` and `rename` work anywhere in the tree and
/// `sync` covers it.
#[derive(Debug, Clone)]
pub(super) struct Writable(Arc<Tree>);

impl Deref for Writable {
    type Target = Tree;

    fn deref(&self) -> &Tree {
        &self.0
    }
}

impl Writable {
    /// Refuses a tree that was granted for reading.
    pub(super) fn new(tree: Arc<Tree>) -> Answer<Self> {
        if tree.writable {
            Ok(Self(tree))
        } else {
            Err(FileError::ReadOnly)
        }
    }

    /// The handle of the folder that holds the path, and the path's last component.
    pub(super) fn place<'a>(&self, path: TreePath<'a>) -> Answer<(OwnedFd, &'a [u8])> {
        let (folder, name) = path.split()?;
        Ok((self.folder(folder)?, name))
    }

    /// The handle of a folder in which something will be changed.
    pub(super) fn folder(&self, path: TreePath<'_>) -> Answer<OwnedFd> {
        self.resolve(path, FOLDER, BENEATH | ResolveFlags::NO_XDEV)
    }

    /// A folder whose content will be removed, opened for listing.
    pub(super) fn listing_for_change(&self, path: TreePath<'_>) -> Answer<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        self.resolve(path, flags, BENEATH | ResolveFlags::NO_XDEV)
    }

    /// The handle of what will itself be changed.
    pub(super) fn target(&self, path: TreePath<'_>) -> Answer<OwnedFd> {
        self.resolve(path, HANDLE, BENEATH | ResolveFlags::NO_XDEV)
    }

    /// Makes a new file, mode 0600; it goes again unless it is kept.
    pub(super) fn create(&self, path: TreePath<'_>) -> Answer<NewFile> {
        let (folder, name) = self.place(path)?;
        let file = openat(&folder, name, NEW_FILE, Mode::RUSR | Mode::WUSR).map_err(failure)?;
        Ok(NewFile {
            folder,
            name: name.to_owned(),
            file,
            kept: false,
        })
    }

    /// Puts everything written on the tree's file system on disk.
    pub(super) fn sync(&self) -> Answer<()> {
        let root = self.listing(TreePath::new(b"")?)?;
        syncfs(&root).map_err(failure)
    }
}

/// A file just made, removed again on drop unless it is kept.
#[derive(Debug)]
pub(super) struct NewFile {
    pub(super) folder: OwnedFd,
    pub(super) name: Vec<u8>,
    pub(super) file: OwnedFd,
    kept: bool,
}

impl NewFile {
    /// It stays.
    pub(super) fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.kept
            && let Err(errno) = unlinkat(&self.folder, self.name.as_slice(), AtFlags::empty())
        {
            tracing::debug!(%errno, "an incomplete file could not be removed");
        }
    }
}

/// Opens for reading what a handle names, leaving the access time alone where the system allows it.
pub(super) fn reopen(handle: &OwnedFd) -> Answer<OwnedFd> {
    let name = name_of(handle);
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    match openat(CWD, name.as_str(), flags | OFlags::NOATIME, Mode::empty()) {
        Err(Errno::PERM) => openat(CWD, name.as_str(), flags, Mode::empty()).map_err(failure),
        result => result.map_err(failure),
    }
}

/// Refuses everything but a regular file.
pub(super) fn regular(kind: FileKind) -> Answer<()> {
    match kind {
        FileKind::File => Ok(()),
        FileKind::Directory => Err(FileError::IsADirectory),
        FileKind::Symlink => Err(refused("it is a symbolic link")),
        FileKind::Special => Err(refused("a device, socket or FIFO is never opened")),
    }
}

/// The files of a SQLite database that this process has open itself.
///
/// Closing any descriptor of such a file drops the process's own POSIX locks on it, so it is never opened here.
pub(super) fn of_databases(databases: &[PathBuf]) -> KeptOff {
    let beside = |path: &Path, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        openat(CWD, &name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()
    };
    let files = databases
        .iter()
        .flat_map(|path| ["", "-wal", "-shm", "-journal"].map(|suffix| beside(path, suffix)));
    let known = files.flatten().filter_map(|handle| of_handle(&handle).ok());
    known
        .map(|metadata| (metadata.device, metadata.inode))
        .collect()
}
