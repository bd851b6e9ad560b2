//! Copies and digests many files at once, on a few threads, so that bulk bytes never reach the guest.
//!
//! Owns: one pass over each file, and whether the file held still meanwhile. Never: leaves a part of a file behind.
//! Read next: `content`, the chunk loop, and `database` for SQLite files.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rustix::fs::ioctl_ficlone;
use rustix::io::Errno;
use strongroom_sandbox::capability::files::{Copied, CopyItem, FileTime, Metadata};

use super::content::{CHUNK_BYTES, Content, Pour};
use super::failures::Answer;
use super::metadata::of_handle;
use super::paths::TreePath;
use super::stop::Stop;
use super::trees::{NewFile, Tree, Writable, reopen};

/// More threads only queue at the disk and at the folder's lock.
const THREADS: usize = 4;
/// Covers ticks (at most 10 ms) and most single writes still under way, which set the times when they begin.
const FRESH_NANOSECONDS: i128 = 250_000_000;

/// Copies files, each on its own; the answers are in the order of the items.
pub(super) fn copy(
    from: &Tree,
    to: &Writable,
    items: &[CopyItem],
    stop: &Stop,
) -> Vec<Answer<Copied>> {
    let clones = AtomicBool::new(true);
    on_threads(items, |item, buffer| {
        copy_one(from, to, item, &clones, buffer, stop)
    })
}

/// Size and SHA-256 of files.
pub(super) fn digest(tree: &Tree, paths: &[Vec<u8>], stop: &Stop) -> Vec<Answer<(u64, [u8; 32])>> {
    on_threads(paths, |path, buffer| {
        stop.check()?;
        let (file, metadata) = tree.file(TreePath::new(path)?)?;
        let content = Pour::hash(&file, &metadata).run(buffer, stop)?;
        Ok((content.bytes, content.sha256))
    })
}

fn copy_one(
    from: &Tree,
    to: &Writable,
    item: &CopyItem,
    clones: &AtomicBool,
    buffer: &mut [u8],
    stop: &Stop,
) -> Answer<Copied> {
    stop.check()?;
    let (source, before) = from.file(TreePath::new(&item.source)?)?;
    let mut new = to.create(TreePath::new(&item.destination)?)?;
    let born = of_handle(&new.file)?;
    let (content, disturbed) = if clones.load(Ordering::Relaxed) && clone(&source, &new, clones) {
        // The clone is of one moment; whether it is of the moment described is seen right after it.
        let changed = !same(&before, &of_handle(&source)?);
        let cloned = of_handle(&new.file)?;
        let copy = reopen(&new.file)?;
        let content = Pour::hash(&copy, &cloned).run(buffer, stop)?;
        (content, changed || cloned.size != before.size)
    } else {
        let pour = Pour {
            from: &source,
            to: Some(&new.file),
            size: before.size,
            allocated: before.allocated,
        };
        let content = pour.run(buffer, stop)?;
        let disturbed = content.other_size
            || !same(&before, &of_handle(&source)?)
            || (too_fresh(&before, &born)
                && !reads_again(&source, &before, &content, buffer, stop)?);
        (content, disturbed)
    };
    new.keep();
    Ok(Copied {
        bytes: content.bytes,
        sha256: content.sha256,
        metadata: before,
        disturbed,
    })
}

/// Shares the source's blocks where the file system can; remembers for the batch that it cannot.
fn clone(source: &OwnedFd, new: &NewFile, clones: &AtomicBool) -> bool {
    match ioctl_ficlone(&new.file, source) {
        Ok(()) => true,
        Err(errno) => {
            if matches!(
                errno,
                Errno::OPNOTSUPP | Errno::XDEV | Errno::NOTTY | Errno::NOSYS
            ) {
                clones.store(false, Ordering::Relaxed);
            }
            false
        }
    }
}

/// Whether nothing shows that a file changed between two looks.
pub(super) fn same(before: &Metadata, after: &Metadata) -> bool {
    let telling = |metadata: &Metadata| {
        (
            metadata.size,
            metadata.modified,
            metadata.changed,
            metadata.device,
            metadata.inode,
        )
    };
    telling(before) == telling(after)
}

/// Whether the source changed so shortly before its copy was born that a change may not show in its times.
///
/// Within one tick of the file system's clock they stay the same, and a write sets them only when it begins. Such a
/// file is read once more.
fn too_fresh(source: &Metadata, born: &Metadata) -> bool {
    let nanoseconds =
        |time: FileTime| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanoseconds);
    // Some file systems keep whole seconds.
    let tick = if source.changed.nanoseconds == 0 {
        1_000_000_000
    } else {
        0
    };
    nanoseconds(born.changed) - nanoseconds(source.changed) < FRESH_NANOSECONDS + tick
}

fn reads_again(
    source: &OwnedFd,
    before: &Metadata,
    first: &Content,
    buffer: &mut [u8],
    stop: &Stop,
) -> Answer<bool> {
    Ok(Pour::hash(source, before).run(buffer, stop)? == *first)
}

/// Works through items on a few threads, each with a buffer.
fn on_threads<I: Sync, R: Send>(items: &[I], work: impl Fn(&I, &mut [u8]) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let run = || {
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return done;
            };
            done.push((index, work(item, &mut buffer)));
        }
    };
    let mut done = thread::scope(|scope| {
        let others = cores.min(THREADS).min(items.len()).saturating_sub(1);
        let others: Vec<_> = (0..others).map(|_| scope.spawn(run)).collect();
        let mut done = run();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
