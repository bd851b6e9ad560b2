//! Reads a published snapshot's `METADATA.jsonl` line by line, so that memory does not grow with the snapshot.
//!
//! Owns: what is damage and what is an older or newer format. Read next: `sealed.rs`, which also checks the manifest.

use std::io::{BufRead, Read};

use strongroom_plugin::Failure;
use strongroom_plugin::files::{self, Reader, Tree};

use crate::order::join;
use crate::record::{END_BEGINS, End, FORMAT, Header, Record};

/// The file's name in a snapshot.
pub(crate) const METADATA: &str = "METADATA.jsonl";
/// The longest line: a path, a link text and 64 KiB of attributes, each byte as two digits, and room.
const LINE: u64 = 1 << 20;
/// The longest end: 100 warnings.
const TAIL: u64 = 256 << 10;

/// Why a snapshot's metadata cannot be used.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The file cannot be read.
    File(files::Error),
    /// It is not what was written.
    Damaged(String),
    /// A newer version of this plugin wrote it.
    Newer(u32),
}

impl Trouble {
    /// The failure of a call about `place`.
    pub(crate) fn at(&self, place: &str) -> Failure {
        match self {
            Self::File(files::Error::NotFound) => {
                Failure::corrupt(format!("{place}/{METADATA}: missing"))
            }
            Self::File(error) => error.at(format!("{place}/{METADATA}")),
            Self::Damaged(why) => Failure::corrupt(format!("{place}/{METADATA}: {why}")),
            Self::Newer(format) => Failure::conflict(format!(
                "{place} was written in format {format} by a newer local-snapshot; install that version to use it"
            )),
        }
    }
}

/// A snapshot's metadata, being read.
pub(crate) struct Recorded {
    pub(crate) header: Header,
    reader: Reader,
    line: Vec<u8>,
    end: Option<End>,
}

impl Recorded {
    /// Opens the metadata in `folder` and reads its header.
    pub(crate) fn open(place: &Tree, folder: &[u8]) -> Result<Self, Trouble> {
        let mut reader = place
            .read(join(folder, METADATA.as_bytes()), 0)
            .map_err(Trouble::File)?;
        let mut line = Vec::new();
        read_line(&mut reader, &mut line)?;
        let header = read_header(&line)?;
        Ok(Self {
            header,
            reader,
            line,
            end: None,
        })
    }

    /// The next entry; none after the end line, which must be there.
    pub(crate) fn next(&mut self) -> Result<Option<Record>, Trouble> {
        if self.end.is_some() {
            return Ok(None);
        }
        read_line(&mut self.reader, &mut self.line)?;
        if self.line.starts_with(END_BEGINS) {
            self.end = Some(parse(&self.line)?);
            return Ok(None);
        }
        parse(&self.line).map(Some)
    }
}

/// Only the header and the end of the metadata in `folder`.
pub(crate) fn outline(place: &Tree, folder: &[u8]) -> Result<(Header, End), Trouble> {
    let path = join(folder, METADATA.as_bytes());
    let header = Recorded::open(place, folder)?.header;
    let size = place.describe(&path).map_err(Trouble::File)?.metadata.size;
    let mut tail = Vec::new();
    let reader = place
        .read(&path, size.saturating_sub(TAIL))
        .map_err(Trouble::File)?;
    reader
        .take(TAIL)
        .read_to_end(&mut tail)
        .map_err(|error| Trouble::Damaged(error.to_string()))?;
    let last = tail
        .strip_suffix(b"\n")
        .and_then(|lines| lines.rsplit(|&byte| byte == b'\n').next());
    let last = last
        .filter(|line| line.starts_with(END_BEGINS))
        .ok_or_else(|| Trouble::Damaged("its end is missing".to_owned()))?;
    Ok((header, parse(last)?))
}

fn read_line(reader: &mut Reader, line: &mut Vec<u8>) -> Result<(), Trouble> {
    line.clear();
    reader
        .take(LINE)
        .read_until(b'\n', line)
        .map_err(|error| Trouble::Damaged(error.to_string()))?;
    if line.pop() == Some(b'\n') {
        Ok(())
    } else {
        Err(Trouble::Damaged("it ends in the middle".to_owned()))
    }
}

fn read_header(line: &[u8]) -> Result<Header, Trouble> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = parse(line)?;
    if format > FORMAT {
        return Err(Trouble::Newer(format));
    }
    parse(line)
}

fn parse<T: serde::de::DeserializeOwned>(line: &[u8]) -> Result<T, Trouble> {
    serde_json::from_slice(line)
        .map_err(|error| Trouble::Damaged(format!("a line cannot be read: {error}")))
}
