//! The audit log: an RFC 6962 Merkle tree over canonical JSON entries, published as C2SP tlog-tiles with signed notes.
//!
//! Owns: the trait `AuditLog`, what an entry is, tree, key, checkpoints, the files of an export and their verification.
//! Never: SQL (`sqlite::audit` stores what is made here).
//! Read next: `entry`, `tree`, `key`, then `export` and `verify`.

mod entry;
mod export;
mod files;
mod key;
mod tree;
mod verify;

#[cfg(test)]
pub(crate) mod tests;

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::error::LedgerError;

pub use entry::AuditEntry;
pub use verify::{AuditError, Verified, verify_export};

pub(crate) use entry::encode;
pub(crate) use export::Exporter;
pub(crate) use key::{AuditKey, open_checkpoint};
pub(crate) use tree::RightEdge;

/// The record that nobody can alter unseen.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Puts an entry on record that belongs to no other change of the ledger.
    async fn append_audit(&self, entry: AuditEntry, now: Timestamp) -> Result<(), LedgerError>;

    /// Reads the log's head.
    async fn audit_state(&self) -> Result<AuditState, LedgerError>;

    /// Writes the log as files that [`crate::verify_export`] reads, into an empty folder or over an older export.
    async fn export_audit(&self, folder: &Path) -> Result<ExportReport, LedgerError>;
}

/// The head of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditState {
    /// Entries.
    pub size: u64,
    /// Root of the tree, hexadecimal.
    pub root: String,
    /// The signed note, as published.
    pub checkpoint: String,
    /// The verifier key that whoever checks needs, from a place other than the export.
    pub verifier: String,
}

/// What an export wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportReport {
    /// Entries it holds.
    pub size: u64,
    /// Root of the tree, hexadecimal.
    pub root: String,
    /// Files written; those that an older export had written already are not.
    pub written: u64,
    /// The signed note.
    pub checkpoint: String,
    /// The verifier key.
    pub verifier: String,
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _written = write!(text, "{byte:02x}").is_ok();
            text
        })
}
