//! Compares two trees and reports every difference.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

/// What is compared of every entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// File, folder, link or special, and which special.
    Kind,
    /// Bytes of files, texts of symbolic links.
    Content,
    /// Permission bits with set-id and sticky (of links: never compared).
    Mode,
    /// User and group.
    Owner,
    /// Time of the last change, to the nanosecond.
    Modified,
    /// Which names are one file.
    Links,
    /// Extended attributes, ACLs included.
    Attributes,
    /// Where a file has no data on disk.
    Holes,
}

/// A comparison of two trees: by default of every aspect of everything beneath the two folders.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    without: BTreeSet<Aspect>,
    ignored: BTreeSet<PathBuf>,
    roots: bool,
}

/// Every difference between everything beneath two folders; empty: one is an exact image of the other.
#[must_use]
#[track_caller]
pub fn compare_trees(left: &Path, right: &Path) -> Vec<String> {
    Comparison::default().compare(left, right)
}

impl Comparison {
    /// Leaves an aspect out.
    #[must_use]
    pub fn without(mut self, aspect: Aspect) -> Self {
        self.without.insert(aspect);
        self
    }

    /// Leaves out one path (and what is beneath it) on both sides.
    #[must_use]
    pub fn ignoring(mut self, path: impl Into<PathBuf>) -> Self {
        self.ignored.insert(path.into());
        self
    }

    /// Also compares the two folders themselves.
    #[must_use]
    pub fn with_roots(mut self) -> Self {
        self.roots = true;
        self
    }

    /// Every difference, by path.
    ///
    /// # Panics
    /// When one of the trees cannot be read.
    #[must_use]
    #[track_caller]
    pub fn compare(&self, left: &Path, right: &Path) -> Vec<String> {
        let read = |folder: &Path| {
            self.read(folder)
                .unwrap_or_else(|error| panic!("{} cannot be compared: {error}", folder.display()))
        };
        let (left, right) = (read(left), read(right));
        let paths: BTreeSet<&PathBuf> = left.keys().chain(right.keys()).collect();
        let mut differences = Vec::new();
        for path in paths {
            match (left.get(path), right.get(path)) {
                (Some(a), Some(b)) => self.differences(path, a, b, &mut differences),
                (Some(_), None) => differences.push(format!("{path:?}: only on the left")),
                (None, _) => differences.push(format!("{path:?}: only on the right")),
            }
        }
        differences
    }

    fn differences(&self, path: &Path, left: &Node, right: &Node, found: &mut Vec<String>) {
        let mut differ = |aspect: Aspect, what: &str, a: String, b: String| {
            if a != b && !self.without.contains(&aspect) {
                found.push(format!("{path:?}: {what}: {a} and {b}"));
            }
        };
        differ(Aspect::Kind, "kind", left.kind.clone(), right.kind.clone());
        if left.kind != right.kind {
            return;
        }
        differ(
            Aspect::Mode,
            "mode",
            format!("{:04o}", left.mode),
            format!("{:04o}", right.mode),
        );
        differ(
            Aspect::Owner,
            "owner",
            format!("{:?}", left.owner),
            format!("{:?}", right.owner),
        );
        differ(
            Aspect::Modified,
            "modified",
            time(left.modified),
            time(right.modified),
        );
        differ(
            Aspect::Links,
            "same file as",
            format!("{:?}", left.same),
            format!("{:?}", right.same),
        );
        differ(
            Aspect::Attributes,
            "attributes",
            attributes(left),
            attributes(right),
        );
        differ(
            Aspect::Content,
            "size",
            left.content.len().to_string(),
            right.content.len().to_string(),
        );
        if left.content.len() == right.content.len() {
            let position = left
                .content
                .iter()
                .zip(&right.content)
                .position(|(a, b)| a != b);
            let side = |content: &[u8]| {
                position.map_or(String::new(), |p| {
                    format!("{:02x?} at byte {p}", content.get(p))
                })
            };
            differ(
                Aspect::Content,
                "content",
                side(&left.content),
                side(&right.content),
            );
        }
        differ(
            Aspect::Holes,
            "data at",
            format!("{:?}", left.data),
            format!("{:?}", right.data),
        );
    }

    fn read(&self, folder: &Path) -> io::Result<BTreeMap<PathBuf, Node>> {
        let mut nodes = BTreeMap::new();
        let mut names: BTreeMap<(u64, u64), BTreeSet<PathBuf>> = BTreeMap::new();
        let mut open = vec![PathBuf::new()];
        while let Some(path) = open.pop() {
            if self.ignored.contains(&path) {
                continue;
            }
            let absolute = if path.as_os_str().is_empty() {
                folder.to_owned()
            } else {
                folder.join(&path)
            };
            let metadata = fs::symlink_metadata(&absolute)?;
            if metadata.is_dir() {
                for entry in fs::read_dir(&absolute)? {
                    open.push(path.join(entry?.file_name()));
                }
            } else {
                names
                    .entry((metadata.dev(), metadata.ino()))
                    .or_default()
                    .insert(path.clone());
            }
            if self.roots || !path.as_os_str().is_empty() {
                nodes.insert(path, Node::read(&absolute, &metadata)?);
            }
        }
        for group in names.values().filter(|group| group.len() > 1) {
            for path in group {
                if let Some(node) = nodes.get_mut(path) {
                    node.same = group
                        .iter()
                        .filter(|other| *other != path)
                        .cloned()
                        .collect();
                }
            }
        }
        Ok(nodes)
    }
}

#[derive(Debug)]
struct Node {
    kind: String,
    content: Vec<u8>,
    mode: u32,
    owner: (u32, u32),
    modified: (i64, i64),
    same: Vec<PathBuf>,
    attributes: BTreeMap<OsString, Vec<u8>>,
    /// From and to, in bytes.
    data: Vec<(u64, u64)>,
}

impl Node {
    fn read(path: &Path, metadata: &Metadata) -> io::Result<Self> {
        let mut node = Self {
            kind: kind(metadata),
            content: Vec::new(),
            mode: metadata.mode() & 0o7777,
            owner: (metadata.uid(), metadata.gid()),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            same: Vec::new(),
            attributes: BTreeMap::new(),
            data: Vec::new(),
        };
        if metadata.is_symlink() {
            node.mode = 0;
            node.content = fs::read_link(path)?.into_os_string().into_encoded_bytes();
        } else {
            node.attributes = read_attributes(path)?;
        }
        if metadata.is_file() {
            node.content = fs::read(path)?;
            node.data = data_ranges(&File::open(path)?, metadata.len())?;
        }
        Ok(node)
    }
}

fn kind(metadata: &Metadata) -> String {
    let kind = metadata.file_type();
    if kind.is_file() {
        "file".into()
    } else if kind.is_dir() {
        "folder".into()
    } else if kind.is_symlink() {
        "symbolic link".into()
    } else if kind.is_fifo() {
        "FIFO".into()
    } else if kind.is_socket() {
        "socket".into()
    } else {
        format!("device {:#x}", metadata.rdev())
    }
}

fn read_attributes(path: &Path) -> io::Result<BTreeMap<OsString, Vec<u8>>> {
    use std::os::unix::ffi::OsStrExt;
    let mut buffer = vec![0_u8; 1 << 16];
    let names = match rustix::fs::llistxattr(path, buffer.as_mut_slice()) {
        Ok(length) => buffer.get(..length).unwrap_or_default().to_vec(),
        Err(Errno::NOTSUP) => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.into()),
    };
    let mut found = BTreeMap::new();
    for name in names
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        let name = std::ffi::OsStr::from_bytes(name);
        let length = rustix::fs::lgetxattr(path, name, buffer.as_mut_slice())?;
        found.insert(
            name.to_owned(),
            buffer.get(..length).unwrap_or_default().to_vec(),
        );
    }
    Ok(found)
}

fn data_ranges(file: &File, size: u64) -> io::Result<Vec<(u64, u64)>> {
    let mut ranges = Vec::new();
    let mut position = 0;
    while position < size {
        let start = match seek(file, SeekFrom::Data(position)) {
            Ok(start) => start,
            Err(Errno::NXIO) => break,
            Err(Errno::INVAL) => return Ok(vec![(0, size)]),
            Err(error) => return Err(error.into()),
        };
        let end = seek(file, SeekFrom::Hole(start))?;
        ranges.push((start, end));
        position = end;
    }
    Ok(ranges)
}

fn time((seconds, nanoseconds): (i64, i64)) -> String {
    format!("{seconds}.{nanoseconds:09}")
}

fn attributes(node: &Node) -> String {
    let shown = node
        .attributes
        .iter()
        .map(|(name, value)| format!("{}={}", name.display(), value.escape_ascii()));
    shown.collect::<Vec<_>>().join(" ")
}
