//! Consistent copies of live SQLite databases, whatever writes to them meanwhile.
//!
//! Owns: copying through SQLite's own locks and backup path. Never: reading a database file by other means, because
//! closing such a file would drop the POSIX locks of every connection of this process to it.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::backup::copy_pages;
use crate::error::primary_code;

/// How long a writer that keeps everybody out is waited for, and how often it is tried anew meanwhile: SQLite's own
/// waits grow to 100 ms, in which a busy writer opens and closes its door many times.
const PATIENCE: Duration = Duration::from_secs(10);
const ROUND: Duration = Duration::from_millis(25);

/// How often a journal that seems left behind is looked at again: a writer may just have been about to remove it.
const SECOND_LOOKS: u32 = 50;

/// Why a database was not copied. Nothing is left at the destination.
#[derive(Debug, thiserror::Error)]
pub enum CopyDatabaseError {
    /// There is no such file, or it is something else than a file.
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// Something is there already.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// SQLite's interface takes names that are UTF-8 only.
    #[error("{} cannot be given to SQLite: its name is not UTF-8", .0.display())]
    Name(PathBuf),
    /// Some other bytes, or encrypted.
    #[error("{} is not a SQLite database, or is encrypted", .0.display())]
    NotADatabase(PathBuf),
    /// Its pages contradict each other.
    #[error("the database {} is damaged: {detail}", .path.display())]
    Damaged {
        /// Which one.
        path: PathBuf,
        /// What SQLite found.
        detail: String,
    },
    /// Another process kept it locked.
    #[error("the database {} stayed locked by its writer for {} seconds", .0.display(), PATIENCE.as_secs())]
    Busy(PathBuf),
    /// A crash left it in the middle of a change, and only its own application may go back.
    #[error("the database {} was left in the middle of a change: open it once with its own application", .0.display())]
    NeedsRecovery(PathBuf),
    /// No space at the destination.
    #[error("no space is left for {}", .0.display())]
    Full(PathBuf),
    /// Anything else.
    #[error("the database {} could not be copied: {detail}", .path.display())]
    Failed {
        /// Which one.
        path: PathBuf,
        /// In the words of SQLite or the system.
        detail: String,
    },
}

/// Copies a SQLite database as it is at one moment into a new file of mode 0600 (or one that is there and empty), and checks the copy; its size in bytes.
///
/// Another process may be writing: in WAL mode it is not even delayed, in rollback mode its commits wait for the copy.
/// The source is only read. Files beside it (`-wal`, `-shm`) are as before; only where a crash left a `-wal` without its
/// `-shm`, the latter is there afterwards. Runs off the async threads.
///
/// # Errors
/// [`CopyDatabaseError`]; the destination is removed again.
pub async fn copy_database(source: &Path, destination: &Path) -> Result<u64, CopyDatabaseError> {
    let (source, destination) = (absolute(source)?, absolute(destination)?);
    let runtime = tokio::runtime::Handle::current();
    let failed = source.clone();
    let done =
        tokio::task::spawn_blocking(move || runtime.block_on(copy(&source, &destination))).await;
    done.unwrap_or_else(|error| {
        Err(CopyDatabaseError::Failed {
            path: failed,
            detail: error.to_string(),
        })
    })
}

/// Absolute, because SQLite reads a name that begins with `file:` as a URI.
fn absolute(path: &Path) -> Result<PathBuf, CopyDatabaseError> {
    if path.to_str().is_none() {
        return Err(CopyDatabaseError::Name(path.to_owned()));
    }
    std::path::absolute(path).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &impl ToString) -> CopyDatabaseError {
    CopyDatabaseError::Failed {
        path: path.to_owned(),
        detail: error.to_string(),
    }
}

async fn copy(source: &Path, destination: &Path) -> Result<u64, CopyDatabaseError> {
    if !fs::metadata(source).is_ok_and(|metadata| metadata.is_file()) {
        return Err(CopyDatabaseError::NotAFile(source.to_owned()));
    }
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(destination);
    if let Err(error) = made
        && !is_empty_file(destination)
    {
        return Err(match error.kind() {
            std::io::ErrorKind::AlreadyExists => CopyDatabaseError::Exists(destination.to_owned()),
            std::io::ErrorKind::StorageFull => CopyDatabaseError::Full(destination.to_owned()),
            _ => failed(destination, &error),
        });
    }
    let copied = fill(source, destination).await;
    if copied.is_err() {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            let _gone = fs::remove_file(beside(destination, suffix)).is_ok();
        }
    }
    copied
}

/// Whoever wants to be sure of the destination makes it first, and hands it over empty.
fn is_empty_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0)
}

async fn fill(source: &Path, destination: &Path) -> Result<u64, CopyDatabaseError> {
    let mut from = open_source(source)
        .await
        .map_err(|error| reading(source, &error))?;
    let copied = fill_from(&mut from, source, destination).await;
    let closed = from.close().await;
    copied?;
    closed.map_err(|error| reading(source, &error))?;
    let size = fs::metadata(destination)
        .map_err(|error| failed(destination, &error))?
        .len();
    Ok(size)
}

async fn fill_from(
    from: &mut SqliteConnection,
    source: &Path,
    destination: &Path,
) -> Result<(), CopyDatabaseError> {
    hold_still(from)
        .await
        .map_err(|error| reading(source, &error))?;
    let options = SqliteConnectOptions::new()
        .filename(destination)
        .foreign_keys(false);
    // What fails is removed: a journal would only write every page twice.
    let options = options
        .journal_mode(SqliteJournalMode::Memory)
        .synchronous(SqliteSynchronous::Full);
    let mut to = options
        .connect()
        .await
        .map_err(|error| writing(destination, &error))?;
    let pages = {
        let mut reader = from
            .lock_handle()
            .await
            .map_err(|error| reading(source, &error))?;
        let mut writer = to
            .lock_handle()
            .await
            .map_err(|error| writing(destination, &error))?;
        copy_pages(&mut reader, &mut writer)
    };
    pages.map_err(|code| {
        by_code(
            source,
            destination,
            code,
            &format!("SQLite's result code is {code}"),
        )
    })?;
    sqlx::raw_sql("ROLLBACK")
        .execute(&mut *from)
        .await
        .map_err(|error| reading(source, &error))?;
    let checked = check(&mut to, source).await;
    let closed = to.close().await;
    checked?;
    closed.map_err(|error| writing(destination, &error))?;
    let file = fs::File::open(destination).and_then(|file| file.sync_all());
    file.map_err(|error| failed(destination, &error))
}

/// Begins one read transaction that lasts from before the first page to after the last: the copy is of this moment.
async fn hold_still(source: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut rounds = PATIENCE.as_millis() / ROUND.as_millis();
    let mut looks = SECOND_LOOKS;
    loop {
        let begun = sqlx::raw_sql("BEGIN; SELECT COUNT(*) FROM sqlite_schema")
            .execute(&mut *source)
            .await;
        let Err(error) = begun else { return Ok(()) };
        // Not begun is not an error here.
        let _nothing_to_end = sqlx::raw_sql("ROLLBACK")
            .execute(&mut *source)
            .await
            .is_err();
        match primary_code(&error) {
            Some(BUSY | LOCKED) if rounds > 1 => rounds -= 1,
            Some(READ_ONLY) if looks > 1 => looks -= 1,
            _ => return Err(error),
        }
    }
}

/// Looks through the copy, because what came from a damaged source is no image.
async fn check(copy: &mut SqliteConnection, source: &Path) -> Result<(), CopyDatabaseError> {
    let found: Result<String, _> = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(copy)
        .await;
    match found {
        Ok(word) if word == "ok" => Ok(()),
        Ok(detail) => Err(CopyDatabaseError::Damaged {
            path: source.to_owned(),
            detail,
        }),
        // An application's own collation is unknown here: the pages are copied, only this check cannot be made.
        Err(error) if primary_code(&error) == Some(SQLITE_ERROR) => Ok(()),
        Err(error) => Err(reading(source, &error)),
    }
}

/// Opens without changing anything.
///
/// Where neither `-wal` nor a journal lies beside it, the file is opened for writing (nothing is written), because only
/// such a connection may remove the empty `-wal` and `-shm` again that SQLite makes for a file in WAL mode. Where one
/// of them lies there, someone has the file open or crashed: then for reading only, which recovers and removes nothing.
async fn open_source(source: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let in_use = ["-wal", "-shm", "-journal"]
        .iter()
        .any(|suffix| beside(source, suffix).exists());
    let options = SqliteConnectOptions::new()
        .filename(source)
        .busy_timeout(ROUND)
        .read_only(in_use);
    options
        .foreign_keys(false)
        .pragma("query_only", "ON")
        .connect()
        .await
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

// SQLite's primary result codes.
const SQLITE_ERROR: i32 = 1;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READ_ONLY: i32 = 8;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const NOT_A_DATABASE: i32 = 26;

fn reading(source: &Path, error: &sqlx::Error) -> CopyDatabaseError {
    match primary_code(error) {
        Some(code) => by_code(source, source, code, &error.to_string()),
        None => failed(source, error),
    }
}

fn writing(destination: &Path, error: &sqlx::Error) -> CopyDatabaseError {
    match primary_code(error) {
        Some(FULL) => CopyDatabaseError::Full(destination.to_owned()),
        _ => failed(destination, error),
    }
}

fn by_code(source: &Path, destination: &Path, code: i32, detail: &str) -> CopyDatabaseError {
    let source_path = source.to_owned();
    match code & 0xff {
        BUSY | LOCKED => CopyDatabaseError::Busy(source_path),
        NOT_A_DATABASE => CopyDatabaseError::NotADatabase(source_path),
        CORRUPT => CopyDatabaseError::Damaged {
            path: source_path,
            detail: detail.to_owned(),
        },
        // A journal to go back by, or a write-ahead log whose index cannot be made in a folder we may only read.
        READ_ONLY => CopyDatabaseError::NeedsRecovery(source_path),
        CANNOT_OPEN => {
            let detail = format!(
                "it cannot be opened for reading ({detail}); in WAL mode SQLite must write beside it"
            );
            CopyDatabaseError::Failed {
                path: source_path,
                detail,
            }
        }
        FULL => CopyDatabaseError::Full(destination.to_owned()),
        _ => CopyDatabaseError::Failed {
            path: source_path,
            detail: detail.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests;
