//! A tenant's shelf: `PLACE/<tenant>/<stamp>/`, `latest`, and what is half-made or half-deleted.
//!
//! Owns: which snapshots there are. An empty file `.index/<folder>.<run>` is made before a snapshot is begun and removed
//! after it is deleted, so nothing has to be walked to list them; a snapshot counts only where its folder is.
//! Never: touches anything outside the tenant's folder.

use strongroom_plugin::Failure;
use strongroom_plugin::files::{Change, Error, Kind, Tree};

use crate::order::join;
use crate::reference::{check_name, check_run, is_folder};

/// Points at the newest snapshot.
const LATEST: &str = "latest";
/// Holds one empty file per snapshot.
const INDEX: &str = ".index";

/// The snapshots of one tenant.
pub(crate) struct Shelf<'a> {
    pub(crate) place: &'a Tree,
    tenant: String,
}

/// A snapshot that was at least begun.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) folder: String,
    pub(crate) run_id: String,
}

impl Mark {
    fn file_name(&self) -> String {
        format!("{}.{}", self.folder, self.run_id)
    }

    fn parse(name: &[u8]) -> Option<Self> {
        let (folder, run_id) = std::str::from_utf8(name).ok()?.split_once('.')?;
        (is_folder(folder) && check_run(run_id).is_ok()).then(|| Self {
            folder: folder.to_owned(),
            run_id: run_id.to_owned(),
        })
    }
}

impl<'a> Shelf<'a> {
    pub(crate) fn new(place: &'a Tree, tenant: &str) -> Result<Self, Failure> {
        Ok(Self {
            place,
            tenant: check_name("tenant", tenant)?.to_owned(),
        })
    }

    /// The path of something in the tenant's folder.
    pub(crate) fn path(&self, name: &str) -> Vec<u8> {
        join(self.tenant.as_bytes(), name.as_bytes())
    }

    /// Where a run's snapshot is made.
    pub(crate) fn partial(&self, run_id: &str) -> Vec<u8> {
        self.path(&format!(".partial-{run_id}"))
    }

    /// Where a snapshot goes before its content is removed.
    pub(crate) fn deleting(&self, folder: &str) -> Vec<u8> {
        self.path(&format!(".deleting-{folder}"))
    }

    /// What a host calls a snapshot.
    pub(crate) fn reference(&self, folder: &str) -> String {
        format!("{}/{folder}", self.tenant)
    }

    /// The folder's failure, with its path.
    fn fails<'e>(&self, name: &'e str) -> impl Fn(Error) -> Failure + use<'_, 'a, 'e> {
        move |error| error.at(self.path(name))
    }

    /// Makes the tenant's folder, which anyone may list: it shows stamps, and each snapshot has its source's mode.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        match self.place.make_directory(self.path("")) {
            Ok(()) => {
                let open = Change {
                    mode: Some(0o755),
                    ..Change::of(self.path(""))
                };
                self.place
                    .set(&[open])
                    .into_iter()
                    .collect::<Result<Vec<()>, Error>>()
                    .map_err(self.fails(""))?;
            }
            Err(Error::Exists) => {}
            Err(error) => return Err(error.at(self.path(""))),
        }
        let found = self.found_in_folder()?;
        match self.place.make_directory(self.path(INDEX)) {
            Ok(()) => found.iter().try_for_each(|mark| self.mark(mark)),
            Err(Error::Exists) => Ok(()),
            Err(error) => Err(error.at(self.path(INDEX))),
        }
    }

    /// Everything that was begun, by stamp.
    pub(crate) fn marks(&self) -> Result<Vec<Mark>, Failure> {
        let mut walker = match self.place.walk(self.path(INDEX)) {
            Ok(walker) => walker,
            Err(Error::NotFound) => return self.found_in_folder(),
            Err(error) => return Err(error.at(self.path(INDEX))),
        };
        let (mut marks, index) = (Vec::new(), self.path(INDEX));
        loop {
            let batch = walker.next_batch().map_err(self.fails(INDEX))?;
            if batch.is_empty() {
                marks.sort();
                return Ok(marks);
            }
            let names = batch.iter().filter_map(|entry| {
                entry
                    .path
                    .strip_prefix(index.as_slice())?
                    .strip_prefix(b"/")
            });
            marks.extend(names.filter_map(Mark::parse));
        }
    }

    /// The complete snapshots, oldest first.
    pub(crate) fn published(&self) -> Result<Vec<Mark>, Failure> {
        let mut published = Vec::new();
        for mark in self.marks()? {
            if self.is_published(&mark.folder)? {
                published.push(mark);
            }
        }
        Ok(published)
    }

    /// The snapshot to link from: the last one before `folder`, or the first one after it for a run that comes late.
    pub(crate) fn before(&self, folder: &str) -> Result<Option<Mark>, Failure> {
        let published = self.published()?;
        let last = published
            .iter()
            .rev()
            .find(|mark| mark.folder.as_str() < folder);
        Ok(last.or(published.first()).cloned())
    }

    /// Whether a complete snapshot of this name is there.
    pub(crate) fn is_published(&self, folder: &str) -> Result<bool, Failure> {
        match self.place.describe(self.path(folder)) {
            Ok(entry) => Ok(entry.metadata.kind == Kind::Directory),
            Err(Error::NotFound) => Ok(false),
            Err(error) => Err(error.at(self.path(folder))),
        }
    }

    /// Writes down that a snapshot is begun.
    pub(crate) fn mark(&self, mark: &Mark) -> Result<(), Failure> {
        let path = join(&self.path(INDEX), mark.file_name().as_bytes());
        match self
            .place
            .write(&path)
            .and_then(strongroom_plugin::files::Writer::finish)
        {
            Ok(()) | Err(Error::Exists) => Ok(()),
            Err(error) => Err(error.at(path)),
        }
    }

    /// Forgets a snapshot that is gone.
    pub(crate) fn unmark(&self, mark: &Mark) -> Result<(), Failure> {
        let path = join(&self.path(INDEX), mark.file_name().as_bytes());
        match self.place.remove(&path) {
            Ok(()) | Err(Error::NotFound) => Ok(()),
            Err(error) => Err(error.at(path)),
        }
    }

    /// Removes a folder with everything in it, if it is there. Returns the number of entries.
    pub(crate) fn clear(&self, path: &[u8]) -> Result<u64, Failure> {
        match self.place.remove_all(path) {
            Ok(entries) => Ok(entries),
            Err(Error::NotFound) => Ok(0),
            Err(error) => Err(error.at(path)),
        }
    }

    /// Clears away what runs before `stamp` left half-made or half-deleted.
    pub(crate) fn sweep(&self, stamp: &str) -> Result<(), Failure> {
        for mark in self
            .marks()?
            .iter()
            .filter(|mark| mark.folder.as_str() < stamp)
        {
            if !self.is_published(&mark.folder)? {
                self.clear(&self.partial(&mark.run_id))?;
                self.clear(&self.deleting(&mark.folder))?;
                self.unmark(mark)?;
            }
        }
        Ok(())
    }

    /// Lets `latest` point at the newest snapshot but `without`; the old link stays until the new one takes its place.
    pub(crate) fn point_latest(&self, without: Option<&str>) -> Result<(), Failure> {
        let published = self.published()?;
        let newest = published
            .iter()
            .rev()
            .find(|mark| Some(mark.folder.as_str()) != without);
        let Some(newest) = newest else {
            return match self.place.remove(self.path(LATEST)) {
                Ok(()) | Err(Error::NotFound) => Ok(()),
                Err(error) => Err(error.at(self.path(LATEST))),
            };
        };
        match self.place.describe(self.path(LATEST)) {
            Ok(found) if found.target.as_deref() == Some(newest.folder.as_bytes()) => return Ok(()),
            Ok(found) if found.metadata.kind != Kind::Symlink => {
                return Err(Failure::conflict(format!(
                    "{LATEST} on the shelf of {} is not a link; move it away",
                    self.tenant
                )));
            }
            Ok(_) | Err(Error::NotFound) => {}
            Err(error) => return Err(error.at(self.path(LATEST))),
        }
        let fresh = self.path(&format!(".latest-{}", newest.run_id));
        match self.place.remove(&fresh) {
            Ok(()) | Err(Error::NotFound) => {}
            Err(error) => return Err(error.at(fresh)),
        }
        self.place
            .symlink(&fresh, &newest.folder)
            .map_err(|error| error.at(&fresh))?;
        self.place
            .rename(&fresh, self.path(LATEST))
            .map_err(self.fails(LATEST))
    }

    /// The snapshots that the folder itself shows, for a shelf that was copied without its index. Slow: it walks them all.
    fn found_in_folder(&self) -> Result<Vec<Mark>, Failure> {
        if self
            .place
            .exists(self.path(INDEX))
            .map_err(self.fails(INDEX))?
        {
            return Ok(Vec::new());
        }
        let mut walker = match self.place.walk(self.path("")) {
            Ok(walker) => walker,
            Err(Error::NotFound) => return Ok(Vec::new()),
            Err(error) => return Err(error.at(self.path(""))),
        };
        let mut marks = Vec::new();
        loop {
            let batch = walker.next_batch().map_err(self.fails(""))?;
            if batch.is_empty() {
                return Ok(marks);
            }
            for entry in batch
                .iter()
                .filter(|entry| entry.metadata.kind == Kind::Directory)
            {
                let name = entry
                    .path
                    .strip_prefix(self.path("").as_slice())
                    .and_then(|rest| rest.strip_prefix(b"/"));
                let folder = name
                    .and_then(|name| std::str::from_utf8(name).ok())
                    .filter(|name| is_folder(name));
                let header = folder
                    .and_then(|folder| {
                        crate::recorded::Recorded::open(self.place, &self.path(folder)).ok()
                    })
                    .map(|open| open.header);
                if let (Some(folder), Some(header)) = (folder, header)
                    && check_run(&header.run_id).is_ok()
                {
                    marks.push(Mark {
                        folder: folder.to_owned(),
                        run_id: header.run_id,
                    });
                }
            }
        }
    }
}
