//! Capabilities that remember, with one tree `data` in which everything is possible and nothing is kept.

use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use strongroom_sandbox::capability::Capabilities;
use strongroom_sandbox::capability::files::{
    Change, Copied, CopyItem, Entry, FileError, FileKind, FileTime, Files, Handle, Metadata,
};
use strongroom_sandbox::capability::log::{Log, LogLine};
use strongroom_sandbox::capability::progress::{Progress, Report};
use strongroom_sandbox::capability::state::{State, StateError, StateValue};

type Answer<T> = Result<T, FileError>;

/// Remembers what a guest said and counts what it holds.
#[derive(Default)]
pub(crate) struct Recorder {
    lines: Mutex<Vec<LogLine>>,
    reports: AtomicU64,
    opened: AtomicU64,
    closed: AtomicU64,
    written: AtomicU64,
    stuck: bool,
}

impl Recorder {
    /// One whose files never answer.
    pub(crate) fn stuck() -> Self {
        Self {
            stuck: true,
            ..Self::default()
        }
    }

    /// Everything but requests.
    pub(crate) fn capabilities(self: &Arc<Self>) -> Capabilities {
        Capabilities {
            files: Some(self.clone()),
            state: Some(self.clone()),
            http: None,
            log: self.clone(),
            progress: self.clone(),
        }
    }

    pub(crate) fn lines(&self) -> Vec<LogLine> {
        self.lines.lock().unwrap().clone()
    }

    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(crate) fn reports(&self) -> u64 {
        self.reports.load(Ordering::Relaxed)
    }

    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    fn handle(&self) -> Answer<Handle> {
        Ok(self.opened.fetch_add(1, Ordering::Relaxed))
    }
}

const ZERO: FileTime = FileTime {
    seconds: 0,
    nanoseconds: 0,
};

fn folder() -> Entry {
    let metadata = Metadata {
        kind: FileKind::Directory,
        mode: 0o700,
        uid: 0,
        gid: 0,
        size: 0,
        allocated: 0,
        modified: ZERO,
        changed: ZERO,
        links: 1,
        device: 0,
        inode: 0,
    };
    Entry {
        path: Vec::new(),
        metadata,
        target: None,
        attributes: Vec::new(),
        error: None,
    }
}

impl Log for Recorder {
    fn write(&self, line: LogLine) {
        self.lines.lock().unwrap().push(line);
    }
}

impl Progress for Recorder {
    fn report(&self, _report: Report) {
        self.reports.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl State for Recorder {
    async fn get(&self, _key: String) -> Result<Option<StateValue>, StateError> {
        Ok(None)
    }

    async fn set(
        &self,
        _key: String,
        _bytes: Vec<u8>,
        _expected: Option<u64>,
    ) -> Result<u64, StateError> {
        Ok(1)
    }

    async fn delete(&self, _key: String, _expected: u64) -> Result<(), StateError> {
        Ok(())
    }
}

#[async_trait]
impl Files for Recorder {
    fn writable(&self, tree: &str) -> Answer<bool> {
        if tree == "data" {
            Ok(true)
        } else {
            Err(FileError::NotFound)
        }
    }

    async fn space(&self, _tree: String) -> Answer<(u64, u64)> {
        Ok((1, 1))
    }

    async fn describe(&self, _tree: String, _path: Vec<u8>) -> Answer<Entry> {
        if self.stuck {
            pending::<()>().await;
        }
        Ok(folder())
    }

    async fn walk(&self, _tree: String, _path: Vec<u8>) -> Answer<Handle> {
        self.handle()
    }

    async fn walk_next(&self, _walker: Handle, _limit: u32) -> Answer<Vec<Entry>> {
        Ok(Vec::new())
    }

    async fn read(&self, _tree: String, _path: Vec<u8>, _offset: u64) -> Answer<Handle> {
        self.handle()
    }

    async fn read_next(&self, _reader: Handle, limit: u32) -> Answer<Vec<u8>> {
        Ok(vec![0; limit as usize])
    }

    async fn write(&self, _tree: String, _path: Vec<u8>) -> Answer<Handle> {
        self.handle()
    }

    async fn write_next(&self, _writer: Handle, bytes: Vec<u8>) -> Answer<()> {
        self.written
            .fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    async fn write_finish(&self, _writer: Handle) -> Answer<()> {
        Ok(())
    }

    fn close(&self, _handle: Handle) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }

    async fn make_directory(&self, _tree: String, _path: Vec<u8>) -> Answer<()> {
        Ok(())
    }

    async fn symlink(&self, _tree: String, _path: Vec<u8>, _target: Vec<u8>) -> Answer<()> {
        Ok(())
    }

    async fn link(&self, _tree: String, items: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<Answer<()>> {
        vec![Ok(()); items.len()]
    }

    async fn copy(&self, _from: String, _to: String, items: Vec<CopyItem>) -> Vec<Answer<Copied>> {
        vec![Err(FileError::NotFound); items.len()]
    }

    async fn digest(&self, _tree: String, paths: Vec<Vec<u8>>) -> Vec<Answer<(u64, [u8; 32])>> {
        vec![Err(FileError::NotFound); paths.len()]
    }

    async fn set(&self, _tree: String, items: Vec<Change>) -> Vec<Answer<()>> {
        vec![Ok(()); items.len()]
    }

    async fn rename(&self, _tree: String, _old: Vec<u8>, _new: Vec<u8>) -> Answer<()> {
        Ok(())
    }

    async fn remove(&self, _tree: String, _path: Vec<u8>) -> Answer<()> {
        Ok(())
    }

    async fn remove_all(&self, _tree: String, _path: Vec<u8>) -> Answer<u64> {
        Ok(0)
    }

    async fn sync(&self, _tree: String) -> Answer<()> {
        Ok(())
    }
}
