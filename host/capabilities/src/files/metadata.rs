//! What is known about a file without opening it: `statx`, link text and extended attributes.
//!
//! Owns: how the kernel's answer becomes an `Entry`. Never: changes anything.
//! Read next: `walk`, `change`.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::fs::{
    AtFlags, FileType, RawMode, Statx, StatxFlags, StatxTimestamp, getxattr, lgetxattr, listxattr,
    llistxattr, makedev, readlinkat, statx,
};
use rustix::io::Errno;
use strongroom_sandbox::capability::files::{Entry, FileError, FileKind, FileTime, Metadata};

use super::failures::{Answer, failure};

/// The kernel's name for an open handle: exact, whatever happens to the path it came from.
pub(super) fn name_of(handle: impl AsFd) -> String {
    format!("/proc/self/fd/{}", handle.as_fd().as_raw_fd())
}

/// Linux's own limit on a list of names and on one value.
const ATTRIBUTE_BYTES: usize = 65_536;

/// Describes what a handle names.
pub(super) fn of_handle(handle: impl AsFd) -> Answer<Metadata> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::NO_AUTOMOUNT;
    statx(handle, c"", flags, StatxFlags::BASIC_STATS)
        .map(|stat| translate(&stat))
        .map_err(failure)
}

/// Describes one name in a folder, a link itself included.
pub(super) fn of_name(folder: impl AsFd, name: &[u8]) -> Result<Metadata, Errno> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    statx(folder, name, flags, StatxFlags::BASIC_STATS).map(|stat| translate(&stat))
}

/// Everything about what a handle names.
pub(super) fn entry_of_handle(path: &[u8], handle: &OwnedFd) -> Answer<Entry> {
    let metadata = of_handle(handle)?;
    let mut entry = Entry {
        path: path.to_owned(),
        metadata,
        target: None,
        attributes: Vec::new(),
        error: None,
    };
    match metadata.kind {
        FileKind::Symlink => entry.target = Some(link_text(handle, b"")?),
        FileKind::File | FileKind::Directory => {
            match attributes(&name_of(handle).into_bytes(), Follow::Yes) {
                Ok(attributes) => entry.attributes = attributes,
                Err(error) => entry.error = Some(error),
            }
        }
        FileKind::Special => {}
    }
    Ok(entry)
}

/// A symbolic link's text.
pub(super) fn link_text(folder: impl AsFd, name: &[u8]) -> Answer<Vec<u8>> {
    readlinkat(folder, name, Vec::new())
        .map(std::ffi::CString::into_bytes)
        .map_err(failure)
}

/// Whether the last component of a path through `/proc/self/fd` is to be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follow {
    /// The path ends with the kernel's own link to a handle.
    Yes,
    /// The path ends with a name in a folder that is held by a handle.
    No,
}

/// Reads the attributes that are part of an image, sorted by name.
///
/// A handle made with `O_PATH` takes no attribute calls, so they go by the kernel's name of the handle.
pub(super) fn attributes(path: &[u8], follow: Follow) -> Answer<Vec<(String, Vec<u8>)>> {
    let mut space = [0; 1_024];
    let list = |buffer: &mut [u8]| match follow {
        Follow::Yes => listxattr(path, buffer),
        Follow::No => llistxattr(path, buffer),
    };
    match list(&mut space) {
        // The usual case costs one call and no allocation.
        Ok(0) | Err(Errno::NOTSUP) => Ok(Vec::new()),
        Ok(length) => values(path, follow, space.get(..length).unwrap_or_default()),
        Err(Errno::RANGE) => {
            let mut space = vec![0; ATTRIBUTE_BYTES];
            let length = list(&mut space).map_err(failure)?;
            values(path, follow, space.get(..length).unwrap_or_default())
        }
        Err(errno) => Err(failure(errno)),
    }
}

/// Whether an attribute belongs into an image: what users set, and access lists. The rest is the system's own.
pub(super) fn belongs(name: &[u8]) -> bool {
    name.starts_with(b"user.")
        || matches!(
            name,
            b"system.posix_acl_access" | b"system.posix_acl_default"
        )
}

fn values(path: &[u8], follow: Follow, names: &[u8]) -> Answer<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    for name in names.split(|byte| *byte == 0).filter(|name| belongs(name)) {
        let text = str::from_utf8(name)
            .map_err(|_| FileError::Other("an attribute's name is not UTF-8".into()))?;
        match value(path, follow, text) {
            Ok(value) => found.push((text.to_owned(), value)),
            Err(Errno::NODATA) => {}
            Err(errno) => return Err(failure(errno)),
        }
    }
    found.sort();
    Ok(found)
}

fn value(path: &[u8], follow: Follow, name: &str) -> Result<Vec<u8>, Errno> {
    let get = |buffer: &mut [u8]| match follow {
        Follow::Yes => getxattr(path, name, buffer),
        Follow::No => lgetxattr(path, name, buffer),
    };
    let mut space = vec![0; 256];
    let length = match get(&mut space) {
        Err(Errno::RANGE) => {
            space.resize(ATTRIBUTE_BYTES, 0);
            get(&mut space)?
        }
        result => result?,
    };
    space.truncate(length);
    Ok(space)
}

fn translate(stat: &Statx) -> Metadata {
    let mode = RawMode::from(stat.stx_mode);
    Metadata {
        kind: match FileType::from_raw_mode(mode) {
            FileType::RegularFile => FileKind::File,
            FileType::Directory => FileKind::Directory,
            FileType::Symlink => FileKind::Symlink,
            _ => FileKind::Special,
        },
        mode: mode & 0o7777,
        uid: stat.stx_uid,
        gid: stat.stx_gid,
        size: stat.stx_size,
        allocated: stat.stx_blocks.saturating_mul(512),
        modified: time(stat.stx_mtime),
        changed: time(stat.stx_ctime),
        links: u64::from(stat.stx_nlink),
        device: makedev(stat.stx_dev_major, stat.stx_dev_minor),
        inode: stat.stx_ino,
    }
}

fn time(stamp: StatxTimestamp) -> FileTime {
    FileTime {
        seconds: stamp.tv_sec,
        nanoseconds: stamp.tv_nsec,
    }
}
