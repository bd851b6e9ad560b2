//! The audit log: an RFC 6962 Merkle tree over canonical JSON entries, published as C2SP tlog-tiles with signed notes.
//!
//! Owns: entries, tree, key, checkpoints, the files of an export and their verification.
//! Never: SQL (`sqlite::audit` stores what is made here).
//! Read next: `entry`, `tree`, `key`, then `export` and `verify`.

mod entry;
mod export;
mod files;
mod key;
mod tree;
mod verify;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

pub use verify::{AuditError, Verified, verify_export};

pub(crate) use entry::encode;
pub(crate) use export::Exporter;
pub(crate) use key::{AuditKey, open_checkpoint};
pub(crate) use tree::RightEdge;

/// Something to put on record. The ledger adds the sequence number and the time.
///
/// Fields are names, ids, digests and counts: personal data is never in an entry. Numbers are whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// What happened, as words joined by hyphens.
    pub kind: String,
    /// The facts.
    pub fields: Map<String, Value>,
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
