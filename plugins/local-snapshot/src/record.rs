//! The lines of `METADATA.jsonl`: a header, one line per entry in the order of the walk, and an end with totals.
//!
//! Owns: the file's format. A line's unknown keys are ignored, so that later versions may add some.
//! Read next: `recorded.rs`, which reads the file line by line.

use serde::{Deserialize, Serialize};
use strongroom_plugin::files::{Entry, Kind};

use crate::encoding::{Bytes, Digest, Mode, Time};

/// The version of this format.
pub(crate) const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Header {
    pub(crate) format: u32,
    pub(crate) tenant: String,
    pub(crate) run_id: String,
    /// RFC 3339.
    pub(crate) due: String,
    pub(crate) due_ms: i64,
    pub(crate) plugin: String,
    pub(crate) version: String,
    pub(crate) sources: Vec<String>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum What {
    File,
    Directory,
    Symlink,
    Special,
}

/// One entry, as it was in the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Record {
    /// Beneath the snapshot's folder; begins with the source's name.
    pub(crate) path: Bytes,
    pub(crate) kind: What,
    pub(crate) mode: Mode,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) size: u64,
    pub(crate) mtime: Time,
    pub(crate) ctime: Time,
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// The same number for all names of one file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) xattrs: Vec<(String, Bytes)>,
    /// Of the bytes on the shelf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<Digest>,
    /// Bytes on the shelf, where they are not `size`: a database is copied through SQLite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stored: Option<u64>,
    /// It changed while it was read, twice: the copy is of no single moment.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) disturbed: bool,
    /// It had changed so shortly before that its times may hide another change.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) recent: bool,
    /// Copied through SQLite.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) sqlite: bool,
    /// The database had a journal or write-ahead log beside it, so its own times do not tell whether it changed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) journal: bool,
    /// Why it is not on the shelf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) absent: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

impl Record {
    /// What a walk says about an entry, under its path on the shelf.
    pub(crate) fn of(path: Vec<u8>, entry: &Entry) -> Self {
        let metadata = &entry.metadata;
        Self {
            path: Bytes(path),
            kind: match metadata.kind {
                Kind::File => What::File,
                Kind::Directory => What::Directory,
                Kind::Symlink => What::Symlink,
                Kind::Special | Kind::Other(_) => What::Special,
            },
            mode: Mode(metadata.mode),
            uid: metadata.uid,
            gid: metadata.gid,
            size: metadata.size,
            mtime: metadata.modified.into(),
            ctime: metadata.changed.into(),
            device: metadata.device,
            inode: metadata.inode,
            group: None,
            target: entry.target.clone().map(Bytes),
            xattrs: entry
                .attributes
                .iter()
                .map(|(name, value)| (name.clone(), Bytes(value.clone())))
                .collect(),
            sha256: None,
            stored: None,
            disturbed: false,
            recent: false,
            sqlite: false,
            journal: false,
            absent: None,
        }
    }

    /// Whether it is on the shelf under its path.
    pub(crate) fn is_present(&self) -> bool {
        self.absent.is_none() && self.kind != What::Special
    }

    /// Bytes on the shelf.
    pub(crate) fn bytes(&self) -> u64 {
        self.stored.unwrap_or(self.size)
    }
}

/// What a snapshot holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Totals {
    /// Names of files.
    pub(crate) files: u64,
    /// Their bytes; a file with several names counts once.
    pub(crate) bytes: u64,
    /// Bytes copied, not linked from the snapshot before.
    pub(crate) new_bytes: u64,
    /// Files linked from the snapshot before.
    pub(crate) linked: u64,
    pub(crate) directories: u64,
    pub(crate) symlinks: u64,
    /// Warnings in all; only the first ones are kept.
    pub(crate) warnings: u64,
}

/// The last line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct End {
    pub(crate) end: Totals,
    pub(crate) warnings: Vec<String>,
}

/// How the last line begins, and no other.
pub(crate) const END_BEGINS: &[u8] = b"{\"end\":";

/// A value as one line.
pub(crate) fn line(value: &impl Serialize) -> Vec<u8> {
    let mut line = Vec::with_capacity(320);
    // Writing plain data to memory does not fail; an empty line would be found damaged when it is read.
    if serde_json::to_writer(&mut line, value).is_err() {
        line.clear();
    }
    line.push(b'\n');
    line
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use strongroom_plugin::files::{Metadata, Time as FileTime};

    pub(crate) fn entry(path: &[u8]) -> Entry {
        let time = FileTime {
            seconds: -1,
            nanoseconds: 5,
        };
        let metadata = Metadata {
            kind: Kind::File,
            mode: 0o6755,
            uid: 1,
            gid: 2,
            size: 3,
            allocated: 4,
            modified: time,
            changed: time,
            links: 1,
            device: 5,
            inode: u64::MAX,
        };
        Entry {
            path: path.to_vec(),
            metadata,
            target: None,
            attributes: vec![("user.x".to_owned(), vec![0, 255])],
            error: None,
            extra: Vec::new(),
        }
    }

    #[test]
    fn an_entry_with_an_odd_name_reads_back_as_it_was() {
        for name in [
            &b"data/plain"[..],
            b"data/\xff\xfe",
            b"data/a\nb\\c\"d\r\x01",
            "data/ü €".as_bytes(),
        ] {
            let mut record = Record::of(name.to_vec(), &entry(name));
            record.sha256 = Some(Digest([7; 32]));
            record.group = Some(9);
            let written = line(&record);
            assert_eq!(written.iter().filter(|&&byte| byte == b'\n').count(), 1);
            assert!(!written.starts_with(END_BEGINS));
            assert_eq!(serde_json::from_slice::<Record>(&written).unwrap(), record);
        }
        assert!(line(&End::default()).starts_with(END_BEGINS));
    }
}
