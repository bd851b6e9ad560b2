//! A snapshot's records, held against its manifest: `SHA256SUMS` lists the metadata, and the metadata every entry.
//!
//! Owns: the order of trust. The metadata is read only after its own digest was right.

use std::io::{BufRead, Read};

use strongroom_plugin::Failure;
use strongroom_plugin::files::{Reader, Tree};

use crate::create::{MANIFEST, digest};
use crate::manifest;
use crate::order::{join, show};
use crate::record::Record;
use crate::recorded::{METADATA, Recorded};

/// The longest line: a path of 4 096 bytes, all of them escaped, and room.
const LINE: u64 = 16 << 10;
/// Lines of damage in one failure; the rest is counted.
const LINES: usize = 1000;

/// What was found damaged, one line per path.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    lines: Vec<String>,
    more: u64,
}

impl Damage {
    pub(crate) fn add(&mut self, path: &[u8], what: &str) {
        if self.lines.len() < LINES {
            self.lines.push(format!("{}: {what}", show(path)));
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.lines.is_empty()
    }

    /// The failure that names every damaged path.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let more = if self.more > 0 {
            format!("\nand {} more", self.more)
        } else {
            String::new()
        };
        (!self.is_none()).then(|| Failure::corrupt(format!("{}{more}", self.lines.join("\n"))))
    }
}

/// The records of one snapshot, each found in the manifest too.
pub(crate) struct Sealed {
    pub(crate) recorded: Recorded,
    sums: Reader,
    place: String,
    agrees: bool,
}

impl Sealed {
    /// Opens a snapshot whose metadata is what the manifest says.
    pub(crate) fn open(place: &Tree, folder: &[u8]) -> Result<Self, Failure> {
        let name = show(folder);
        let missing = |error: strongroom_plugin::files::Error| {
            Failure::corrupt(format!("{name}/{MANIFEST}: {}", error.words()))
        };
        let path = join(folder, MANIFEST.as_bytes());
        let size = place.describe(&path).map_err(missing)?.metadata.size;
        // 64 digits, two spaces, the name, a newline.
        let length = 67 + METADATA.len() as u64;
        let mut last = Vec::new();
        let tail = place
            .read(&path, size.saturating_sub(length))
            .map_err(missing)?;
        tail.take(length)
            .read_to_end(&mut last)
            .map_err(|error| Failure::other(format!("{name}/{MANIFEST}: {error}")))?;
        let listed = last
            .strip_suffix(b"\n")
            .and_then(manifest::parse)
            .filter(|(_, path)| path == METADATA.as_bytes());
        let Some((listed, _)) = listed else {
            return Err(Failure::corrupt(format!(
                "{name}/{MANIFEST}: its last line does not list {METADATA}"
            )));
        };
        let metadata = join(folder, METADATA.as_bytes());
        let found =
            digest(place, &metadata).map_err(|failure| Failure::corrupt(failure.detail()))?;
        if listed != found {
            return Err(Failure::corrupt(format!(
                "{name}/{METADATA}: its content is not what {MANIFEST} lists"
            )));
        }
        let recorded = Recorded::open(place, folder).map_err(|trouble| trouble.at(&name))?;
        let sums = place.read(&path, 0).map_err(missing)?;
        Ok(Self {
            recorded,
            sums,
            place: name,
            agrees: true,
        })
    }

    /// The next record. That the manifest says otherwise is damage of the manifest, told once.
    pub(crate) fn next(&mut self, damage: &mut Damage) -> Result<Option<Record>, Failure> {
        let Some(record) = self
            .recorded
            .next()
            .map_err(|trouble| trouble.at(&self.place))?
        else {
            return Ok(None);
        };
        if let Some(digest) = record.sha256.filter(|_| record.is_present() && self.agrees) {
            let mut line = Vec::new();
            let read = self.sums.by_ref().take(LINE).read_until(b'\n', &mut line);
            let listed = line
                .strip_suffix(b"\n")
                .filter(|_| read.is_ok())
                .and_then(manifest::parse);
            self.agrees =
                listed.is_some_and(|(listed, path)| listed == digest && path == record.path.0);
            if !self.agrees {
                damage.add(
                    MANIFEST.as_bytes(),
                    &format!("does not agree with {METADATA} on {}", show(&record.path.0)),
                );
            }
        }
        Ok(Some(record))
    }
}
