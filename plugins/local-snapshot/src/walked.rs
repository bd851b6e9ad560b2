//! A walk of a snapshot's folder, one entry at a time, to be held against records in the same order.

use std::cmp::Ordering;

use strongroom_plugin::Failure;
use strongroom_plugin::files::{Entry, Tree, Walker};

use crate::order::compare;

/// A walk that can be looked ahead into.
pub(crate) struct Walked {
    folder: Vec<u8>,
    walker: Walker,
    found: std::vec::IntoIter<Entry>,
    ahead: Option<Entry>,
}

impl Walked {
    pub(crate) fn open(place: &Tree, folder: &[u8]) -> Result<Self, Failure> {
        let walker = place.walk(folder).map_err(|error| error.at(folder))?;
        let mut walked = Self {
            folder: folder.to_vec(),
            walker,
            found: Vec::new().into_iter(),
            ahead: None,
        };
        walked.advance()?;
        Ok(walked)
    }

    /// The path of the next entry, as records write it.
    pub(crate) fn ahead(&self) -> Option<&[u8]> {
        let path = self.ahead.as_ref()?.path.as_slice();
        path.strip_prefix(self.folder.as_slice())?
            .strip_prefix(b"/")
    }

    /// How the next entry lies to `path`; after it, where there is none.
    pub(crate) fn order(&self, path: &[u8]) -> Ordering {
        self.ahead()
            .map_or(Ordering::Greater, |ahead| compare(ahead, path))
    }

    /// Takes the next entry.
    pub(crate) fn take(&mut self) -> Result<Option<Entry>, Failure> {
        let taken = self.ahead.take();
        self.advance()?;
        Ok(taken)
    }

    /// Takes the entry at `path`, passing over all before it.
    pub(crate) fn find(&mut self, path: &[u8]) -> Result<Option<Entry>, Failure> {
        loop {
            match self.order(path) {
                Ordering::Less => self.take().map(drop)?,
                Ordering::Equal => return self.take(),
                Ordering::Greater => return Ok(None),
            }
        }
    }

    fn advance(&mut self) -> Result<(), Failure> {
        self.ahead = self.found.next();
        if self.ahead.is_none() {
            self.found = self
                .walker
                .next_batch()
                .map_err(|error| error.at(&self.folder))?
                .into_iter();
            self.ahead = self.found.next();
        }
        Ok(())
    }
}
