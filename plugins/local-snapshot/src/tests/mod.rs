//! The whole plugin against real folders, with `sha256sum` and `diff` as judges.

mod damage;
mod images;
mod odd_sources;
mod shelves;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use strongroom_plugin::testing::{self, DUE};
use strongroom_plugin::{Call, Evidence, Failure, Instant, Snapshots, Step, Target};

use crate::{Config, LocalSnapshot};

pub(crate) const DAY: i64 = 86_400_000;

/// A source, a place and a folder to restore into.
pub(crate) struct Room {
    pub(crate) folder: tempfile::TempDir,
}

impl Room {
    pub(crate) fn new() -> Self {
        let room = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        testing::revoke_all();
        for (name, writable) in [("data", false), ("place", true), ("restore", true)] {
            fs::create_dir(room.path(name)).unwrap();
            testing::grant(name, room.path(name), writable);
        }
        room
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A snapshot's folder of the `day`th day.
    pub(crate) fn shelf(&self, day: u32) -> PathBuf {
        self.path(&format!("place/acme/2026-11-{}T06-00-00Z", 20 + day))
    }

    /// Lets the files age by a tick, as most files in a source have: a fresh one is compared by content.
    pub(crate) fn settle(&self) {
        let probe = self.path("probe");
        let stamp = || {
            fs::write(&probe, "").unwrap();
            let found = fs::metadata(&probe).unwrap();
            found.ctime() * 1_000_000_000 + found.ctime_nsec()
        };
        let begin = stamp();
        while stamp() < begin + 150_000_000 {
            std::thread::yield_now();
        }
        fs::remove_file(probe).unwrap();
    }
}

pub(crate) fn call(day: u32) -> Call<Config> {
    Call {
        run_id: format!("00000000-0000-7000-8000-0000000000{day:02}"),
        due: Instant(DUE + i64::from(day) * DAY),
        deadline: Instant(DUE + i64::from(day + 1) * DAY),
        ..testing::call(Config::default())
    }
}

pub(crate) fn reference(day: u32) -> String {
    format!("acme/2026-11-{}T06-00-00Z", 20 + day)
}

pub(crate) fn done(step: Result<Step, Failure>) -> Evidence {
    match step.unwrap() {
        Step::Done(evidence) => evidence,
        Step::Running(_) => unreachable!("this plugin works at once"),
    }
}

pub(crate) fn snapshot(day: u32) -> Evidence {
    done(LocalSnapshot::start_create(call(day)))
}

pub(crate) fn fact<'a>(evidence: &'a Evidence, kind: &str) -> &'a str {
    evidence.get(kind).unwrap_or_default()
}

pub(crate) fn warnings(evidence: &Evidence) -> Vec<&str> {
    evidence
        .pairs()
        .iter()
        .filter(|(kind, _)| kind == "warning")
        .map(|(_, value)| value.as_str())
        .collect()
}

pub(crate) fn restore(day: u32, paths: &[&str]) -> Result<Step, Failure> {
    let target = Target {
        place: "restore".to_owned(),
        paths: paths.iter().map(|path| path.as_bytes().to_vec()).collect(),
    };
    LocalSnapshot::start_restore(call(day), &reference(day), &target)
}

pub(crate) fn verify(day: u32) -> Result<Step, Failure> {
    LocalSnapshot::start_verify(call(day), &reference(day))
}

/// What `sha256sum -c` says of a snapshot.
pub(crate) fn sha256sum_accepts(folder: &Path) -> bool {
    let output = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "SHA256SUMS"])
        .current_dir(folder)
        .output()
        .unwrap();
    if !output.status.success() {
        eprintln!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    output.status.success()
}

/// Everything that must come back, by path: mode, owner, time, size, link text, attributes, the names of the same file.
pub(crate) fn image_of(root: &Path) -> BTreeMap<Vec<u8>, String> {
    let mut paths = vec![root.to_owned()];
    let mut image = BTreeMap::new();
    let mut first_names: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    while let Some(path) = paths.pop() {
        let found = fs::symlink_metadata(&path).unwrap();
        let inside = path
            .strip_prefix(root)
            .unwrap()
            .as_os_str()
            .as_bytes()
            .to_vec();
        if found.is_dir() {
            let mut children: Vec<PathBuf> = fs::read_dir(&path)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            children.sort();
            paths.extend(children.into_iter().rev());
        }
        let content = if found.is_file() {
            Some(fs::read(&path).unwrap())
        } else {
            None
        };
        let link = fs::read_link(&path).ok();
        let group = (found.is_file() && found.nlink() > 1).then(|| {
            first_names
                .entry(found.ino())
                .or_insert(inside.clone())
                .clone()
        });
        let mut names = vec![0; 4096];
        let length = rustix::fs::llistxattr(&path, &mut names).unwrap_or(0);
        let attributes: Vec<(String, Vec<u8>)> = names[..length]
            .split(|&byte| byte == 0)
            .filter(|name| name.starts_with(b"user."))
            .map(|name| {
                let name = String::from_utf8(name.to_vec()).unwrap();
                let mut value = vec![0; 4096];
                let length = rustix::fs::lgetxattr(&path, name.as_str(), &mut value).unwrap();
                (name, value[..length].to_vec())
            })
            .collect();
        let size = if found.is_file() { found.size() } else { 0 };
        let mode = found.mode();
        let line = format!(
            "{mode:o} {} {} {}.{} {size} {link:?} {group:?} {attributes:?} {content:?}",
            found.uid(),
            found.gid(),
            found.mtime(),
            found.mtime_nsec()
        );
        image.insert(inside, line);
    }
    image
}
