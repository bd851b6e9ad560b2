//! The snapshot before, read along with the walk: both are in the same order, so one record at a time is enough.
//!
//! Owns: that nothing is linked which was altered on the shelf, or the new snapshot would inherit the damage.

use std::cmp::Ordering;

use strongroom_plugin::files::{Kind, Tree};
use strongroom_plugin::{Failure, log};

use crate::encoding::Time;
use crate::order::{compare, join, show};
use crate::record::{Record, What};
use crate::recorded::Recorded;
use crate::walked::Walked;

/// The snapshot whose unchanged files are linked.
pub(crate) struct Previous {
    folder: Vec<u8>,
    both: Option<Both>,
    ahead: Option<Record>,
}

/// What was recorded, and what is on the shelf.
struct Both {
    records: Recorded,
    shelf: Walked,
}

/// What the snapshot before holds under a path.
pub(crate) enum Before {
    Nothing,
    /// As it was recorded, as far as its size and time tell.
    Intact(Box<Record>),
    /// Missing on the shelf, or changed there.
    Altered,
}

impl Previous {
    /// Opens the snapshot in `folder`; one that cannot be read is as good as none.
    pub(crate) fn open(place: &Tree, folder: Vec<u8>) -> Self {
        let name = show(&folder);
        let records = Recorded::open(place, &folder).map_err(|trouble| trouble.at(&name));
        let both = records.and_then(|records| {
            Ok(Both {
                records,
                shelf: Walked::open(place, &folder)?,
            })
        });
        let both = both.inspect_err(tell).ok();
        let mut previous = Self {
            folder,
            both,
            ahead: None,
        };
        previous.advance();
        previous
    }

    /// Nothing to link from.
    pub(crate) fn none() -> Self {
        Self {
            folder: Vec::new(),
            both: None,
            ahead: None,
        }
    }

    /// What the snapshot before holds under `path`. Must be asked in the order of the walk.
    pub(crate) fn find(&mut self, path: &[u8]) -> Before {
        while let Some(record) = self
            .ahead
            .take_if(|ahead| compare(&ahead.path.0, path).is_le())
        {
            self.advance();
            if compare(&record.path.0, path) == Ordering::Equal {
                return self.check(record);
            }
        }
        Before::Nothing
    }

    /// Where a file of the snapshot before lies.
    pub(crate) fn path(&self, record: &Record) -> Vec<u8> {
        join(&self.folder, &record.path.0)
    }

    /// Holds a recorded file against the shelf, where it has its recorded size and the source's time.
    fn check(&mut self, record: Record) -> Before {
        let Some(both) = &mut self
            .both
            .as_mut()
            .filter(|_| record.kind == What::File && record.is_present())
        else {
            return Before::Nothing;
        };
        match both.shelf.find(&record.path.0) {
            Ok(Some(found)) => {
                let metadata = found.metadata;
                let same = metadata.kind == Kind::File
                    && metadata.size == record.bytes()
                    && is_kept(record.mtime, metadata.modified.into());
                if same {
                    Before::Intact(Box::new(record))
                } else {
                    Before::Altered
                }
            }
            Ok(None) => Before::Altered,
            Err(failure) => {
                tell(&failure);
                self.both = None;
                self.ahead = None;
                Before::Nothing
            }
        }
    }

    fn advance(&mut self) {
        let name = show(&self.folder);
        let next = self.both.as_mut().map(|both| both.records.next());
        self.ahead = match next {
            Some(Ok(record)) => record,
            Some(Err(trouble)) => {
                // What was read already can still be linked from; nothing more is read.
                tell(&trouble.at(&name));
                None
            }
            None => None,
        };
    }
}

/// Whether a file system shows a time that was set on it, perhaps cut to what it can hold, down to two seconds. A write
/// since then would show a later one.
fn is_kept(set: Time, shown: Time) -> bool {
    let nanoseconds =
        |time: Time| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanoseconds);
    (0..2_000_000_000).contains(&(nanoseconds(set) - nanoseconds(shown)))
}

fn tell(failure: &Failure) {
    let reason = failure.to_string();
    log::warn(
        "the snapshot before cannot be used to link from; files are copied",
        &[("reason", reason)],
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_may_be_cut_but_not_later() {
        let time = |seconds, nanoseconds| Time {
            seconds,
            nanoseconds,
        };
        assert!(is_kept(time(7, 500), time(7, 500)) && is_kept(time(7, 500), time(7, 0)));
        assert!(is_kept(time(7, 500), time(6, 0)));
        assert!(!is_kept(time(7, 500), time(7, 501)) && !is_kept(time(7, 500), time(5, 400)));
    }
}
