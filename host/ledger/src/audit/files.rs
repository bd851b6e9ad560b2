//! The files of an export: read with a limit, written once, listed without following links.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use crate::audit::entry::ENTRY_BYTES;
use crate::audit::tree::TILE_WIDTH;

/// The signed tree head.
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// The verifier key, for convenience: it proves nothing unless it is compared with one kept elsewhere.
pub(crate) const KEY: &str = "key";

/// What the file [`KEY`] holds.
pub(crate) fn key_file(key: &str) -> Vec<u8> {
    format!("{}\n", key.trim()).into_bytes()
}

/// A full bundle of the longest entries; nothing in an export is larger.
const FILE_BYTES: u64 = (TILE_WIDTH * (ENTRY_BYTES + 2)) as u64;

/// Reads one file of an export.
pub(crate) fn read(folder: &Path, name: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(folder.join(name))?
        .take(FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a file so that it is there whole or not at all. Durable only after the caller syncs.
pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let unfinished = path.with_extension("new");
    let mut file = fs::File::create(&unfinished)?;
    file.write_all(bytes)?;
    if name == CHECKPOINT {
        file.sync_all()?;
    }
    fs::rename(unfinished, path)
}

/// Names, relative and `/`-separated, of everything that is not in `expected`; folders end in `/`.
///
/// Nothing below a folder that should not be there is looked at.
pub(crate) fn unexpected(folder: &Path, expected: &BTreeSet<String>) -> io::Result<Vec<String>> {
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    for name in expected {
        folders.extend(name.match_indices('/').filter_map(|(at, _)| name.get(..at)));
    }
    let mut found = Vec::new();
    let mut open = vec![String::new()];
    while let Some(inside) = open.pop() {
        for entry in fs::read_dir(folder.join(&inside))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let name = if inside.is_empty() {
                name
            } else {
                format!("{inside}/{name}")
            };
            let kind = entry.file_type()?;
            match () {
                () if kind.is_dir() && folders.contains(name.as_str()) => open.push(name),
                () if kind.is_file() && expected.contains(&name) => {}
                () if kind.is_dir() => found.push(format!("{name}/")),
                () => found.push(name),
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Appends an entry to a bundle: its length in two bytes, then itself.
pub(crate) fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) {
    // `entry::encode` keeps every entry within two bytes of length.
    let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
}

/// Takes the next entry off a bundle; `None`: the bundle ends inside it.
pub(crate) fn pop_entry<'a>(bundle: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bundle.split_first_chunk::<2>()?;
    let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    *bundle = rest;
    Some(entry)
}
