//! Whether a file is still what the snapshot before holds, judged without reading it.
//!
//! Owns: the rule, as a function of two records. Never: reads a file.

use crate::encoding::Time;
use crate::record::{Record, What};

/// What the two records tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It must be copied.
    Changed,
    /// The copy of the snapshot before is this file.
    Same,
    /// Its times are the same, but could hide a change: compare the content.
    SameTimes,
    /// A database whose main file is the same: a commit may lie in the log beside it.
    SameDatabase,
}

/// Compares what the snapshot before recorded with what the walk sees now.
pub(crate) fn judge(before: &Record, now: &Record) -> Verdict {
    let both_files = before.kind == What::File && now.kind == What::File;
    let usable = before.sha256.is_some() && before.is_present() && !before.disturbed;
    let same_identity = before.inode == now.inode
        && before.size == now.size
        && before.mtime == now.mtime
        && before.ctime == now.ctime;
    let same_rights = before.mode == now.mode
        && before.uid == now.uid
        && before.gid == now.gid
        && before.xattrs == now.xattrs;
    if !(both_files && usable && same_identity && same_rights) {
        return Verdict::Changed;
    }
    match (before.sqlite, before.recent) {
        (false, false) => Verdict::Same,
        (false, true) => Verdict::SameTimes,
        // What lay in the log then is in the copy; only without any log do the main file's times tell.
        (true, false) if !before.journal => Verdict::SameDatabase,
        (true, _) => Verdict::Changed,
    }
}

/// Whether a file changed so shortly before the snapshot began, or since, that a later change could leave its times as
/// they are: file systems stamp in ticks of up to 10 ms, some of 2 s.
pub(crate) fn is_recent(began: Time, changed: Time) -> bool {
    let nanoseconds =
        |time: Time| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanoseconds);
    let tick = if changed.nanoseconds == 0 {
        2_000_000_000
    } else {
        100_000_000
    };
    nanoseconds(changed) + tick > nanoseconds(began)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::{Bytes, Digest, Mode};
    use crate::record::tests::entry;

    fn before() -> Record {
        let mut record = Record::of(b"data/a".to_vec(), &entry(b"a"));
        record.sha256 = Some(Digest([1; 32]));
        record
    }

    #[test]
    fn the_same_file_is_linked_and_any_difference_is_copied() {
        let now = Record::of(b"data/a".to_vec(), &entry(b"a"));
        assert_eq!(judge(&before(), &now), Verdict::Same);
        let differences: [fn(&mut Record); 8] = [
            |record| record.size += 1,
            |record| record.mtime.nanoseconds += 1,
            |record| record.ctime.nanoseconds += 1,
            |record| record.inode -= 1,
            |record| record.mode = Mode(0o600),
            |record| record.uid += 1,
            |record| record.gid += 1,
            |record| record.xattrs = vec![("user.x".to_owned(), Bytes(vec![1]))],
        ];
        for change in differences {
            let mut now = now.clone();
            change(&mut now);
            assert_eq!(judge(&before(), &now), Verdict::Changed);
        }
    }

    #[test]
    fn a_copy_that_cannot_be_trusted_is_never_linked() {
        let now = Record::of(b"data/a".to_vec(), &entry(b"a"));
        let untrusted: [fn(&mut Record); 5] = [
            |record| record.disturbed = true,
            |record| record.sha256 = None,
            |record| record.absent = Some("unreadable".to_owned()),
            |record| (record.sqlite, record.journal) = (true, true),
            |record| (record.sqlite, record.recent) = (true, true),
        ];
        for change in untrusted {
            let mut before = before();
            change(&mut before);
            assert_eq!(judge(&before, &now), Verdict::Changed);
        }
        assert_eq!(
            judge(
                &Record {
                    recent: true,
                    ..before()
                },
                &now
            ),
            Verdict::SameTimes
        );
        assert_eq!(
            judge(
                &Record {
                    sqlite: true,
                    ..before()
                },
                &now
            ),
            Verdict::SameDatabase
        );
    }

    #[test]
    fn a_change_within_a_tick_of_the_beginning_is_recent() {
        let time = |seconds, nanoseconds| Time {
            seconds,
            nanoseconds,
        };
        assert!(
            is_recent(time(10, 0), time(9, 950_000_000)) && is_recent(time(10, 0), time(11, 5))
        );
        assert!(!is_recent(time(10, 0), time(9, 850_000_000)));
        // No fraction at all: a file system that stamps whole seconds.
        assert!(is_recent(time(10, 0), time(9, 0)) && !is_recent(time(10, 0), time(7, 0)));
    }
}
