//! One folder's names, in byte order and packed, and the way down and up through folders.
//!
//! Owns: how much a descent may hold (descriptors, bytes). Never: follows a link, keeps more than the names.
//! Read next: `walk` and `remove`, which descend.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags, RawDir, openat};
use rustix::io::Errno;
use strongroom_sandbox::capability::files::FileError;

use super::failures::{Answer, failure};
use super::paths::join;

/// Names held by one descent, with 8 bytes for each: two million names of usual length.
const NAMES_BYTES: usize = 64 << 20;
/// Levels that keep their descriptor; deeper down, a folder is opened again on the way back up.
const KEPT_OPEN: usize = 16;
/// What one `getdents` call fills.
const LIST_BYTES: usize = 32 << 10;

/// The names in one folder.
#[derive(Debug, Default)]
pub(super) struct Names {
    bytes: Vec<u8>,
    /// Where each name begins and ends, in the order of the names' bytes.
    spans: Vec<(u32, u16, bool)>,
    next: usize,
}

impl Names {
    /// Reads them all from a folder opened for listing; `held` bytes are already taken by the levels above.
    pub(super) fn read(folder: impl AsFd, held: usize) -> Answer<Self> {
        let mut names = Self::default();
        let mut space = [MaybeUninit::uninit(); LIST_BYTES];
        let mut list = RawDir::new(folder, &mut space);
        while let Some(entry) = list.next() {
            let entry = entry.map_err(failure)?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let too_many =
                || FileError::Other("more names in one folder than the host holds (64 MiB)".into());
            let start = u32::try_from(names.bytes.len()).map_err(|_| too_many())?;
            let length = u16::try_from(name.len()).map_err(|_| too_many())?;
            names
                .spans
                .push((start, length, entry.file_type() == FileType::Directory));
            names.bytes.extend_from_slice(name);
            if held + names.held() > NAMES_BYTES {
                return Err(too_many());
            }
        }
        let bytes = &names.bytes;
        names
            .spans
            .sort_unstable_by(|left, right| slice(bytes, *left).cmp(slice(bytes, *right)));
        Ok(names)
    }

    /// Bytes held.
    fn held(&self) -> usize {
        self.bytes.len() + self.spans.len() * size_of::<(u32, u16, bool)>()
    }

    /// The next name, and whether the folder said that it is a folder (some file systems do not say).
    fn next(&mut self) -> Option<(&[u8], bool)> {
        let span = *self.spans.get(self.next)?;
        self.next += 1;
        Some((slice(&self.bytes, span), span.2))
    }
}

fn slice(bytes: &[u8], (start, length, _): (u32, u16, bool)) -> &[u8] {
    let start = start as usize;
    bytes
        .get(start..start + usize::from(length))
        .unwrap_or_default()
}

/// Opens a folder by its name in another one, for listing. A link is refused.
pub(super) fn open_folder(parent: impl AsFd + Copy, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(parent, name, flags | OFlags::NOATIME, Mode::empty()) {
        Err(Errno::PERM) => openat(parent, name, flags, Mode::empty()),
        result => result,
    }
}

/// One folder of a descent.
#[derive(Debug)]
struct Level {
    handle: Option<OwnedFd>,
    names: Names,
    /// Relative to the tree.
    path: Vec<u8>,
}

/// The folders from where a descent began down to where it is.
#[derive(Debug, Default)]
pub(super) struct Descent {
    levels: Vec<Level>,
}

/// A name in the folder where the descent is.
#[derive(Debug)]
pub(super) struct Found {
    /// Relative to the tree.
    pub(super) path: Vec<u8>,
    /// The last component begins here.
    pub(super) name_at: usize,
    /// The folder said that this is a folder.
    pub(super) folder: bool,
}

impl Found {
    /// The last component.
    pub(super) fn name(&self) -> &[u8] {
        self.path.get(self.name_at..).unwrap_or_default()
    }
}

impl Descent {
    /// Goes down into a folder, already opened for listing.
    pub(super) fn enter(&mut self, handle: OwnedFd, path: Vec<u8>) -> Answer<()> {
        let held = self.levels.iter().map(|level| level.names.held()).sum();
        let names = Names::read(&handle, held)?;
        if self.levels.len() >= KEPT_OPEN
            && let Some(above) = self.levels.last_mut()
        {
            above.handle = None;
        }
        self.levels.push(Level {
            handle: Some(handle),
            names,
            path,
        });
        Ok(())
    }

    /// The next name in the current folder; `None`: the folder is done, or there is none.
    pub(super) fn next(&mut self) -> Option<Found> {
        let level = self.levels.last_mut()?;
        let (name, folder) = level.names.next()?;
        let path = join(&level.path, name);
        let name_at = path.len() - name.len();
        Some(Found {
            path,
            name_at,
            folder,
        })
    }

    /// The current folder's handle, opened again where it was let go.
    pub(super) fn current(
        &mut self,
        open: impl FnOnce(&[u8]) -> Answer<OwnedFd>,
    ) -> Answer<&OwnedFd> {
        let Some(level) = self.levels.last_mut() else {
            return Err(FileError::NotFound);
        };
        if level.handle.is_none() {
            level.handle = Some(open(&level.path)?);
        }
        level.handle.as_ref().ok_or(FileError::NotFound)
    }

    /// Leaves the current folder; its path, and whether another is above it.
    pub(super) fn leave(&mut self) -> Option<Vec<u8>> {
        self.levels.pop().map(|level| level.path)
    }

    /// Whether it is back above where it began.
    pub(super) fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }
}
