//! Makes, links, moves and removes single things.
//!
//! Owns: that a change acts on one name in a folder held by a handle. Never: replaces a folder, follows a link.
//! Read next: `set` for metadata, `remove` for whole folders.

use std::os::fd::OwnedFd;

use rustix::fs::{
    AtFlags, Mode, RenameFlags, linkat, mkdirat, renameat, renameat_with, symlinkat, unlinkat,
};
use rustix::io::Errno;
use strongroom_sandbox::capability::files::{FileError, FileKind};

use super::failures::{Answer, failure, refused};
use super::metadata::of_name;
use super::paths::TreePath;
use super::stop::Stop;
use super::trees::Writable;

/// What the kernel takes as a link's text.
const TARGET_BYTES: usize = 4_095;

/// Makes a folder, mode 0700.
pub(super) fn make_directory(tree: &Writable, path: &[u8]) -> Answer<()> {
    let (folder, name) = tree.place(TreePath::new(path)?)?;
    mkdirat(&folder, name, Mode::RWXU).map_err(failure)
}

/// Makes a symbolic link with any text: nothing here ever follows it.
pub(super) fn symlink(tree: &Writable, path: &[u8], target: &[u8]) -> Answer<()> {
    if target.is_empty() || target.len() > TARGET_BYTES || target.contains(&0) {
        return Err(refused("a link's text has 1 to 4 095 bytes and no NUL"));
    }
    let (folder, name) = tree.place(TreePath::new(path)?)?;
    symlinkat(target, &folder, name).map_err(failure)
}

/// Links files under new names: pairs of existing and new path.
pub(super) fn link(tree: &Writable, items: &[(Vec<u8>, Vec<u8>)], stop: &Stop) -> Vec<Answer<()>> {
    let (mut from, mut to) = (Folders::new(tree), Folders::new(tree));
    let mut link_one = |existing: &[u8], new: &[u8]| {
        stop.check()?;
        let (from, name) = from.place(TreePath::new(existing)?)?;
        let (to, new_name) = to.place(TreePath::new(new)?)?;
        match of_name(from, name).map_err(failure)?.kind {
            FileKind::File | FileKind::Symlink => {}
            FileKind::Directory => return Err(FileError::IsADirectory),
            FileKind::Special => return Err(refused("a device, socket or FIFO is never linked")),
        }
        linkat(from, name, to, new_name, AtFlags::empty()).map_err(failure)
    };
    items
        .iter()
        .map(|(existing, new)| link_one(existing, new))
        .collect()
}

/// Keeps the last folder's handle through one list: neighbours in a list mostly lie in one folder.
struct Folders<'t> {
    tree: &'t Writable,
    last: Option<(Vec<u8>, OwnedFd)>,
}

impl<'t> Folders<'t> {
    fn new(tree: &'t Writable) -> Self {
        Self { tree, last: None }
    }

    fn place<'a>(&mut self, path: TreePath<'a>) -> Answer<(&OwnedFd, &'a [u8])> {
        let (folder, name) = path.split()?;
        let opened = match self.last.take() {
            Some((last, handle)) if last == folder.for_kernel() => (last, handle),
            _ => (folder.for_kernel().to_owned(), self.tree.folder(folder)?),
        };
        let (_, handle) = self.last.insert(opened);
        Ok((handle, name))
    }
}

/// Moves, replacing a file or link but never a folder.
pub(super) fn rename(tree: &Writable, old: &[u8], new: &[u8]) -> Answer<()> {
    let (from, name) = tree.place(TreePath::new(old)?)?;
    let (to, new_name) = tree.place(TreePath::new(new)?)?;
    let moved = of_name(&from, name).map_err(failure)?;
    let there = of_name(&to, new_name);
    if moved.kind == FileKind::Directory {
        if there.is_ok() {
            return Err(FileError::Exists);
        }
        let result = match renameat_with(&from, name, &to, new_name, RenameFlags::NOREPLACE) {
            // Not every file system knows the flag; the look above has to do there.
            Err(Errno::INVAL | Errno::NOSYS) => renameat(&from, name, &to, new_name),
            result => result,
        };
        return result.map_err(|errno| match errno {
            Errno::INVAL => refused("a folder cannot be moved into itself"),
            other => failure(other),
        });
    }
    renameat(&from, name, &to, new_name).map_err(failure)?;
    // Two names of one file: POSIX leaves both, the plugin asked for one.
    let same = there.is_ok_and(|there| (there.device, there.inode) == (moved.device, moved.inode));
    if same && old != new {
        unlinkat(&from, name, AtFlags::empty()).map_err(failure)?;
    }
    Ok(())
}

/// Removes a file, a link or an empty folder.
pub(super) fn remove(tree: &Writable, path: &[u8]) -> Answer<()> {
    let (folder, name) = tree.place(TreePath::new(path)?)?;
    if of_name(&folder, name).map_err(failure)?.kind != FileKind::Directory {
        return unlinkat(&folder, name, AtFlags::empty()).map_err(failure);
    }
    unlinkat(&folder, name, AtFlags::REMOVEDIR).map_err(|errno| match errno {
        Errno::EXIST => FileError::NotEmpty,
        other => failure(other),
    })
}
