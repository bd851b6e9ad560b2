//! Verifies an export from its files alone: no ledger, no network, only a key that came another way.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::path::Path;

use jiff::Timestamp;
use tlog_tiles::HASH_SIZE;

use crate::audit::entry::decode;
use crate::audit::export::root_text;
use crate::audit::files::{self, CHECKPOINT, KEY, key_file, pop_entry};
use crate::audit::key::{TreeHead, open_checkpoint};
use crate::audit::tree::{FilledTile, RightEdge, TILE_WIDTH, TileCutter, bundle_path, paths};

/// What an export proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Entries.
    pub size: u64,
    /// Root of the tree, hexadecimal.
    pub root: String,
    /// The log's name.
    pub origin: String,
    /// When the last entry was written; `None`: there is none.
    pub last_entry_at: Option<Timestamp>,
}

/// Why an export proves nothing. Files are named relative to its folder, entries counted from 0.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// It cannot be read.
    #[error("`{file}` cannot be read: {error}")]
    Unreadable {
        /// Which file.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// A file of the tree is not there.
    #[error("`{file}` is missing")]
    Missing {
        /// Which file.
        file: String,
    },
    /// Something is there that is no part of the tree.
    #[error("`{file}` is not part of the signed tree")]
    Unexpected {
        /// Which file or folder.
        file: String,
    },
    /// The checkpoint is not what the key signed.
    #[error("`checkpoint` is not valid: {detail}")]
    Checkpoint {
        /// What is wrong with it.
        detail: String,
    },
    /// The earlier checkpoint is not what the key signed.
    #[error("the earlier checkpoint is not valid: {detail}")]
    Earlier {
        /// What is wrong with it.
        detail: String,
    },
    /// A file is not what its name says.
    #[error("`{file}` is damaged: {detail}")]
    Damaged {
        /// Which file.
        file: String,
        /// What does not fit.
        detail: String,
    },
    /// An entry is not the one that was hashed.
    #[error(
        "entry {entry} in `{file}` does not match its hash in `{tile}`: one of the two was changed"
    )]
    Entry {
        /// Which entry.
        entry: u64,
        /// The bundle that holds it.
        file: String,
        /// The tile that holds its hash.
        tile: String,
    },
    /// An entry was signed but says something impossible of itself.
    #[error("entry {entry} in `{file}` is not an entry of this log: {detail}")]
    Strange {
        /// Which entry.
        entry: u64,
        /// The bundle that holds it.
        file: String,
        /// What does not fit.
        detail: String,
    },
    /// Entries and tiles agree with each other, not with the signature.
    #[error(
        "the {size} entries add up to another tree than the one that `checkpoint` signs: `tile/entries` and `tile/0` were changed together"
    )]
    Root {
        /// Entries.
        size: u64,
    },
    /// Entries that were there are gone.
    #[error(
        "the export holds {size} entries, the earlier checkpoint {earlier}: entries were removed"
    )]
    Truncated {
        /// Entries now.
        size: u64,
        /// Entries then.
        earlier: u64,
    },
    /// The log was rewritten.
    #[error(
        "the first {earlier} entries are not those of the earlier checkpoint: the history was rewritten"
    )]
    Forked {
        /// Entries then.
        earlier: u64,
    },
}

/// Verifies everything in `folder` against `key`, the log's verifier key, and an `earlier` checkpoint of the same log.
///
/// Finds any changed, removed, swapped, inserted or appended entry, any changed, missing or additional file, a rewritten
/// history, and, given a checkpoint that left the machine earlier, a log that was cut short.
///
/// # Errors
/// [`AuditError`] names the first file and entry that does not fit.
pub fn verify_export(
    folder: &Path,
    key: &str,
    earlier: Option<&str>,
) -> Result<Verified, AuditError> {
    let text = read(folder, CHECKPOINT)?;
    let head = open_checkpoint(&text, key).map_err(|detail| AuditError::Checkpoint { detail })?;
    let earlier = match earlier {
        None => None,
        Some(text) => {
            let earlier = open_checkpoint(text.as_bytes(), key)
                .map_err(|detail| AuditError::Earlier { detail })?;
            if earlier.size > head.size {
                return Err(AuditError::Truncated {
                    size: head.size,
                    earlier: earlier.size,
                });
            }
            Some(earlier)
        }
    };
    let mut expected: BTreeSet<String> = paths(head.size).into_iter().collect();
    expected.insert(CHECKPOINT.to_owned());
    check_key(folder, key)?;
    expected.insert(KEY.to_owned());
    let extra = files::unexpected(folder, &expected).map_err(|error| AuditError::Unreadable {
        file: folder.display().to_string(),
        error,
    })?;
    if let Some(file) = extra.into_iter().next() {
        return Err(AuditError::Unexpected { file });
    }
    Reading::new(folder, earlier.as_ref()).run(&head)
}

/// The key that came with the files must be the one that they are verified with, to the byte.
fn check_key(folder: &Path, key: &str) -> Result<(), AuditError> {
    if read(folder, KEY)? == key_file(key) {
        return Ok(());
    }
    Err(AuditError::Damaged {
        file: KEY.to_owned(),
        detail: "it holds another key than the one given".to_owned(),
    })
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>, AuditError> {
    files::read(folder, name).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => AuditError::Missing {
            file: name.to_owned(),
        },
        _ => AuditError::Unreadable {
            file: name.to_owned(),
            error,
        },
    })
}

struct Reading<'a> {
    folder: &'a Path,
    earlier: Option<&'a TreeHead>,
    edge: RightEdge,
    cutter: TileCutter,
    last_entry_at: Option<Timestamp>,
}

impl<'a> Reading<'a> {
    fn new(folder: &'a Path, earlier: Option<&'a TreeHead>) -> Self {
        Self {
            folder,
            earlier,
            edge: RightEdge::default(),
            cutter: TileCutter::default(),
            last_entry_at: None,
        }
    }

    fn run(mut self, head: &TreeHead) -> Result<Verified, AuditError> {
        let width = TILE_WIDTH as u64;
        for index in 0..head.size.div_ceil(width) {
            let count = (head.size - index * width).min(width) as usize;
            self.bundle(index, count)?;
        }
        for tile in std::mem::take(&mut self.cutter).finish() {
            // Level 0 was compared with its bundle.
            if !tile.path.starts_with("tile/0/") {
                self.compare(&tile)?;
            }
        }
        if self.edge.root() != head.root {
            return Err(AuditError::Root { size: head.size });
        }
        if let Some(earlier) = self.earlier
            && earlier.size == 0
            && earlier.root != RightEdge::default().root()
        {
            return Err(AuditError::Forked { earlier: 0 });
        }
        Ok(Verified {
            size: head.size,
            root: root_text(&head.root),
            origin: head.origin.clone(),
            last_entry_at: self.last_entry_at,
        })
    }

    /// Reads one bundle, compares its entries with their hashes, then looks at what the entries say.
    fn bundle(&mut self, index: u64, count: usize) -> Result<(), AuditError> {
        let file = bundle_path(index, count);
        let tile = file.replacen("tile/entries/", "tile/0/", 1);
        let bytes = read(self.folder, &file)?;
        let hashes = read(self.folder, &tile)?;
        if hashes.len() != count * HASH_SIZE {
            let detail = format!(
                "it has {} bytes instead of {}",
                hashes.len(),
                count * HASH_SIZE
            );
            return Err(AuditError::Damaged { file: tile, detail });
        }
        let first = self.edge.size();
        let mut rest = bytes.as_slice();
        let mut entries = VecDeque::with_capacity(count);
        let mut full = Vec::new();
        for hash in hashes.chunks_exact(HASH_SIZE) {
            let entry = self.edge.size();
            let Some(text) = pop_entry(&mut rest) else {
                return Err(AuditError::Damaged {
                    file,
                    detail: format!("it ends inside entry {entry}"),
                });
            };
            let leaf = self.edge.append(text);
            if leaf.0 != hash {
                return Err(AuditError::Entry { entry, file, tile });
            }
            full.extend(self.cutter.append(leaf));
            entries.push_back(text);
            self.compare_with_earlier()?;
        }
        if !rest.is_empty() {
            let detail = format!(
                "{} bytes follow its last entry, {}",
                rest.len(),
                self.edge.size() - 1
            );
            return Err(AuditError::Damaged { file, detail });
        }
        for tile in full.iter().filter(|tile| !tile.path.starts_with("tile/0/")) {
            self.compare(tile)?;
        }
        for (entry, text) in (first..).zip(entries) {
            let strange = |detail: String| AuditError::Strange {
                entry,
                file: file.clone(),
                detail,
            };
            let (sequence, time) =
                decode(text).ok_or_else(|| strange("its form is unknown".into()))?;
            if sequence != entry {
                return Err(strange(format!("it says that it is entry {sequence}")));
            }
            self.last_entry_at = Some(time);
        }
        Ok(())
    }

    fn compare_with_earlier(&self) -> Result<(), AuditError> {
        match self.earlier {
            Some(earlier)
                if earlier.size == self.edge.size() && earlier.root != self.edge.root() =>
            {
                Err(AuditError::Forked {
                    earlier: earlier.size,
                })
            }
            _ => Ok(()),
        }
    }

    fn compare(&self, tile: &FilledTile) -> Result<(), AuditError> {
        let bytes = read(self.folder, &tile.path)?;
        if bytes == tile.bytes {
            return Ok(());
        }
        let differs = bytes
            .chunks(HASH_SIZE)
            .zip(tile.bytes.chunks(HASH_SIZE))
            .position(|(stored, made)| stored != made);
        let detail = match differs {
            Some(hash) if bytes.len() == tile.bytes.len() => {
                format!("hash {hash} does not match the tiles below it")
            }
            _ => format!(
                "it has {} bytes instead of {}",
                bytes.len(),
                tile.bytes.len()
            ),
        };
        Err(AuditError::Damaged {
            file: tile.path.clone(),
            detail,
        })
    }
}
