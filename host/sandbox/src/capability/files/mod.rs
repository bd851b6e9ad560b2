//! `files`: granted trees by name.
//!
//! Owns: the host's half as a trait, in the words of `wit/files.wit`, one for one.
//! Never: a path's meaning, a file, a grant: those are behind the trait. Read next: `guest`, then `convert`.

mod convert;
mod guest;
pub(crate) mod handles;

use async_trait::async_trait;

pub(crate) use guest::{FilesView, add_to_linker};
pub use handles::Handle;

/// An answer of the host's half.
type Answer<T> = Result<T, FileError>;

/// The host's half, made for one call. A tree is named by the name of its grant.
#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// Whether the tree was granted, and for writing.
    fn writable(&self, tree: &str) -> Answer<bool>;
    /// Bytes free and bytes in all.
    async fn space(&self, tree: String) -> Answer<(u64, u64)>;
    /// Describes a path.
    async fn describe(&self, tree: String, path: Vec<u8>) -> Answer<Entry>;
    /// Begins a walk.
    async fn walk(&self, tree: String, path: Vec<u8>) -> Answer<Handle>;
    /// The next entries; empty at the end.
    async fn walk_next(&self, walker: Handle, limit: u32) -> Answer<Vec<Entry>>;
    /// Opens for reading.
    async fn read(&self, tree: String, path: Vec<u8>, offset: u64) -> Answer<Handle>;
    /// The next bytes; empty at the end.
    async fn read_next(&self, reader: Handle, limit: u32) -> Answer<Vec<u8>>;
    /// Makes a file for writing.
    async fn write(&self, tree: String, path: Vec<u8>) -> Answer<Handle>;
    /// Appends.
    async fn write_next(&self, writer: Handle, bytes: Vec<u8>) -> Answer<()>;
    /// Flushes to disk and closes.
    async fn write_finish(&self, writer: Handle) -> Answer<()>;
    /// Forgets a walker, reader or writer. Never blocks.
    fn close(&self, handle: Handle);
    /// Makes a directory.
    async fn make_directory(&self, tree: String, path: Vec<u8>) -> Answer<()>;
    /// Makes a symbolic link.
    async fn symlink(&self, tree: String, path: Vec<u8>, target: Vec<u8>) -> Answer<()>;
    /// Makes hard links: existing, new.
    async fn link(&self, tree: String, items: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<Answer<()>>;
    /// Copies between trees.
    async fn copy(&self, from: String, to: String, items: Vec<CopyItem>) -> Vec<Answer<Copied>>;
    /// Size and SHA-256.
    async fn digest(&self, tree: String, paths: Vec<Vec<u8>>) -> Vec<Answer<(u64, [u8; 32])>>;
    /// Sets metadata.
    async fn set(&self, tree: String, items: Vec<Change>) -> Vec<Answer<()>>;
    /// Moves.
    async fn rename(&self, tree: String, old: Vec<u8>, new: Vec<u8>) -> Answer<()>;
    /// Removes one.
    async fn remove(&self, tree: String, path: Vec<u8>) -> Answer<()>;
    /// Removes all beneath; the number of entries.
    async fn remove_all(&self, tree: String, path: Vec<u8>) -> Answer<u64>;
    /// To disk.
    async fn sync(&self, tree: String) -> Answer<()>;
}

/// Why a file operation did not succeed (`error` in `wit/files.wit`, where each is explained).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each case is documented in wit/files.wit")]
pub enum FileError {
    NotFound,
    Exists,
    NotADirectory,
    IsADirectory,
    NotEmpty,
    Permission,
    ReadOnly,
    Refused(String),
    Full,
    CrossDevice,
    TooManyLinks,
    Database(String),
    Other(String),
}

/// What kind of thing a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each case is documented in wit/files.wit")]
pub enum FileKind {
    File,
    Directory,
    Symlink,
    Special,
}

/// A point in time as file systems keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileTime {
    /// Since the epoch.
    pub seconds: i64,
    /// 0 to 999 999 999.
    pub nanoseconds: u32,
}

/// `metadata` in `wit/files.wit`, field by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is documented in wit/files.wit")]
pub struct Metadata {
    pub kind: FileKind,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub size: u64,
    pub allocated: u64,
    pub modified: FileTime,
    pub changed: FileTime,
    pub links: u64,
    pub device: u64,
    pub inode: u64,
}

/// `entry` in `wit/files.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is documented in wit/files.wit")]
pub struct Entry {
    pub path: Vec<u8>,
    pub metadata: Metadata,
    pub target: Option<Vec<u8>>,
    pub attributes: Vec<(String, Vec<u8>)>,
    pub error: Option<FileError>,
}

/// `change` in `wit/files.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is documented in wit/files.wit")]
pub struct Change {
    pub path: Vec<u8>,
    pub mode: Option<u32>,
    pub owner: Option<(u32, u32)>,
    pub modified: Option<FileTime>,
    pub attributes: Vec<(String, Vec<u8>)>,
}

/// How a file is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyMethod {
    /// As it is.
    Bytes,
    /// Through SQLite's own backup.
    Sqlite,
    /// A way of a later version of the contract.
    Unknown,
}

/// `copy-item` in `wit/files.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is documented in wit/files.wit")]
pub struct CopyItem {
    pub source: Vec<u8>,
    pub destination: Vec<u8>,
    pub method: CopyMethod,
}

/// `copied` in `wit/files.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is documented in wit/files.wit")]
pub struct Copied {
    pub bytes: u64,
    pub sha256: [u8; 32],
    pub metadata: Metadata,
    pub disturbed: bool,
}
