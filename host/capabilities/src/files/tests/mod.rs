//! What granted folders promise, tried on real folders.
//!
//! Owns: the two trees every test starts with. Read next: `escape`, what must never work.

mod changing;
mod copying;
mod databases;
mod escape;
mod limits;
mod reading;

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use strongroom_domain::grants::Access;
use strongroom_sandbox::capability::files::{
    Copied, CopyItem, CopyMethod, Entry, FileError, Files,
};
use tempfile::TempDir;

use super::{CallFiles, DatabaseCopy, GrantedTree};

/// A folder with `source`, granted for reading, `place`, granted for writing, and `elsewhere`, not granted.
struct Room {
    folder: TempDir,
    files: CallFiles,
}

struct NoDatabases;

#[async_trait]
impl DatabaseCopy for NoDatabases {
    async fn copy(&self, _: &Path, _: &Path) -> Result<u64, String> {
        Err("no databases here".into())
    }
}

impl Room {
    fn new() -> Self {
        Self::with(&[], Arc::new(NoDatabases))
    }

    fn with(own_databases: &[&str], databases: Arc<dyn DatabaseCopy>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["source", "place", "elsewhere"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("elsewhere/secret"), "secret").unwrap();
        let own: Vec<_> = own_databases
            .iter()
            .map(|name| folder.path().join("source").join(name))
            .collect();
        own.iter().for_each(|path| fs::write(path, "own").unwrap());
        let files = open(folder.path(), &own, databases);
        Self { folder, files }
    }

    fn source(&self, path: &str) -> PathBuf {
        self.folder.path().join("source").join(path)
    }

    fn place(&self, path: &str) -> PathBuf {
        self.folder.path().join("place").join(path)
    }

    fn elsewhere(&self, path: &str) -> PathBuf {
        self.folder.path().join("elsewhere").join(path)
    }

    async fn walk(&self, tree: &str, path: &str) -> Vec<Entry> {
        let walker = self.files.walk(tree.into(), path.into()).await.unwrap();
        let mut entries = Vec::new();
        loop {
            let batch = self.files.walk_next(walker, 3).await.unwrap();
            assert!(batch.len() <= 3);
            if batch.is_empty() {
                break;
            }
            entries.extend(batch);
        }
        self.files.close(walker);
        entries
    }

    async fn copy(&self, source: &str, destination: &str) -> Result<Copied, FileError> {
        self.copy_as(source, destination, CopyMethod::Bytes).await
    }

    async fn copy_as(
        &self,
        source: &str,
        destination: &str,
        method: CopyMethod,
    ) -> Result<Copied, FileError> {
        let item = CopyItem {
            source: source.into(),
            destination: destination.into(),
            method,
        };
        let mut answers = self
            .files
            .copy("source".into(), "place".into(), vec![item])
            .await;
        assert_eq!(answers.len(), 1);
        answers.remove(0)
    }
}

fn open(folder: &Path, own: &[PathBuf], databases: Arc<dyn DatabaseCopy>) -> CallFiles {
    let tree = |name: &str, access| GrantedTree {
        name: name.into(),
        folder: folder.join(name),
        access,
    };
    let trees = [tree("source", Access::Read), tree("place", Access::Write)];
    CallFiles::open(&trees, own, databases, Arc::default()).unwrap()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Prints why a test cannot be done here.
fn skipped(why: &str) {
    println!("skipped: {why}");
}

fn paths(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| String::from_utf8_lossy(&entry.path).into_owned())
        .collect()
}

fn refused<T: std::fmt::Debug>(result: &Result<T, FileError>) -> bool {
    matches!(result, Err(FileError::Refused(_)))
}

fn bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

/// Runs file work as an ordinary user: root is refused nothing. The folder is given to that user.
fn as_nobody<T: Send>(folder: &Path, work: impl FnOnce() -> T + Send) -> T {
    if !is_root() {
        return work();
    }
    let nobody = 65_534;
    let list = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let beneath: Vec<_> = list
        .flat_map(|path| walk_std(&path))
        .chain([folder.to_owned()])
        .collect();
    beneath
        .iter()
        .for_each(|path| std::os::unix::fs::lchown(path, Some(nobody), Some(nobody)).unwrap());
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // Of this thread only: the kernel keeps them by thread, whatever the C library pretends.
            let (uid, gid) = (
                rustix::fs::Uid::from_raw(nobody),
                rustix::fs::Gid::from_raw(nobody),
            );
            rustix::thread::set_thread_groups(&[]).unwrap();
            rustix::thread::set_thread_res_gid(gid, gid, gid).unwrap();
            rustix::thread::set_thread_res_uid(uid, uid, uid).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}

fn walk_std(path: &Path) -> Vec<PathBuf> {
    let mut all = vec![path.to_owned()];
    if path.symlink_metadata().unwrap().is_dir() {
        all.extend(
            fs::read_dir(path)
                .unwrap()
                .flat_map(|entry| walk_std(&entry.unwrap().path())),
        );
    }
    all
}

/// Runs a test while another thread does the same thing again and again, until the test ends or fails.
fn meanwhile<T>(again: impl Fn() + Sync, test: impl AsyncFnOnce() -> T) -> T {
    struct OverOnDrop<'a>(&'a AtomicBool);
    impl Drop for OverOnDrop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _over = OverOnDrop(&over);
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                again();
            }
        });
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(test())
    })
}
