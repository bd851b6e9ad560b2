//! Sets owner, mode, attributes and time, in this order: a later one never undoes an earlier one.
//!
//! Owns: doing so by handle, also on links and on what is read-only. Never: changes what a link points at.
//! Read next: `metadata`, which reads the same.

use rustix::fs::{
    AtFlags, CWD, Gid, Mode, RawMode, Timespec, Timestamps, UTIME_OMIT, Uid, XattrFlags, chmodat,
    chownat, setxattr, utimensat,
};
use rustix::io::Errno;
use strongroom_sandbox::capability::files::{Change, FileKind, FileTime};

use super::failures::{Answer, failure, refused};
use super::metadata::{belongs, name_of, of_handle};
use super::paths::TreePath;
use super::stop::Stop;
use super::trees::Writable;

/// Applies changes, each on its own.
pub(super) fn set(tree: &Writable, items: &[Change], stop: &Stop) -> Vec<Answer<()>> {
    items
        .iter()
        .map(|change| stop.check().and_then(|()| set_one(tree, change)))
        .collect()
}

fn set_one(tree: &Writable, change: &Change) -> Answer<()> {
    check(change)?;
    let handle = tree.target(TreePath::new(&change.path)?)?;
    let kind = of_handle(&handle)?.kind;
    let is_link = kind == FileKind::Symlink;
    if kind == FileKind::Special {
        return Err(refused("a device, socket or FIFO is never changed"));
    }
    if is_link && (change.mode.is_some() || !change.attributes.is_empty()) {
        return Err(refused(
            "a symbolic link has an owner and a time, no mode and no attributes",
        ));
    }
    let name = name_of(&handle);
    if let Some((uid, gid)) = change.owner {
        let (uid, gid) = (Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
        chownat(&handle, c"", uid, gid, AtFlags::EMPTY_PATH).map_err(failure)?;
    }
    if let Some(mode) = change.mode {
        chmod(&name, mode).map_err(failure)?;
    }
    for (attribute, value) in &change.attributes {
        match setxattr(
            name.as_str(),
            attribute.as_str(),
            value,
            XattrFlags::empty(),
        ) {
            // The owner may not write to a read-only file, but may make it writable.
            Err(Errno::ACCESS) => {
                let mode = of_handle(&handle)?.mode;
                chmod(&name, mode | 0o200).map_err(failure)?;
                let result = setxattr(
                    name.as_str(),
                    attribute.as_str(),
                    value,
                    XattrFlags::empty(),
                );
                chmod(&name, mode).map_err(failure)?;
                result.map_err(failure)?;
            }
            result => result.map_err(failure)?,
        }
    }
    if let Some(time) = change.modified {
        utimensat(&handle, c"", &stamps(time), AtFlags::EMPTY_PATH).map_err(failure)?;
    }
    Ok(())
}

fn check(change: &Change) -> Answer<()> {
    if change.mode.is_some_and(|mode| mode > 0o7777) {
        return Err(refused("a mode has the bits 0 to 0o7777"));
    }
    // The highest number means "leave it" to the kernel.
    if change
        .owner
        .is_some_and(|(uid, gid)| uid == u32::MAX || gid == u32::MAX)
    {
        return Err(refused("4294967295 is no owner"));
    }
    if change
        .modified
        .is_some_and(|time| time.nanoseconds > 999_999_999)
    {
        return Err(refused("a time has at most 999 999 999 nanoseconds"));
    }
    if change
        .attributes
        .iter()
        .any(|(name, _)| !belongs(name.as_bytes()) || name.contains('\0'))
    {
        return Err(refused(
            "only attributes in `user.` and POSIX access lists can be set",
        ));
    }
    Ok(())
}

/// By the kernel's name of a handle: `chmod` itself takes no handle that was opened without reading.
fn chmod(name: &str, mode: u32) -> Result<(), Errno> {
    chmodat(
        CWD,
        name,
        Mode::from_raw_mode(mode as RawMode),
        AtFlags::empty(),
    )
}

fn stamps(time: FileTime) -> Timestamps {
    Timestamps {
        last_access: Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        },
        last_modification: Timespec {
            tv_sec: time.seconds,
            tv_nsec: time.nanoseconds.into(),
        },
    }
}
