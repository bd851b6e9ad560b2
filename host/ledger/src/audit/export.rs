//! Writes the log as files: tiles and bundles first, then the checkpoint that signs them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tlog_tiles::Hash;

use crate::audit::files::{self, CHECKPOINT, KEY, key_file, push_entry};
use crate::audit::key::{TreeHead, open_checkpoint};
use crate::audit::tree::{FilledTile, RightEdge, TILE_WIDTH, TileCutter, bundle_path, paths};
use crate::audit::{AuditState, ExportReport, hex};
use crate::error::LedgerError;

/// An export under way. Recomputes the whole tree from the entries, so that a ledger whose entries were changed behind
/// its back is found out here too.
pub(crate) struct Exporter {
    folder: PathBuf,
    state: AuditState,
    head: TreeHead,
    older: Option<TreeHead>,
    edge: RightEdge,
    cutter: TileCutter,
    bundle: Vec<u8>,
    written: u64,
}

fn refused(detail: String) -> LedgerError {
    LedgerError::Export { detail }
}

fn fault(name: &str, error: &std::io::Error) -> LedgerError {
    match LedgerError::io(name, error) {
        // It is the disk of the export that is full, not the ledger's.
        LedgerError::Full => refused(format!("{name}: the disk is full")),
        _ => refused(format!("{name}: {error}")),
    }
}

impl Exporter {
    /// Begins in an empty folder, or where an older export of the same log lies.
    pub(crate) fn begin(folder: &Path, state: AuditState) -> Result<Self, LedgerError> {
        let head =
            open_checkpoint(state.checkpoint.as_bytes(), &state.verifier).map_err(|detail| {
                LedgerError::Corrupt {
                    detail: format!("the stored checkpoint is unusable: {detail}"),
                }
            })?;
        let shown = folder.display().to_string();
        fs::create_dir_all(folder).map_err(|error| fault(&shown, &error))?;
        let empty = fs::read_dir(folder)
            .map_err(|error| fault(&shown, &error))?
            .next()
            .is_none();
        let older = if empty {
            None
        } else {
            let text = files::read(folder, CHECKPOINT)
                .map_err(|_| refused(format!("{shown} is not empty and holds no older export")))?;
            let older = open_checkpoint(&text, &state.verifier).map_err(|detail| {
                refused(format!(
                    "the older checkpoint in {shown} is unusable: {detail}"
                ))
            })?;
            if older.size > head.size {
                let (has, had) = (head.size, older.size);
                return Err(refused(format!(
                    "{shown} holds {had} entries, the ledger only {has}: entries are missing"
                )));
            }
            Some(older)
        };
        Ok(Self {
            folder: folder.to_owned(),
            state,
            head,
            older,
            edge: RightEdge::default(),
            cutter: TileCutter::default(),
            bundle: Vec::new(),
            written: 0,
        })
    }

    /// Adds the next entries, in order.
    pub(crate) fn append(&mut self, entries: &[Vec<u8>]) -> Result<(), LedgerError> {
        for entry in entries {
            let leaf = self.edge.append(entry);
            push_entry(&mut self.bundle, entry);
            for tile in self.cutter.append(leaf) {
                self.write(&tile)?;
            }
            if self.edge.size().is_multiple_of(TILE_WIDTH as u64) {
                let path = bundle_path(self.edge.size() / TILE_WIDTH as u64 - 1, TILE_WIDTH);
                let bytes = std::mem::take(&mut self.bundle);
                self.write(&FilledTile { path, bytes })?;
            }
            if let Some(older) = &self.older
                && older.size == self.edge.size()
                && older.root != self.edge.root()
            {
                let (size, folder) = (older.size, self.folder.display());
                return Err(refused(format!(
                    "the {size} entries in {folder} are not the ledger's: its history was changed"
                )));
            }
        }
        Ok(())
    }

    /// Writes what is left, the checkpoint last, and removes partial tiles that are outgrown.
    pub(crate) fn finish(mut self) -> Result<ExportReport, LedgerError> {
        let size = self.edge.size();
        if size != self.head.size || self.edge.root() != self.head.root {
            let detail = format!(
                "the audit entries stored do not add up to the signed tree of {} entries",
                self.head.size
            );
            return Err(LedgerError::Corrupt { detail });
        }
        for tile in std::mem::take(&mut self.cutter).finish() {
            self.write(&tile)?;
        }
        if !self.bundle.is_empty() {
            let path = bundle_path(
                size / TILE_WIDTH as u64,
                (size % TILE_WIDTH as u64) as usize,
            );
            let bytes = std::mem::take(&mut self.bundle);
            self.write(&FilledTile { path, bytes })?;
        }
        let shown = self.folder.display().to_string();
        let sync = || -> std::io::Result<()> {
            let folder = fs::File::open(&self.folder)?;
            // One sync for all tiles: they must be on disk before the checkpoint that vouches for them.
            rustix::fs::syncfs(&folder)?;
            files::write(&self.folder, KEY, &key_file(&self.state.verifier))?;
            files::write(&self.folder, CHECKPOINT, self.state.checkpoint.as_bytes())?;
            folder.sync_all()
        };
        sync().map_err(|error| fault(&shown, &error))?;
        self.written += 1;
        self.remove_outgrown()?;
        Ok(ExportReport {
            size,
            root: root_text(&self.head.root),
            written: self.written,
            checkpoint: self.state.checkpoint,
            verifier: self.state.verifier,
        })
    }

    fn write(&mut self, tile: &FilledTile) -> Result<(), LedgerError> {
        match files::read(&self.folder, &tile.path) {
            Ok(bytes) if bytes == tile.bytes => return Ok(()),
            Ok(_) => {
                return Err(refused(format!(
                    "{} in {} was changed",
                    tile.path,
                    self.folder.display()
                )));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(fault(&tile.path, &error)),
        }
        files::write(&self.folder, &tile.path, &tile.bytes)
            .map_err(|error| fault(&tile.path, &error))?;
        self.written += 1;
        Ok(())
    }

    fn remove_outgrown(&self) -> Result<(), LedgerError> {
        let mut expected: BTreeSet<String> = paths(self.head.size).into_iter().collect();
        expected.extend([CHECKPOINT.to_owned(), KEY.to_owned()]);
        let extra =
            files::unexpected(&self.folder, &expected).map_err(|error| fault("listing", &error))?;
        for name in extra {
            let path = self.folder.join(&name);
            let removed = if name.starts_with("tile/") && name.ends_with(".p/") {
                fs::remove_dir_all(path)
            } else if name.starts_with("tile/") && name.contains(".p/") {
                fs::remove_file(path)
            } else {
                // Not ours: `verify_export` names it.
                continue;
            };
            removed.map_err(|error| fault(&name, &error))?;
        }
        Ok(())
    }
}

pub(crate) fn root_text(root: &Hash) -> String {
    hex(&root.0)
}
