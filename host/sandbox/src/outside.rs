//! The outside half of the capabilities: everything that touches files, state, the network or the log for a guest.
//!
//! One `Outside` is made for one call and holds what was granted, nothing else. Arguments and results are plain data,
//! so that they could travel over a socket to another process. Dropping it cancels what still goes on.

use std::time::Duration;

use async_trait::async_trait;

/// Which `walker`, `reader` or `writer`; given by the outside half, unique within one call.
pub type Handle = u64;

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

/// Why a state operation did not succeed (`error` in `wit/state.wit`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateError {
    /// The value changed since it was read.
    Changed,
    /// A limit was exceeded.
    Limit(String),
    /// Nothing was written.
    Unavailable(String),
    /// The schedule does not grant `state`.
    NotGranted,
}

/// A stored value with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateValue {
    /// At most 64 KiB.
    pub bytes: Vec<u8>,
    /// Grows with every write.
    pub version: u64,
}

/// How serious a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the usual four")]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// A log line of a plugin, already cut and escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How serious.
    pub level: LogLevel,
    /// One line.
    pub message: String,
    /// Pairs.
    pub fields: Vec<(String, String)>,
}

/// How far a call has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// So many are done.
    pub done: u64,
    /// Of so many; 0: unknown.
    pub total: u64,
    /// `bytes`, `files`, …
    pub unit: String,
    /// For a person.
    pub note: String,
}

/// A request as the guest made it; nothing of it is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, …
    pub method: String,
    /// `https`, or something else.
    pub scheme: String,
    /// Where a host's name would stand: the name of a service.
    pub authority: String,
    /// Path and query.
    pub target: String,
    /// Names and values, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// At most 1 MiB.
    pub body: Vec<u8>,
    /// How long the guest wants to wait for a connection.
    pub connect: Option<Duration>,
    /// How long it wants to wait for the answer to begin.
    pub first_byte: Option<Duration>,
}

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// 100 to 599.
    pub status: u16,
    /// Names and values, in order, without secrets.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, without secrets.
    pub body: Vec<u8>,
}

/// Why there is no answer, each with a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpError {
    /// It is none of the granted operations.
    Denied(String),
    /// The name has no address.
    Unresolved(String),
    /// The name leads to an address that is not granted.
    Prohibited(String),
    /// Nobody listens there.
    Refused(String),
    /// No connection in time.
    ConnectTimeout(String),
    /// No answer in time.
    ReadTimeout(String),
    /// The server is not who it should be.
    Certificate(String),
    /// No TLS with it.
    Tls(String),
    /// It does not speak HTTP.
    Protocol(String),
    /// The answer has more bytes than are granted.
    BodyTooLarge(u64),
    /// It hung up.
    Closed(String),
    /// The host has nothing to prove itself with.
    Unauthorized(String),
    /// Something else.
    Other(String),
}

type Files<T> = Result<T, FileError>;

/// Everything a guest can reach, made for one call. A tree is named by the name of its grant.
#[async_trait]
pub trait Outside: Send + Sync + 'static {
    /// Takes a log line. Never blocks.
    fn log(&self, line: LogLine);
    /// Takes a report. Never blocks.
    fn progress(&self, progress: Progress);

    /// Reads a value.
    async fn state_get(&self, key: String) -> Result<Option<StateValue>, StateError>;
    /// Writes if the version is still the expected one; returns the new version.
    async fn state_set(
        &self,
        key: String,
        bytes: Vec<u8>,
        expected: Option<u64>,
    ) -> Result<u64, StateError>;
    /// Deletes if the version is still the expected one.
    async fn state_delete(&self, key: String, expected: u64) -> Result<(), StateError>;

    /// Sends a request to a granted service and reads the whole answer. Dropping the future gives it up.
    async fn http(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;

    /// Whether the tree was granted, and for writing.
    fn tree_writable(&self, tree: &str) -> Files<bool>;
    /// Bytes free and bytes in all.
    async fn space(&self, tree: String) -> Files<(u64, u64)>;
    /// Describes a path.
    async fn describe(&self, tree: String, path: Vec<u8>) -> Files<Entry>;
    /// Begins a walk.
    async fn walk(&self, tree: String, path: Vec<u8>) -> Files<Handle>;
    /// The next entries; empty at the end.
    async fn walk_next(&self, walker: Handle, limit: u32) -> Files<Vec<Entry>>;
    /// Opens for reading.
    async fn read(&self, tree: String, path: Vec<u8>, offset: u64) -> Files<Handle>;
    /// The next bytes; empty at the end.
    async fn read_next(&self, reader: Handle, limit: u32) -> Files<Vec<u8>>;
    /// Makes a file for writing.
    async fn write(&self, tree: String, path: Vec<u8>) -> Files<Handle>;
    /// Appends.
    async fn write_next(&self, writer: Handle, bytes: Vec<u8>) -> Files<()>;
    /// Flushes to disk and closes.
    async fn write_finish(&self, writer: Handle) -> Files<()>;
    /// Forgets a walker, reader or writer. Never blocks.
    fn close(&self, handle: Handle);
    /// Makes a directory.
    async fn make_directory(&self, tree: String, path: Vec<u8>) -> Files<()>;
    /// Makes a symbolic link.
    async fn symlink(&self, tree: String, path: Vec<u8>, target: Vec<u8>) -> Files<()>;
    /// Makes hard links: existing, new.
    async fn link(&self, tree: String, items: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<Files<()>>;
    /// Copies between trees.
    async fn copy(&self, from: String, to: String, items: Vec<CopyItem>) -> Vec<Files<Copied>>;
    /// Size and SHA-256.
    async fn digest(&self, tree: String, paths: Vec<Vec<u8>>) -> Vec<Files<(u64, [u8; 32])>>;
    /// Sets metadata.
    async fn set(&self, tree: String, items: Vec<Change>) -> Vec<Files<()>>;
    /// Moves.
    async fn rename(&self, tree: String, old: Vec<u8>, new: Vec<u8>) -> Files<()>;
    /// Removes one.
    async fn remove(&self, tree: String, path: Vec<u8>) -> Files<()>;
    /// Removes all beneath; the number of entries.
    async fn remove_all(&self, tree: String, path: Vec<u8>) -> Files<u64>;
    /// To disk.
    async fn sync(&self, tree: String) -> Files<()>;
}
