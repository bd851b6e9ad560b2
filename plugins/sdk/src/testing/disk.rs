//! Granted trees as plain folders, shaped like the generated bindings.
//!
//! Owns: the same answers as a host gives, by the ordinary calls of the operating system. Holes are not kept.
//! Never: part of a component.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, XattrFlags};
use sha2::{Digest, Sha256};

use crate::files::{Change, Copied, CopyItem, Entry, Error, Kind, Metadata, Time};
use crate::testing;

pub(crate) struct Tree {
    root: PathBuf,
    writable: bool,
}

impl Tree {
    pub(crate) fn open(name: &str) -> Result<Self, Error> {
        let (root, writable) = testing::granted(name).ok_or(Error::NotFound)?;
        Ok(Self { root, writable })
    }

    pub(crate) fn writable(&self) -> bool {
        self.writable
    }

    pub(crate) fn space(&self) -> Result<(u64, u64), Error> {
        let disk = rustix::fs::statvfs(&self.root).map_err(|error| from_io(error.into()))?;
        Ok((disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize))
    }

    pub(crate) fn describe(&self, path: &[u8]) -> Result<Entry, Error> {
        entry(&self.at(path)?, path.to_vec())
    }

    pub(crate) fn walk(&self, path: &[u8]) -> Result<Walker, Error> {
        let folder = self.at(path)?;
        if !fs::symlink_metadata(&folder).map_err(from_io)?.is_dir() {
            return Err(Error::NotADirectory);
        }
        let mut entries = Vec::new();
        walk_into(&folder, path, &mut entries)?;
        entries.reverse();
        Ok(Walker {
            entries: RefCell::new(entries),
        })
    }

    pub(crate) fn read(&self, path: &[u8], offset: u64) -> Result<Reader, Error> {
        let mut file = open_plain(&self.at(path)?)?;
        file.seek(SeekFrom::Start(offset)).map_err(from_io)?;
        Ok(Reader {
            file: RefCell::new(file),
        })
    }

    pub(crate) fn write(&self, path: &[u8]) -> Result<Writer, Error> {
        Ok(Writer {
            file: RefCell::new(create(&self.changing(path)?)?),
        })
    }

    pub(crate) fn make_directory(&self, path: &[u8]) -> Result<(), Error> {
        fs::DirBuilder::new()
            .mode(0o700)
            .create(self.changing(path)?)
            .map_err(from_io)
    }

    pub(crate) fn symlink(&self, path: &[u8], target: &[u8]) -> Result<(), Error> {
        std::os::unix::fs::symlink(OsStr::from_bytes(target), self.changing(path)?).map_err(from_io)
    }

    pub(crate) fn link(&self, items: &[(Vec<u8>, Vec<u8>)]) -> Vec<Result<(), Error>> {
        items
            .iter()
            .map(|(old, new)| fs::hard_link(self.at(old)?, self.changing(new)?).map_err(from_io))
            .collect()
    }

    pub(crate) fn copy(&self, to: &Self, items: &[CopyItem]) -> Vec<Result<Copied, Error>> {
        items
            .iter()
            .map(|item| copy_one(&self.at(&item.source)?, &to.changing(&item.destination)?))
            .collect()
    }

    pub(crate) fn digest(&self, paths: &[Vec<u8>]) -> Vec<Result<(u64, Vec<u8>), Error>> {
        paths
            .iter()
            .map(|path| pour(&mut open_plain(&self.at(path)?)?, &mut io::sink()))
            .collect()
    }

    pub(crate) fn set(&self, items: &[Change]) -> Vec<Result<(), Error>> {
        items
            .iter()
            .map(|item| set_one(&self.changing(&item.path)?, item))
            .collect()
    }

    pub(crate) fn rename(&self, old: &[u8], new: &[u8]) -> Result<(), Error> {
        let new = self.changing(new)?;
        if fs::symlink_metadata(&new).is_ok_and(|found| found.is_dir()) {
            return Err(Error::IsADirectory);
        }
        fs::rename(self.changing(old)?, new).map_err(from_io)
    }

    pub(crate) fn remove(&self, path: &[u8]) -> Result<(), Error> {
        let path = self.changing(path)?;
        if fs::symlink_metadata(&path).map_err(from_io)?.is_dir() {
            fs::remove_dir(path)
        } else {
            fs::remove_file(path)
        }
        .map_err(from_io)
    }

    pub(crate) fn remove_all(&self, path: &[u8]) -> Result<u64, Error> {
        remove_folder(&self.changing(path)?).map_err(from_io)
    }

    /// Tests survive no power cut.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        if self.writable {
            Ok(())
        } else {
            Err(Error::ReadOnly)
        }
    }

    fn at(&self, path: &[u8]) -> Result<PathBuf, Error> {
        if path.is_empty() {
            return Ok(self.root.clone());
        }
        let wrong =
            |part: &[u8]| part.is_empty() || part == b"." || part == b".." || part.contains(&0);
        if path.split(|&byte| byte == b'/').any(wrong) {
            return Err(Error::Refused("not a plain relative path".to_owned()));
        }
        Ok(self.root.join(OsStr::from_bytes(path)))
    }

    fn changing(&self, path: &[u8]) -> Result<PathBuf, Error> {
        if self.writable {
            self.at(path)
        } else {
            Err(Error::ReadOnly)
        }
    }
}

pub(crate) struct Walker {
    entries: RefCell<Vec<Entry>>,
}

impl Walker {
    pub(crate) fn next(&self, limit: u32) -> Result<Vec<Entry>, Error> {
        let mut entries = self.entries.borrow_mut();
        let keep = entries.len().saturating_sub(limit as usize);
        Ok(entries.drain(keep..).rev().collect())
    }
}

pub(crate) struct Reader {
    file: RefCell<File>,
}

impl Reader {
    pub(crate) fn read(&self, limit: u32) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        (&*self.file.borrow())
            .take(u64::from(limit))
            .read_to_end(&mut bytes)
            .map_err(from_io)?;
        Ok(bytes)
    }
}

pub(crate) struct Writer {
    file: RefCell<File>,
}

impl Writer {
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        self.file.borrow_mut().write_all(bytes).map_err(from_io)
    }

    pub(crate) fn finish(&self) -> Result<(), Error> {
        self.file.borrow_mut().flush().map_err(from_io)
    }
}

fn walk_into(folder: &Path, path: &[u8], entries: &mut Vec<Entry>) -> Result<(), Error> {
    let mut names = Vec::new();
    for found in fs::read_dir(folder).map_err(from_io)? {
        names.push(found.map_err(from_io)?.file_name().into_vec());
    }
    names.sort();
    for name in names {
        let real = folder.join(OsStr::from_bytes(&name));
        let inside = if path.is_empty() {
            name
        } else {
            [path, b"/", &name].concat()
        };
        let found = entry(&real, inside.clone())?;
        let is_directory = found.metadata.kind == Kind::Directory;
        let position = entries.len();
        entries.push(found);
        if is_directory && let Err(error) = walk_into(&real, &inside, entries) {
            entries.truncate(position + 1);
            if let Some(last) = entries.last_mut() {
                last.error = Some(error);
            }
        }
    }
    Ok(())
}

fn entry(real: &Path, path: Vec<u8>) -> Result<Entry, Error> {
    let metadata = metadata(&fs::symlink_metadata(real).map_err(from_io)?);
    let target = match metadata.kind {
        Kind::Symlink => Some(
            fs::read_link(real)
                .map_err(from_io)?
                .into_os_string()
                .into_vec(),
        ),
        _ => None,
    };
    Ok(Entry {
        path,
        metadata,
        target,
        attributes: attributes(real),
        error: None,
        extra: Vec::new(),
    })
}

fn metadata(found: &fs::Metadata) -> Metadata {
    let kind = found.file_type();
    let kind = match (kind.is_file(), kind.is_dir(), kind.is_symlink()) {
        (true, _, _) => Kind::File,
        (_, true, _) => Kind::Directory,
        (_, _, true) => Kind::Symlink,
        _ => Kind::Special,
    };
    Metadata {
        kind,
        mode: found.mode() & 0o7777,
        uid: found.uid(),
        gid: found.gid(),
        size: found.size(),
        allocated: found.blocks() * 512,
        modified: Time {
            seconds: found.mtime(),
            nanoseconds: u32::try_from(found.mtime_nsec()).unwrap_or(0),
        },
        changed: Time {
            seconds: found.ctime(),
            nanoseconds: u32::try_from(found.ctime_nsec()).unwrap_or(0),
        },
        links: found.nlink(),
        device: found.dev(),
        inode: found.ino(),
    }
}

fn attributes(real: &Path) -> Vec<(String, Vec<u8>)> {
    let mut names = vec![0; 65_536];
    let Ok(length) = rustix::fs::llistxattr(real, &mut names) else {
        return Vec::new();
    };
    names.truncate(length);
    let mut found = Vec::new();
    for name in names
        .split(|&byte| byte == 0)
        .filter_map(|name| std::str::from_utf8(name).ok())
    {
        if name.starts_with("user.") || name.starts_with("system.posix_acl_") {
            let mut value = vec![0; 65_536];
            if let Ok(length) = rustix::fs::lgetxattr(real, name, &mut value) {
                value.truncate(length);
                found.push((name.to_owned(), value));
            }
        }
    }
    found.sort();
    found
}

fn open_plain(real: &Path) -> Result<File, Error> {
    let found = fs::symlink_metadata(real).map_err(from_io)?;
    if found.is_dir() {
        return Err(Error::IsADirectory);
    }
    if !found.is_file() {
        return Err(Error::Refused("not a regular file".to_owned()));
    }
    File::open(real).map_err(from_io)
}

fn create(real: &Path) -> Result<File, Error> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(real)
        .map_err(from_io)
}

fn copy_one(from: &Path, to: &Path) -> Result<Copied, Error> {
    let copied = copy_into(from, to);
    if copied.as_ref().is_err_and(|error| *error != Error::Exists) {
        // A host leaves no part of a file behind; whether this succeeds is seen by the test.
        drop(fs::remove_file(to));
    }
    copied
}

fn copy_into(from: &Path, to: &Path) -> Result<Copied, Error> {
    let before = metadata(&fs::symlink_metadata(from).map_err(from_io)?);
    let mut source = open_plain(from)?;
    let (bytes, sha256) = pour(&mut source, &mut create(to)?)?;
    testing::copied(from);
    let after = metadata(&fs::symlink_metadata(from).map_err(from_io)?);
    Ok(Copied {
        bytes,
        sha256,
        disturbed: before != after,
        metadata: before,
        extra: Vec::new(),
    })
}

fn pour(from: &mut File, to: &mut dyn Write) -> Result<(u64, Vec<u8>), Error> {
    let (mut digest, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = from.read(&mut buffer).map_err(from_io)?;
        let chunk = buffer.get(..read).unwrap_or_default();
        if chunk.is_empty() {
            return Ok((bytes, digest.finalize().to_vec()));
        }
        digest.update(chunk);
        to.write_all(chunk).map_err(from_io)?;
        bytes += read as u64;
    }
}

fn set_one(real: &Path, change: &Change) -> Result<(), Error> {
    if let Some((uid, gid)) = change.owner {
        std::os::unix::fs::lchown(real, Some(uid), Some(gid)).map_err(from_io)?;
    }
    if let Some(mode) = change.mode {
        fs::set_permissions(real, fs::Permissions::from_mode(mode)).map_err(from_io)?;
    }
    for (name, value) in &change.attributes {
        rustix::fs::lsetxattr(real, name.as_str(), value, XattrFlags::empty())
            .map_err(|error| from_io(error.into()))?;
    }
    if let Some(time) = change.modified {
        let time = Timespec {
            tv_sec: time.seconds,
            tv_nsec: i64::from(time.nanoseconds),
        };
        let times = Timestamps {
            last_access: time,
            last_modification: time,
        };
        rustix::fs::utimensat(CWD, real, &times, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| from_io(error.into()))?;
    }
    Ok(())
}

fn remove_folder(folder: &Path) -> io::Result<u64> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    let mut removed = 1;
    for found in fs::read_dir(folder)? {
        let found = found?;
        if found.file_type()?.is_dir() {
            removed += remove_folder(&found.path())?;
        } else {
            fs::remove_file(found.path())?;
            removed += 1;
        }
    }
    fs::remove_dir(folder)?;
    Ok(removed)
}

fn from_io(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound,
        io::ErrorKind::AlreadyExists => Error::Exists,
        io::ErrorKind::NotADirectory => Error::NotADirectory,
        io::ErrorKind::IsADirectory => Error::IsADirectory,
        io::ErrorKind::DirectoryNotEmpty => Error::NotEmpty,
        io::ErrorKind::PermissionDenied => Error::Permission,
        io::ErrorKind::ReadOnlyFilesystem => Error::ReadOnly,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full,
        io::ErrorKind::CrossesDevices => Error::CrossDevice,
        io::ErrorKind::TooManyLinks => Error::TooManyLinks,
        _ => Error::Other(error.to_string()),
    }
}
