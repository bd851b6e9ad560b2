//! Databases go through SQLite, by paths that name the very files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use strongroom_sandbox::capability::files::{CopyMethod, FileError, Files};

use super::{Room, refused};
use crate::files::DatabaseCopy;

type Meanwhile = dyn Fn(&Path, &Path) + Send + Sync;

/// Does what SQLite would with the paths; what happens beforehand is the test's.
struct Backup {
    meanwhile: Box<Meanwhile>,
    asked: Mutex<Vec<(PathBuf, PathBuf)>>,
}

impl Backup {
    fn new(meanwhile: impl Fn(&Path, &Path) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            meanwhile: Box::new(meanwhile),
            asked: Mutex::default(),
        })
    }
}

#[async_trait]
impl DatabaseCopy for Backup {
    async fn copy(&self, source: &Path, destination: &Path) -> Result<u64, String> {
        self.asked
            .lock()
            .unwrap()
            .push((source.to_owned(), destination.to_owned()));
        (self.meanwhile)(source, destination);
        let content = fs::read(source).map_err(|error| error.to_string())?;
        fs::write(destination, [b"backup of ", &content[..]].concat())
            .map_err(|error| error.to_string())?;
        Ok(content.len() as u64)
    }
}

#[tokio::test]
async fn sqlite_gets_absolute_paths_without_links_and_its_copy_is_hashed() {
    let backup = Backup::new(|_, _| {});
    let room = Room::with(&[], Arc::clone(&backup) as Arc<dyn DatabaseCopy>);
    fs::create_dir(room.source("folder")).unwrap();
    fs::write(room.source("folder/app.db"), "data").unwrap();
    let copied = room
        .copy_as("folder/app.db", "app.db", CopyMethod::Sqlite)
        .await
        .unwrap();
    assert_eq!(fs::read(room.place("app.db")).unwrap(), b"backup of data");
    assert_eq!((copied.bytes, copied.disturbed), (14, false));
    assert_eq!(
        copied.sha256,
        <[u8; 32]>::from(Sha256::digest(b"backup of data"))
    );
    assert_eq!(copied.metadata.size, 4);
    let expected = (
        room.source("folder/app.db").canonicalize().unwrap(),
        room.place("app.db").canonicalize().unwrap(),
    );
    assert_eq!(*backup.asked.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn a_database_that_cannot_be_copied_leaves_nothing() {
    let backup = Backup::new(|source, _| fs::remove_file(source).unwrap());
    let room = Room::with(&[], backup);
    fs::write(room.source("app.db"), "data").unwrap();
    symlink(room.elsewhere("secret"), room.source("door.db")).unwrap();
    let failed = room.copy_as("app.db", "app.db", CopyMethod::Sqlite).await;
    assert!(matches!(failed, Err(FileError::Database(_))), "{failed:?}");
    assert!(refused(
        &room.copy_as("door.db", "door.db", CopyMethod::Sqlite).await
    ));
    assert_eq!(fs::read_dir(room.place("")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_database_exchanged_meanwhile_is_not_taken() {
    let backup = Backup::new(|source, _| {
        let folder = source.parent().unwrap();
        fs::rename(folder, folder.with_file_name("away")).unwrap();
        symlink("../elsewhere", folder).unwrap();
    });
    let room = Room::with(&[], backup);
    fs::create_dir(room.source("folder")).unwrap();
    fs::write(room.source("folder/secret"), "harmless").unwrap();
    let failed = room
        .copy_as("folder/secret", "copy.db", CopyMethod::Sqlite)
        .await;
    assert!(matches!(failed, Err(FileError::Database(_))), "{failed:?}");
    assert_eq!(fs::read_dir(room.place("")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_journal_beside_the_destination_is_never_mixed_in() {
    let room = Room::with(&[], Backup::new(|_, _| {}));
    fs::write(room.source("app.db"), "data").unwrap();
    fs::write(room.place("app.db-wal"), "of another database").unwrap();
    let failed = room.copy_as("app.db", "app.db", CopyMethod::Sqlite).await;
    assert!(matches!(failed, Err(FileError::Database(_))), "{failed:?}");
    assert!(!room.place("app.db").exists());
}

#[tokio::test]
async fn the_hosts_own_database_is_copied_through_sqlite_or_not_at_all() {
    let room = Room::with(&["ledger.db", "ledger.db-shm"], Backup::new(|_, _| {}));
    fs::hard_link(room.source("ledger.db"), room.source("twin")).unwrap();
    for name in ["ledger.db", "ledger.db-shm", "twin"] {
        assert!(refused(&room.copy(name, "copy").await), "{name}");
        assert!(refused(
            &room.files.read("source".into(), name.into(), 0).await
        ));
        assert!(refused(
            &room.files.digest("source".into(), vec![name.into()]).await[0]
        ));
    }
    assert!(
        room.copy_as("ledger.db", "ledger.db", CopyMethod::Sqlite)
            .await
            .is_ok()
    );
}
