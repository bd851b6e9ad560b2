//! Files read at the same time, put together in their order.
//!
//! Owns: which files are read again because of others.
//! Never: lets the number of processors decide what is said.
//! Read next: `parse_file`, `merge`.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use jiff::Timestamp;

use crate::calendars::Calendars;
use crate::merge::{Merged, ParsedFile};
use crate::parse_file::FileParser;
use crate::source::SourceFile;

/// With less text than this, another thread would take longer to begin than to read.
const TEXT_OF_A_THREAD: usize = 256 << 10;

/// Each thread keeps what its own files have alike; with more of them, reading the disk takes longer than the rest.
const THREADS: usize = 8;

/// Reads files on all processors. What is found is the same as if each were read after the other.
pub(crate) fn read(files: Vec<SourceFile>, now: Timestamp) -> (Merged, Calendars) {
    let files: Vec<_> = files.into_iter().map(Arc::new).collect();
    let reads = each_alone(&files, now);
    let mut reading = FileParser::new(now);
    let mut all = Merged::default();
    let schedules = reads.iter().map(|read| read.schedules.len()).sum();
    all.schedules.reserve_exact(schedules);
    all.right.reserve(schedules);
    for (source, mut read) in files.iter().zip(reads) {
        // What is said of a name that comes twice, or of a calendar, depends on the files before.
        if !read.calendars_are_right || !all.is_apart_from(&read) {
            read = reading.after(source, &all);
        }
        all.take(source, read, &mut reading.calendars);
    }
    (all, reading.calendars)
}

/// Reads each file as if there were no other.
fn each_alone(files: &[Arc<SourceFile>], now: Timestamp) -> Vec<ParsedFile> {
    let text: usize = files.iter().map(|file| file.text.len()).sum();
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = processors.min(THREADS).min(text / TEXT_OF_A_THREAD);
    let next = AtomicUsize::new(0);
    let some = || {
        let mut reading = FileParser::new(now);
        let mut reads = Vec::new();
        let numbered = || {
            let at = next.fetch_add(1, Ordering::Relaxed);
            files.get(at).map(|source| (at, source))
        };
        while let Some((at, source)) = numbered() {
            reads.push((at, reading.alone(source)));
        }
        reads
    };
    let mut reads = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(some)).collect();
        let mut reads = some();
        for other in others {
            match other.join() {
                Ok(theirs) => reads.extend(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        reads
    });
    reads.sort_by_key(|(at, _)| *at);
    reads.into_iter().map(|(_, read)| read).collect()
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn source(path: &str, text: String) -> SourceFile {
        SourceFile {
            path: path.into(),
            folder: "/etc/schedules".into(),
            text,
        }
    }

    fn entry(name: &str, rest: &str) -> String {
        format!(
            "[[schedule]]\nname = \"{name}\"\nplugin = \"p\"\ntenants = [\"acme\"]\nevery = \"1h\"\n{rest}\n"
        )
    }

    /// So many entries, some of them with something to be said of.
    fn entries(prefix: &str, count: usize) -> String {
        let rests = [
            "",
            "colour = 1\n",
            "[schedule.config]\nlist = [1, inf]\n",
            "timezone = \"Etc/GMT+3\" # zone\n",
            "[schedule.retry]\nattempts = \"3\"\n[schedule.grants.files]\n\"a b\" = { path = \"~\" }\n",
            "\n",
        ];
        let count = 0..count;
        count
            .map(|at| {
                entry(
                    &format!("{prefix}-{at}"),
                    if at % 97 == 0 { rests[at % 6] } else { "" },
                )
            })
            .collect()
    }

    fn said(read: &ParsedFile) -> (String, Vec<(String, Range<usize>, usize)>) {
        let schedules = read.schedules.iter();
        let schedules = schedules.map(|one| {
            (
                one.schedule.name.to_string(),
                one.span.clone(),
                one.name().1.start,
            )
        });
        (read.problems.to_string(), schedules.collect())
    }

    #[test]
    fn a_file_read_in_pieces_says_the_same_as_the_whole() {
        let same = entries("same", 400) + &entry("same-5", "") + &entry("same-0", "");
        let other = entries("one", 300);
        for (rest, in_pieces) in [
            (same.clone(), true),
            (format!("# ü\n\n{same}").replace('\n', "\r\n"), true),
            (same.replace("[[schedule]]", "  [[schedule]] # x"), true),
            (
                format!(
                    "schedule = [{{ name = \"a\" }}]\n#{}\n{same}",
                    "x".repeat(40_000)
                ),
                false,
            ),
            (
                format!(
                    "schedule = [{{ a = \"\"\"\n[[schedule]]\n\"\"\" }}]\n#{}\n{same}",
                    "x".repeat(40_000)
                ),
                false,
            ),
            (
                format!(
                    "{other}[schedule.config]\na = \"\"\"\n{same}\"\"\"\n{}",
                    entries("two", 300)
                ),
                false,
            ),
            (
                format!("{other}[[limit]]\nplugin = \"p\"\nat-once = 0\n{same}"),
                false,
            ),
            (
                format!("{other}[schedule.retry]\n[schedule.retry]\n{same}"),
                false,
            ),
            (format!("{other}[day]\n{same}"), false),
        ] {
            let source = Arc::new(source("a.toml", rest));
            let before = Merged::default();
            assert_eq!(
                FileParser::new(NOW).can_be_cut(&source),
                in_pieces,
                "{}",
                source.text
            );
            let alone = FileParser::new(NOW).alone(&source);
            let whole = FileParser::new(NOW).after(&source, &before);
            assert_eq!(said(&alone), said(&whole));
        }
    }

    #[test]
    fn files_read_at_the_same_time_say_the_same_as_one_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            (
                "over.ics",
                "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:19600101\nSUMMARY:x\nEND:VEVENT\nEND:VCALENDAR\n",
            ),
            (
                "right.toml",
                "[[day]]\nname = \"x\"\ndate = \"2030-12-24\"\n",
            ),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let calendar = |name: &str| {
            format!(
                "[schedule.blackout]\ncalendars = [\"{}/{name}\"]\n",
                folder.path().display()
            )
        };
        let mut files: Vec<_> = (0..8)
            .map(|at| source(&format!("{at}.toml"), entries(&format!("of-{at}"), 800)))
            .collect();
        files[3].text += &entry("of-1-7", &calendar("right.toml"));
        files[4].text += &entry("of-0-0", "colour = 1\n");
        files[5].text += &entry("x", &calendar("over.ics"));
        files[6].text += &entry("of-4-0", &calendar("over.ics"));
        files.push(source("9.toml", "[[schedule]".to_owned()));
        files.push(source(
            "right.toml",
            "[[day]]\nname = \"x\"\ndate = \"2030-12-24\"\n".to_owned(),
        ));
        let (all, calendars) = read(files.clone(), NOW);
        let mut reading = FileParser::new(NOW);
        let mut after = Merged::default();
        for source in files.into_iter().map(Arc::new) {
            let read = reading.after(&source, &after);
            after.take(&source, read, &mut reading.calendars);
        }
        let names = |all: &Merged| {
            let schedules = all.schedules.iter();
            schedules
                .map(|one| one.schedule.name.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&all), names(&after));
        assert_eq!(all.problems.to_string(), after.problems.to_string());
        assert_eq!(all.files, after.files);
        let (mut some, mut same) = (Vec::new(), Vec::new());
        let (said, same_said) = (
            calendars.finish(&mut some),
            reading.calendars.finish(&mut same),
        );
        assert_eq!((said.to_string(), some), (same_said.to_string(), same));
        assert!(said.to_string().contains("this calendar is over"), "{said}");
    }
}
