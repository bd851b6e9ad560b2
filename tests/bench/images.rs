//! Snapshots of a tree of 20 000 files and 1 GiB: the first one beside `cp -a` and `sha256sum`, an unchanged second one
//! beside `rsync -a --link-dest`. Each through its command line, with everything that a person waits for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use strongroom_tests::{Host, repository};

use crate::Size;
use crate::measure::{alternate, median, must, settle, timed};
use crate::report::{Goal, Report, Row};

const SCHEDULE: &str = r#"
[[schedule]]
name = "image"
plugin = "local-snapshot"
cron = "0 3 * * *"
timezone = "UTC"
tenants = ["bench"]

[schedule.grants.files.data]
path = "<data>/{tenant}"
access = "read"

[schedule.grants.files.place]
path = "<shelf>"
access = "write"
"#;

/// Of 20 000 files, so many of each length: most are small, a few hold most of the bytes. Together 1.00 GiB.
const FILES: &[(usize, usize)] = &[
    (9_000, 4 << 10),
    (9_000, 29 << 10),
    (1_950, 352 << 10),
    (50, 1 << 20),
];

const FILES_PER_FOLDER: usize = 100;

struct Bench {
    host: Host,
    tree: PathBuf,
    /// Where the peers copy to.
    copies: PathBuf,
}

pub(crate) fn measure(size: Size, report: &mut Report) {
    let (rounds, part) = if size == Size::Full { (3, 1) } else { (1, 100) };
    let bench = Bench::new(part);
    let (mut first, mut copied, mut copied_synced) = (Vec::new(), Vec::new(), Vec::new());
    alternate(
        rounds,
        |round| first.push(bench.first_snapshot(round)),
        |round| {
            let (copy, synced) = bench.copy_and_sum(round);
            copied.push(copy);
            copied_synced.push(synced);
        },
    );
    let files: usize = FILES.iter().map(|(count, _)| count / part).sum();
    let first = median(first);
    report.add(row(
        format!("first snapshot, {files} files"),
        first,
        "cp -a, sha256sum",
        copied,
        Goal::AtMost(1.2),
    ));
    report.add(row(
        "  the same".into(),
        first,
        "cp -a, sha256sum, on disk (sync)",
        copied_synced,
        Goal::None,
    ));

    bench.first_snapshot(rounds);
    bench.rsync("previous", None);
    let (mut second, mut linked) = (Vec::new(), Vec::new());
    alternate(
        rounds,
        |_| second.push(bench.snapshot(rounds)),
        |round| linked.push(bench.rsync(&format!("next-{round}"), Some("previous"))),
    );
    report.add(row(
        "unchanged second".into(),
        median(second),
        "rsync -a --link-dest",
        linked,
        Goal::AtMost(1.2),
    ));
}

fn row(figure: String, value: f64, peer: &str, beside: Vec<f64>, goal: Goal) -> Row {
    Row {
        figure,
        value,
        peer: peer.to_owned(),
        beside: median(beside),
        unit: "s",
        goal,
    }
}

impl Bench {
    /// A host and a tree on the disk of the repository, not in a temporary folder that may be memory.
    fn new(part: usize) -> Self {
        let host = Host::within(&repository().join("target"));
        host.schedule("bench.toml", SCHEDULE);
        let tree = host.data().join("bench");
        let copies = host.folder().join("copies");
        fs::create_dir_all(&copies).unwrap();
        fill(&tree, part);
        Self { host, tree, copies }
    }

    /// On an empty shelf and with a ledger of its own.
    fn first_snapshot(&self, round: usize) -> f64 {
        empty(&self.host.shelf());
        self.snapshot(round)
    }

    fn snapshot(&self, round: usize) -> f64 {
        let state = self.host.folder().join(format!("state-{round}"));
        let command = |arguments: &[&str]| {
            let mut command = self.host.command(arguments);
            command.env("STRONGROOM_STATE", &state);
            command
        };
        // The plugin is compiled once in the life of a host, not in each run.
        self.host.finish(command(&["check"])).ok();
        settle();
        let (time, ran) = timed(|| self.host.finish(command(&["once", "image"])));
        ran.ok();
        time.as_secs_f64()
    }

    /// Seconds without and with the bytes on disk; a snapshot is on disk when it ends.
    fn copy_and_sum(&self, round: usize) -> (f64, f64) {
        let copy = self.copies.join(format!("copy-{round}"));
        settle();
        let (copied, ()) = timed(|| {
            must(Command::new("cp").arg("-a").arg(&self.tree).arg(&copy));
            let sums = "find . -type f -print0 | xargs -0 sha256sum > ../SHA256SUMS";
            must(Command::new("sh").args(["-c", sums]).current_dir(&copy));
        });
        let (synced, ()) = timed(settle);
        empty(&self.copies);
        (copied.as_secs_f64(), (copied + synced).as_secs_f64())
    }

    fn rsync(&self, name: &str, previous: Option<&str>) -> f64 {
        settle();
        let mut rsync = Command::new("rsync");
        rsync.arg("-a");
        if let Some(previous) = previous {
            rsync.arg(format!(
                "--link-dest={}",
                self.copies.join(previous).display()
            ));
        }
        rsync
            .arg(format!("{}/", self.tree.display()))
            .arg(self.copies.join(name));
        let (time, ()): (Duration, ()) = timed(|| must(&mut rsync));
        time.as_secs_f64()
    }
}

fn fill(tree: &Path, part: usize) {
    let mut number: usize = 0;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for (count, length) in FILES {
        for _ in 0..count / part {
            let folder = tree.join(format!("folder-{:03}", number / FILES_PER_FOLDER));
            if number.is_multiple_of(FILES_PER_FOLDER) {
                fs::create_dir_all(&folder).unwrap();
            }
            fs::write(
                folder.join(format!("file-{number:05}.bin")),
                noise(&mut state, *length),
            )
            .unwrap();
            number += 1;
        }
    }
}

/// Bytes that nothing can compress, the same in every run (xorshift).
fn noise(state: &mut u64, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Removes everything in a folder, also what is read-only.
fn empty(folder: &Path) {
    must(Command::new("chmod").args(["-R", "u+w"]).arg(folder));
    must(
        Command::new("find")
            .arg(folder)
            .args(["-mindepth", "1", "-delete"]),
    );
}
