//! An image being made: what is known of it so far, and what to do with each entry of the walk.
//!
//! Owns: the decision per entry. Read next: `carry.rs`, which does it in batches.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use strongroom_plugin::Failure;
use strongroom_plugin::files::{Change, Entry, Error, Kind, Tree, Writer};

use crate::create::previous::{Before, Previous};
use crate::create::tally::Tally;
use crate::encoding::{Digest, Time};
use crate::folders::Folders;
use crate::order::{compare, join, show};
use crate::record::{Record, What};
use crate::unchanged::{Verdict, is_recent, judge};

/// The permission bits that the shelf keeps: nobody writes, nothing is set-id.
const READ_ONLY: u32 = 0o555;
/// What every SQLite database begins with.
const SQLITE: &[u8; 16] = b"SQLite format 3\0";
/// What SQLite keeps beside a database. The backup of the database contains them.
const BESIDE: [&[u8]; 3] = [b"-wal", b"-journal", b"-shm"];

/// A granted tree that goes into the image.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) tree: Tree,
}

/// What to do with one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// It is recorded only.
    Record,
    Directory,
    Symlink,
    /// The same as in the snapshot before, found there under this path.
    Link(Vec<u8>),
    /// Probably the same: link if the content has this digest.
    LinkIf(Vec<u8>, Digest),
    Copy,
    /// Another name of a file that this image already has.
    Join((u64, u64)),
    /// It went away.
    Vanished,
}

/// One entry with what is to be done.
pub(crate) struct Planned {
    /// In the source.
    pub(crate) source: Vec<u8>,
    pub(crate) record: Record,
    pub(crate) act: Act,
    /// Copied now, so that its metadata is still to be set.
    pub(crate) fresh: bool,
}

/// The names of one file in the source.
pub(crate) struct Group {
    pub(crate) number: u64,
    /// Names still to come.
    pub(crate) to_come: u64,
    /// The first name on the shelf, once it is there.
    pub(crate) first: Option<Record>,
}

/// An image being made.
pub(crate) struct Image<'a> {
    pub(crate) place: &'a Tree,
    /// The folder it is made in.
    pub(crate) folder: Vec<u8>,
    pub(crate) metadata: Writer,
    pub(crate) manifest: Writer,
    pub(crate) previous: Previous,
    pub(crate) groups: BTreeMap<(u64, u64), Group>,
    pub(crate) folders: Folders,
    pub(crate) tally: Tally,
    /// When it began, by the clock of the place's file system.
    pub(crate) began: Time,
    /// Device and inode of the place, which must not lie inside a source.
    pub(crate) place_identity: (u64, u64),
    /// Whether databases are copied through SQLite.
    pub(crate) sqlite: bool,
    databases: BTreeSet<Vec<u8>>,
    last: Vec<u8>,
}

impl<'a> Image<'a> {
    pub(crate) fn new(
        place: &'a Tree,
        folder: Vec<u8>,
        files: (Writer, Writer),
        previous: Previous,
        began: Time,
        place_identity: (u64, u64),
        sqlite: bool,
    ) -> Self {
        let (metadata, manifest) = files;
        Self {
            place,
            folder,
            metadata,
            manifest,
            previous,
            groups: BTreeMap::new(),
            folders: Folders::default(),
            tally: Tally::default(),
            began,
            place_identity,
            sqlite,
            databases: BTreeSet::new(),
            last: Vec::new(),
        }
    }

    /// Decides what to do with an entry, in the order of the walk.
    pub(crate) fn plan(&mut self, source: &Source, entry: Entry) -> Result<Planned, Failure> {
        let path = join(source.name.as_bytes(), &entry.path);
        if compare(&self.last, &path).is_ge() {
            return Err(Failure::other(format!(
                "the walk came to {} after {}: not in order",
                show(&path),
                show(&self.last)
            )));
        }
        self.last.clone_from(&path);
        self.folders.at(&join(&self.folder, &path));
        let record = Record::of(path, &entry);
        let mut planned = Planned {
            act: Act::Record,
            source: entry.path,
            record,
            fresh: false,
        };
        match &entry.error {
            Some(Error::NotFound) => planned.act = Act::Vanished,
            Some(error) => {
                self.tally.unreadable(&planned.record.path.0, error);
                planned.record.absent = Some(format!("unreadable: {}", error.words()));
            }
            None => self.plan_kind(
                source,
                &entry.metadata.kind,
                &mut planned,
                entry.metadata.links,
            )?,
        }
        Ok(planned)
    }

    fn plan_kind(
        &mut self,
        source: &Source,
        kind: &Kind,
        planned: &mut Planned,
        links: u64,
    ) -> Result<(), Failure> {
        match kind {
            Kind::Directory => {
                if (planned.record.device, planned.record.inode) == self.place_identity {
                    let inside = show(&planned.record.path.0);
                    return Err(Failure::invalid(format!(
                        "the shelf lies inside its own source, at {inside}: move the place out of it"
                    )));
                }
                self.folders.enter(on_shelf(&self.folder, &planned.record));
                planned.act = Act::Directory;
            }
            Kind::Symlink => planned.act = Act::Symlink,
            Kind::Special | Kind::Other(_) => {
                planned.record.absent = Some("a device, socket or FIFO".to_owned());
                self.tally.warn(format!(
                    "recorded but not copied, a device, socket or FIFO: {}",
                    show(&planned.record.path.0)
                ));
            }
            Kind::File => self.plan_file(source, planned, links),
        }
        Ok(())
    }

    fn plan_file(&mut self, source: &Source, planned: &mut Planned, links: u64) {
        let previous = match self.previous.find(&planned.record.path.0) {
            Before::Intact(record) => Some(record),
            Before::Altered => {
                let path = show(&planned.record.path.0);
                self.tally.warn(format!(
                    "altered in the snapshot before, so copied anew: {path}"
                ));
                None
            }
            Before::Nothing => None,
        };
        let record = &mut planned.record;
        if BESIDE.iter().any(|end| {
            record
                .path
                .0
                .strip_suffix(*end)
                .is_some_and(|main| self.databases.contains(main))
        }) {
            record.absent =
                Some("contained in the copy of the SQLite database beside it".to_owned());
            return;
        }
        let identity = (record.device, record.inode);
        if links > 1 {
            let number = self.groups.len() as u64;
            if let Some(group) = self.groups.get_mut(&identity) {
                group.to_come = group.to_come.saturating_sub(1);
                record.group = Some(group.number);
                planned.act = Act::Join(identity);
                return;
            }
            // Numbers are never reused: a group stays until the end, though its record is dropped with its last name.
            self.groups.insert(
                identity,
                Group {
                    number,
                    to_come: links - 1,
                    first: None,
                },
            );
            record.group = Some(number);
        }
        record.recent = is_recent(self.began, record.ctime);
        planned.act = match previous.map(|before| (judge(&before, record), before)) {
            None | Some((Verdict::Changed, _)) => Act::Copy,
            Some((Verdict::Same, before)) => Act::Link(self.keep(&before, record)),
            Some((Verdict::SameTimes, before)) => match before.sha256 {
                Some(digest) => Act::LinkIf(self.keep(&before, record), digest),
                None => Act::Copy,
            },
            Some((Verdict::SameDatabase, before))
                if self.sqlite && !has_journal(&source.tree, &planned.source) =>
            {
                Act::Link(self.keep(&before, record))
            }
            Some((Verdict::SameDatabase, _)) => Act::Copy,
        };
        if planned.act == Act::Copy {
            self.look_for_sqlite(&source.tree, planned);
        }
        if planned.record.sqlite {
            self.databases.insert(planned.record.path.0.clone());
        }
    }

    /// Takes over what the snapshot before knows of the content, and says where that lies.
    fn keep(&self, before: &Record, record: &mut Record) -> Vec<u8> {
        record.sha256 = before.sha256;
        record.stored = before.stored;
        record.sqlite = before.sqlite;
        self.previous.path(before)
    }

    /// Reads the first bytes of a file that may be a database: pages are powers of two from 512, so only sizes that
    /// 512 divides are looked at.
    pub(crate) fn look_for_sqlite(&self, tree: &Tree, planned: &mut Planned) {
        let record = &mut planned.record;
        if !self.sqlite || record.size == 0 || !record.size.is_multiple_of(512) {
            return;
        }
        let mut head = [0; SQLITE.len()];
        // A file that cannot be read is found out when it is copied.
        let read = tree
            .read(&planned.source, 0)
            .is_ok_and(|mut reader| reader.read_exact(&mut head).is_ok());
        if read && &head == SQLITE {
            record.sqlite = true;
            record.journal = has_journal(tree, &planned.source);
        }
    }
}

/// Whether a log that may hold commits lies beside a database.
fn has_journal(tree: &Tree, path: &[u8]) -> bool {
    [&b"-wal"[..], b"-journal"]
        .iter()
        .any(|end| match tree.describe([path, end].concat()) {
            Ok(found) => found.metadata.size > 0,
            Err(Error::NotFound) => false,
            // Not known: as if there were one.
            Err(_) => true,
        })
}

/// The metadata of an entry as the shelf shows it: read-only, with its owner, time and the owner's attributes. Access
/// lists stay in the record, because they could allow writing.
pub(crate) fn on_shelf(folder: &[u8], record: &Record) -> Change {
    let mode = match record.kind {
        What::File => Some(record.mode.0 & READ_ONLY),
        What::Directory => Some(record.mode.0 & READ_ONLY | 0o500),
        What::Symlink | What::Special => None,
    };
    let attributes = record
        .xattrs
        .iter()
        .filter(|(name, _)| name.starts_with("user."));
    Change {
        mode,
        owner: Some((record.uid, record.gid)),
        modified: Some(record.mtime.into()),
        attributes: attributes
            .map(|(name, value)| (name.clone(), value.0.clone()))
            .collect(),
        ..Change::of(join(folder, &record.path.0))
    }
}
