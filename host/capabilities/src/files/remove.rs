//! Removes a folder and everything beneath it.
//!
//! Owns: that every removal is of one name in a folder held by a handle, on the tree's own file system.
//! Never: follows a link, crosses a mount, goes on after the first failure.
//! Read next: `folder`, the descent.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, CWD, Mode, chmodat, fchmod, unlinkat};
use rustix::io::Errno;
use strongroom_sandbox::capability::files::{FileError, FileKind};

use super::failures::{Answer, failure};
use super::folder::Descent;
use super::metadata::{name_of, of_name};
use super::paths::TreePath;
use super::stop::Stop;
use super::trees::Writable;

/// Removes all, the folder itself last; returns how many entries went.
pub(super) fn remove_all(tree: &Writable, path: &[u8], stop: &Stop) -> Answer<u64> {
    let checked = TreePath::new(path)?;
    let (above, name) = tree.place(checked)?;
    if of_name(&above, name).map_err(failure)?.kind != FileKind::Directory {
        return Err(FileError::NotADirectory);
    }
    let mut descent = Descent::default();
    descent.enter(open(tree, path)?, path.to_owned())?;
    let mut removed = 0;
    loop {
        stop.check()?;
        let Some(found) = descent.next() else {
            let Some(emptied) = descent.leave() else {
                return Ok(removed);
            };
            let (_, name) = TreePath::new(&emptied)?.split()?;
            if descent.is_empty() {
                unlinkat(&above, name, AtFlags::REMOVEDIR).map_err(failure)?;
            } else {
                unlink(
                    descent.current(|path| open(tree, path))?,
                    name,
                    AtFlags::REMOVEDIR,
                )
                .map_err(failure)?;
            }
            removed += 1;
            continue;
        };
        let file = if found.folder {
            Err(Errno::ISDIR)
        } else {
            remove_file(tree, &mut descent, found.name())?
        };
        match file {
            Ok(()) => removed += 1,
            Err(Errno::NOENT) => {}
            Err(Errno::ISDIR) => match open(tree, &found.path) {
                Ok(handle) => descent.enter(handle, found.path)?,
                Err(FileError::NotFound) => {}
                Err(error) => return Err(error),
            },
            Err(errno) => return Err(failure(errno)),
        }
    }
}

fn remove_file(tree: &Writable, descent: &mut Descent, name: &[u8]) -> Answer<Result<(), Errno>> {
    Ok(unlink(
        descent.current(|path| open(tree, path))?,
        name,
        AtFlags::empty(),
    ))
}

/// Removes a name; a folder that does not allow it is made to.
fn unlink(folder: impl AsFd, name: &[u8], flags: AtFlags) -> Result<(), Errno> {
    match unlinkat(&folder, name, flags) {
        Err(Errno::ACCESS) => {
            fchmod(&folder, Mode::RWXU)?;
            unlinkat(&folder, name, flags)
        }
        result => result,
    }
}

/// Opens a folder for listing; one that does not allow it is made to.
fn open(tree: &Writable, path: &[u8]) -> Answer<OwnedFd> {
    let path = TreePath::new(path)?;
    match tree.listing_for_change(path) {
        Err(FileError::Permission) => {
            let handle = tree.folder(path)?;
            chmodat(CWD, name_of(&handle), Mode::RWXU, AtFlags::empty()).map_err(failure)?;
            tree.listing_for_change(path)
        }
        result => result,
    }
}
