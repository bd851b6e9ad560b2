//! The words of `files` in the contract and in the host's half, one for one.
//!
//! Owns: nothing but the mapping. Never: a decision.

use super::{Change, Copied, CopyItem, CopyMethod, Entry, FileError, FileKind, FileTime, Metadata};
use crate::contract::v0_1::strongroom::plugin::files as wit;

/// Converts a list.
pub(super) fn all<A, B: From<A>>(items: Vec<A>) -> Vec<B> {
    items.into_iter().map(Into::into).collect()
}

/// Converts a list of answers.
pub(super) fn each<A, B: From<A>>(items: Vec<Result<A, FileError>>) -> Vec<Result<B, wit::Error>> {
    items
        .into_iter()
        .map(|item| item.map(Into::into).map_err(Into::into))
        .collect()
}

impl From<FileError> for wit::Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NotFound => Self::NotFound,
            FileError::Exists => Self::Exists,
            FileError::NotADirectory => Self::NotADirectory,
            FileError::IsADirectory => Self::IsADirectory,
            FileError::NotEmpty => Self::NotEmpty,
            FileError::Permission => Self::Permission,
            FileError::ReadOnly => Self::ReadOnly,
            FileError::Refused(why) => Self::Refused(why),
            FileError::Full => Self::Full,
            FileError::CrossDevice => Self::CrossDevice,
            FileError::TooManyLinks => Self::TooManyLinks,
            FileError::Database(why) => Self::Database(why),
            FileError::Other(why) => Self::Other(why),
        }
    }
}

impl From<FileTime> for wit::Time {
    fn from(time: FileTime) -> Self {
        Self {
            seconds: time.seconds,
            nanoseconds: time.nanoseconds,
        }
    }
}

impl From<wit::Time> for FileTime {
    fn from(time: wit::Time) -> Self {
        Self {
            seconds: time.seconds,
            nanoseconds: time.nanoseconds,
        }
    }
}

impl From<FileKind> for wit::Kind {
    fn from(kind: FileKind) -> Self {
        match kind {
            FileKind::File => Self::File,
            FileKind::Directory => Self::Directory,
            FileKind::Symlink => Self::Symlink,
            FileKind::Special => Self::Special,
        }
    }
}

impl From<Metadata> for wit::Metadata {
    fn from(metadata: Metadata) -> Self {
        let Metadata {
            kind,
            mode,
            uid,
            gid,
            size,
            allocated,
            modified,
            changed,
            links,
            device,
            inode,
        } = metadata;
        Self {
            kind: kind.into(),
            mode,
            uid,
            gid,
            size,
            allocated,
            modified: modified.into(),
            changed: changed.into(),
            links,
            device,
            inode,
        }
    }
}

impl From<Entry> for wit::Entry {
    fn from(entry: Entry) -> Self {
        let Entry {
            path,
            metadata,
            target,
            attributes,
            error,
        } = entry;
        Self {
            path,
            metadata: metadata.into(),
            target,
            attributes,
            error: error.map(Into::into),
            extra: Vec::new(),
        }
    }
}

impl From<wit::Change> for Change {
    fn from(change: wit::Change) -> Self {
        let wit::Change {
            path,
            mode,
            owner,
            modified,
            attributes,
            extra: _,
        } = change;
        Self {
            path,
            mode,
            owner,
            modified: modified.map(Into::into),
            attributes,
        }
    }
}

impl From<wit::CopyItem> for CopyItem {
    fn from(item: wit::CopyItem) -> Self {
        let method = match item.method {
            wit::Method::Bytes => CopyMethod::Bytes,
            wit::Method::Sqlite => CopyMethod::Sqlite,
            wit::Method::Other(_) => CopyMethod::Unknown,
        };
        Self {
            source: item.source,
            destination: item.destination,
            method,
        }
    }
}

impl From<Copied> for wit::Copied {
    fn from(copied: Copied) -> Self {
        let Copied {
            bytes,
            sha256,
            metadata,
            disturbed,
        } = copied;
        Self {
            bytes,
            sha256: sha256.to_vec(),
            metadata: metadata.into(),
            disturbed,
            extra: Vec::new(),
        }
    }
}
