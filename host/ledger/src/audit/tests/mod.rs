//! The tree against the library's own functions, and exports against everything that can be done to their files.

mod damage;
mod exports;
mod trees;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;

use super::files::{CHECKPOINT, pop_entry, read};
use super::tree::{TILE_WIDTH, bundle_path};
use super::{AuditEntry, AuditKey, AuditState, ExportReport, Exporter, RightEdge, encode, hex};
use crate::error::LedgerError;

/// A log in memory: its key and entries.
struct Log {
    folder: TempDir,
    key: AuditKey,
    entries: Vec<Vec<u8>>,
}

impl Log {
    fn new(size: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = AuditKey::make(folder.path(), true).unwrap();
        let mut log = Self {
            folder,
            key,
            entries: Vec::new(),
        };
        log.grow(size);
        log
    }

    fn grow(&mut self, size: u64) {
        for sequence in self.entries.len() as u64..size {
            let entry = AuditEntry::new("tested", json!({ "number": sequence * 7 }));
            self.entries.push(
                encode(
                    &entry,
                    sequence,
                    Timestamp::from_second(1_000 + sequence as i64).unwrap(),
                )
                .unwrap()
                .into_bytes(),
            );
        }
    }

    /// The signed head of the first `size` entries.
    fn state(&self, size: u64) -> AuditState {
        let mut edge = RightEdge::default();
        for entry in &self.entries[..size as usize] {
            edge.append(entry);
        }
        AuditState {
            size,
            root: hex(&edge.root().0),
            checkpoint: self.key.checkpoint(size, edge.root()).unwrap(),
            verifier: self.key.verifier(),
        }
    }

    fn export(&self, folder: &Path, size: u64) -> Result<ExportReport, LedgerError> {
        let mut exporter = Exporter::begin(folder, self.state(size))?;
        // In pieces that fit no tile, as a ledger reads them.
        for piece in self.entries[..size as usize].chunks(100) {
            exporter.append(piece)?;
        }
        exporter.finish()
    }

    fn exported(&self, size: u64) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        self.export(folder.path(), size).unwrap();
        folder
    }

    fn verify(&self, folder: &Path) -> Result<super::Verified, super::AuditError> {
        super::verify_export(folder, &self.key.verifier(), None)
    }
}

/// Every file of an export by its relative name.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(inside) = open.pop() {
        for entry in fs::read_dir(inside).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

/// The entries of an export, as text.
pub(crate) fn exported_entries(folder: &Path, size: u64) -> Vec<String> {
    let width = TILE_WIDTH as u64;
    let bundles = (0..size.div_ceil(width)).map(|bundle| {
        let entries = width.min(size - bundle * width) as usize;
        read(folder, &bundle_path(bundle, entries)).unwrap()
    });
    let mut texts = Vec::new();
    for bundle in bundles {
        let mut rest = bundle.as_slice();
        while let Some(entry) = pop_entry(&mut rest) {
            texts.push(String::from_utf8(entry.to_vec()).unwrap());
        }
    }
    texts
}
