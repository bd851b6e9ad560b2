//! Reads a file once from end to end: hashed, and written elsewhere where asked, holes left as holes.
//!
//! Owns: the chunk loop. Never: reads more than the file's size when the work began, so a growing file ends.
//! Read next: `copy`.

use std::os::fd::OwnedFd;

use rustix::fs::{SeekFrom, ftruncate, seek};
use rustix::io::{Errno, pread, pwrite};
use sha2::{Digest, Sha256};
use strongroom_sandbox::capability::files::{FileError, Metadata};

use super::failures::{Answer, failure};
use super::stop::Stop;

/// Fits a core's second-level cache, so that what was read is hashed and written from there; also how long a
/// cancelled call may go on (some 0.2 ms).
pub(super) const CHUNK_BYTES: usize = 256 << 10;
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) bytes: u64,
    pub(super) sha256: [u8; 32],
    /// There was more than `size`, or less.
    pub(super) other_size: bool,
}

/// Reads `size` bytes of a file that has `allocated` bytes on disk.
#[derive(Debug)]
pub(super) struct Pour<'a> {
    pub(super) from: &'a OwnedFd,
    pub(super) to: Option<&'a OwnedFd>,
    pub(super) size: u64,
    pub(super) allocated: u64,
}

impl<'a> Pour<'a> {
    /// Only reads.
    pub(super) fn hash(from: &'a OwnedFd, metadata: &Metadata) -> Self {
        Self {
            from,
            to: None,
            size: metadata.size,
            allocated: metadata.allocated,
        }
    }

    /// Does it.
    pub(super) fn run(&self, buffer: &mut [u8], stop: &Stop) -> Answer<Content> {
        let mut hash = Sha256::new();
        let sparse = self.allocated < self.size;
        let (mut at, mut other_size) = (0, false);
        'extents: while at < self.size {
            let (start, end) = if sparse {
                self.extent(at)?
            } else {
                (at, self.size)
            };
            zeros(start - at, &mut hash, stop)?;
            at = start;
            while at < end {
                stop.check()?;
                // One byte more than there should be tells, without another call, whether the file grew.
                let left = end - at;
                let wanted = if end == self.size {
                    left.saturating_add(1)
                } else {
                    left
                };
                let room = usize::try_from(wanted)
                    .unwrap_or(usize::MAX)
                    .min(buffer.len());
                let read = pread(self.from, buffer.get_mut(..room).unwrap_or_default(), at)
                    .map_err(failure)?;
                let kept = read.min(usize::try_from(left).unwrap_or(usize::MAX));
                other_size |= read == 0 || read > kept;
                if read == 0 {
                    break 'extents;
                }
                let chunk = buffer.get(..kept).unwrap_or_default();
                hash.update(chunk);
                if let Some(to) = self.to {
                    write_all(to, chunk, at)?;
                }
                at += kept as u64;
            }
        }
        if let (Some(to), true) = (self.to, sparse) {
            ftruncate(to, at).map_err(failure)?;
        }
        Ok(Content {
            bytes: at,
            sha256: hash.finalize().into(),
            other_size,
        })
    }

    /// Where the next bytes lie that are not a hole.
    fn extent(&self, at: u64) -> Answer<(u64, u64)> {
        let start = match seek(self.from, SeekFrom::Data(at)) {
            Ok(start) => start.min(self.size),
            Err(Errno::NXIO) => return Ok((self.size, self.size)),
            // Not every file system tells.
            Err(Errno::INVAL) => return Ok((at, self.size)),
            Err(errno) => return Err(failure(errno)),
        };
        let end = seek(self.from, SeekFrom::Hole(start)).map_err(failure)?;
        Ok((start, end.clamp(start, self.size)))
    }
}

fn zeros(mut count: u64, hash: &mut Sha256, stop: &Stop) -> Answer<()> {
    while count > 0 {
        stop.check()?;
        let length = usize::try_from(count)
            .unwrap_or(usize::MAX)
            .min(ZEROS.len());
        hash.update(ZEROS.get(..length).unwrap_or_default());
        count -= length as u64;
    }
    Ok(())
}

/// Writes all bytes at a place.
pub(super) fn write_all(to: &OwnedFd, mut bytes: &[u8], mut at: u64) -> Answer<()> {
    while !bytes.is_empty() {
        match pwrite(to, bytes, at) {
            Ok(0) => return Err(FileError::Full),
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                at += written as u64;
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(failure(errno)),
        }
    }
    Ok(())
}
