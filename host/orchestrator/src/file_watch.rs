//! Watches schedule and plugin files: looks every second, and acts when what changed has come to rest.
//!
//! Owns: the question whether a file is still being written. It polls: that works on every file system, also where the
//! kernel sends no events, and a second look is needed anyway.
//! Read next: `activation`.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::activation::{Activation, ActivationError, Sources};
use crate::call::clock::Clock;
use crate::setup::Setup;

/// How often it looks: a change is active after two looks that agree.
const EVERY: Duration = Duration::from_secs(1);
/// How long files must rest when a person says that they are ready (SIGHUP).
const REST: Duration = Duration::from_millis(200);

/// What identifies a file's content without reading it: size, modification and change time, inode.
type Mark = (u64, (i64, i64), (i64, i64), u64);

/// The files that matter, as they are at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance(BTreeMap<PathBuf, Mark>);

impl Glance {
    /// Looks at the schedule files, the plugin files and the `others` (calendars).
    #[must_use]
    pub fn at(sources: &Sources, others: &[PathBuf]) -> Self {
        let mut marks = BTreeMap::new();
        let mut take = |path: PathBuf| {
            if let Ok(found) = std::fs::metadata(&path) {
                let times = (
                    (found.mtime(), found.mtime_nsec()),
                    (found.ctime(), found.ctime_nsec()),
                );
                marks.insert(path, (found.len(), times.0, times.1, found.ino()));
            }
        };
        if sources.schedules.is_file() {
            take(sources.schedules.clone());
        } else {
            files(&sources.schedules, "toml").for_each(&mut take);
        }
        files(&sources.plugins, "wasm").for_each(&mut take);
        others.iter().cloned().for_each(&mut take);
        Self(marks)
    }

    /// With files that were not looked at yet; the others stay as they were seen.
    fn with(mut self, sources: &Sources, others: &[PathBuf]) -> Self {
        for (path, mark) in Self::at(sources, others).0 {
            if others.contains(&path) {
                self.0.entry(path).or_insert(mark);
            }
        }
        self
    }
}

fn files(folder: &Path, extension: &'static str) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(move |path| path.extension().is_some_and(|found| found == extension))
}

/// Looks until nobody listens any more; every new set that fits is sent.
pub async fn watch(
    mut activation: Activation,
    sources: Sources,
    mut others: Vec<PathBuf>,
    mut acted: Glance,
    clock: Arc<dyn Clock>,
    mut now_please: tokio::sync::mpsc::Receiver<()>,
    sets: watch::Sender<Arc<Setup>>,
) {
    let mut before = acted.clone();
    let mut asked = false;
    while !sets.is_closed() {
        let wait = if asked { REST } else { EVERY };
        let wake = clock
            .now()
            .checked_add(wait)
            .unwrap_or(jiff::Timestamp::MAX);
        tokio::select! {
            () = clock.sleep_until(wake) => {}
            Some(()) = now_please.recv() => {
                asked = true;
                before = Glance::at(&sources, &others);
                continue;
            }
        }
        let glance = Glance::at(&sources, &others);
        let rests = glance == before;
        before = glance.clone();
        if !rests || (glance == acted && !asked) {
            continue;
        }
        asked = false;
        acted = glance;
        match activation.look().await {
            Ok((set, setup)) => {
                tracing::info!(
                    schedules = set.schedules.len(),
                    "a new set of schedules and plugins is active"
                );
                others = set.files;
                acted = acted.with(&sources, &others);
                before = acted.clone();
                sets.send_replace(Arc::new(setup));
            }
            Err(ActivationError::Ledger(error)) => {
                tracing::error!(%error, "the ledger is unavailable; the files are looked at again");
                acted = Glance(BTreeMap::new());
            }
            Err(error) => tracing::error!("{error}; what was active before goes on"),
        }
    }
}
