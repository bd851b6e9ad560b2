//! The snapshot before, read along with the walk: both are in the same order, so one record at a time is enough.

use std::cmp::Ordering;

use strongroom_plugin::files::Tree;
use strongroom_plugin::log;

use crate::order::{compare, join};
use crate::record::Record;
use crate::recorded::Recorded;

/// The snapshot whose unchanged files are linked.
pub(crate) struct Previous {
    folder: Vec<u8>,
    records: Option<Recorded>,
    ahead: Option<Record>,
}

impl Previous {
    /// Opens the snapshot in `folder`; one that cannot be read is as good as none.
    pub(crate) fn open(place: &Tree, folder: Vec<u8>) -> Self {
        let records = Recorded::open(place, &folder)
            .inspect_err(|trouble| Self::tell(&folder, trouble))
            .ok();
        let mut previous = Self {
            folder,
            records,
            ahead: None,
        };
        previous.advance();
        previous
    }

    /// Nothing to link from.
    pub(crate) fn none() -> Self {
        Self {
            folder: Vec::new(),
            records: None,
            ahead: None,
        }
    }

    /// What the snapshot before holds under `path`. Must be asked in the order of the walk.
    pub(crate) fn find(&mut self, path: &[u8]) -> Option<Record> {
        while let Some(ahead) = &self.ahead {
            match compare(&ahead.path.0, path) {
                Ordering::Less => self.advance(),
                Ordering::Equal => {
                    let found = self.ahead.take();
                    self.advance();
                    return found;
                }
                Ordering::Greater => return None,
            }
        }
        None
    }

    /// Where a file of the snapshot before lies.
    pub(crate) fn path(&self, record: &Record) -> Vec<u8> {
        join(&self.folder, &record.path.0)
    }

    fn advance(&mut self) {
        self.ahead = match self.records.as_mut().map(Recorded::next) {
            Some(Ok(record)) => record,
            Some(Err(trouble)) => {
                Self::tell(&self.folder, &trouble);
                self.records = None;
                None
            }
            None => None,
        };
    }

    fn tell(folder: &[u8], trouble: &crate::recorded::Trouble) {
        let folder = String::from_utf8_lossy(folder);
        log::warn(
            "the snapshot before cannot be used to link from; files are copied",
            &[("reason", trouble.at(&folder).to_string())],
        );
    }
}
