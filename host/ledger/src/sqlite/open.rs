//! Opening: the lock that keeps a second host out, the file's version, the key that fits.

use std::fs;
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::SqliteLedger;
use super::columns::corrupt;
use super::writer::Writer;
use crate::audit::AuditKey;
use crate::error::LedgerError;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

const DATABASE: &str = "ledger.sqlite";
const LOCK: &str = "host.lock";

/// How long a statement waits for another connection's lock before it says so.
const BUSY: Duration = Duration::from_secs(10);

/// Readers: a page, a command and a metric may look at the same time.
const READERS: u32 = 3;

/// WAL pages before a checkpoint (16 MiB): a few large batches, so that their pages are copied once and not each time.
const CHECKPOINT_PAGES: &str = "4096";

/// The writer's page cache, 16 MiB: the pages of a few large batches. It grows only with use.
const CACHE: &str = "-16384";

/// That of a ledger that nobody else sees, 4 MiB: of one in a temporary file SQLite keeps up to a quarter unwritten, and
/// walks through that with every commit.
const PRIVATE_CACHE: &str = "-4096";

/// Rows that a connection's thread may be ahead of who reads them.
const ROW_BUFFER: usize = 512;

/// What an opened ledger is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Runs the schedules: one at a time. Makes the ledger if there is none.
    Host,
    /// Like `Host`, for a ledger that is thrown away: nothing is forced to disk, so that a power cut loses it.
    Scratch,
    /// Seen by nobody else and gone when it is closed: in memory, and what becomes too much for that in a temporary file.
    /// Only the audit key and the lock are in the folder, and the head of the audit log is signed only when it is asked for.
    Alone,
    /// Writes what a person asks for, also beside a running host: every write is a short transaction, and claims are
    /// kept apart by lease and fence. Makes the ledger if there is none.
    Visitor,
    /// Looks at it, also while a host runs.
    Reader,
}

pub(super) async fn open(folder: &Path, mode: OpenMode) -> Result<SqliteLedger, LedgerError> {
    let path = folder.join(DATABASE);
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .busy_timeout(BUSY)
        .row_buffer_size(ROW_BUFFER);
    let writer = match mode {
        OpenMode::Host | OpenMode::Scratch | OpenMode::Alone | OpenMode::Visitor => {
            Some(writing(folder, &path, options.clone(), mode).await?)
        }
        OpenMode::Reader if path.exists() => None,
        OpenMode::Reader => {
            return Err(LedgerError::NotFound(format!(
                "ledger in {}",
                folder.display()
            )));
        }
    };
    let options = options.read_only(true);
    if writer.is_none() {
        let mut connection = options.connect().await?;
        let (found, known) = (version(&mut connection).await?.unwrap_or(0), newest());
        connection.close().await?;
        if found > known {
            return Err(LedgerError::Newer { found, known });
        }
        if found < known {
            return Err(LedgerError::Older { found, known });
        }
    }
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(0);
    let readers = pool.connect_lazy_with(options.clone());
    // One connection that stays: another one would count from elsewhere.
    let watcher = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(0)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options);
    Ok(SqliteLedger {
        readers,
        watcher,
        seen: tokio::sync::Mutex::new(None),
        alone: mode == OpenMode::Alone,
        writer: tokio::sync::Mutex::new(writer),
    })
}

async fn writing(
    folder: &Path,
    path: &Path,
    options: SqliteConnectOptions,
    mode: OpenMode,
) -> Result<Writer, LedgerError> {
    private_folder(folder)?;
    let lock = match mode {
        OpenMode::Host | OpenMode::Scratch | OpenMode::Alone => Some(lock(folder)?),
        OpenMode::Visitor | OpenMode::Reader => None,
    };
    let turn = turn(folder).await?;
    let alone = mode == OpenMode::Alone;
    let forced = !matches!(mode, OpenMode::Scratch | OpenMode::Alone);
    let options = if alone {
        private()
    } else {
        file(path, options).await?
    };
    let options = options
        .synchronous(if forced {
            SqliteSynchronous::Full
        } else {
            SqliteSynchronous::Off
        })
        .foreign_keys(true);
    let mut connection = options.connect().await?;
    MIGRATIONS.run(&mut connection).await.map_err(migration)?;
    let key = fitting_key(folder, forced, &mut connection).await?;
    drop(turn);
    Writer::begin(connection, key, alone, lock).await
}

/// A database of this connection's own: SQLite keeps it in its page cache, and writes it to a temporary file as that
/// becomes full.
fn private() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename("")
        .row_buffer_size(ROW_BUFFER)
        .journal_mode(SqliteJournalMode::Memory)
        .pragma("cache_size", PRIVATE_CACHE)
}

/// The database in the folder, made if there is none and refused if a newer version wrote it.
async fn file(
    path: &Path,
    options: SqliteConnectOptions,
) -> Result<SqliteConnectOptions, LedgerError> {
    // SQLite takes the mode of its -wal and -shm files from this one.
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    if let Err(error) = made
        && error.kind() != std::io::ErrorKind::AlreadyExists
    {
        return Err(LedgerError::io("the ledger file cannot be made", &error));
    }
    let mut connection = options.clone().connect().await?;
    if let Some(found) = version(&mut connection).await?
        && found > newest()
    {
        return Err(LedgerError::Newer {
            found,
            known: newest(),
        });
    }
    connection.close().await?;
    Ok(options
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("cache_size", CACHE)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES))
}

/// Processes that open a ledger at the same time take turns at making it and bringing its schema up to date, which the
/// library leaves to its user; the lock is one of the folder itself.
async fn turn(folder: &Path) -> Result<fs::File, LedgerError> {
    let folder = folder.to_owned();
    let taken = tokio::task::spawn_blocking(move || {
        let folder = fs::File::open(folder)?;
        flock(&folder, FlockOperation::LockExclusive)?;
        Ok(folder)
    });
    taken
        .await
        .unwrap_or_else(|error| Err(std::io::Error::other(error)))
        .map_err(|error| LedgerError::io("the ledger's folder cannot be locked", &error))
}

fn migration(error: MigrateError) -> LedgerError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        MigrateError::VersionMismatch(version) => corrupt(format!(
            "migration {version} was applied in another form than the one released"
        )),
        error => LedgerError::Unavailable {
            detail: format!("the schema could not be brought up to date: {error}"),
        },
    }
}

/// The newest schema this program knows.
fn newest() -> i64 {
    MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// The schema version in the file; `None`: it is new.
async fn version(connection: &mut SqliteConnection) -> Result<Option<i64>, LedgerError> {
    let table: Option<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'",
    )
    .fetch_optional(&mut *connection)
    .await?;
    match table {
        None => Ok(None),
        Some(_) => Ok(
            sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations")
                .fetch_one(connection)
                .await?,
        ),
    }
}

/// The key of this ledger: read if the ledger knows one, else made.
async fn fitting_key(
    folder: &Path,
    forced: bool,
    connection: &mut SqliteConnection,
) -> Result<AuditKey, LedgerError> {
    let verifier: Option<String> =
        sqlx::query_scalar("SELECT verifier FROM audit_head WHERE id = 1")
            .fetch_optional(connection)
            .await?;
    match (verifier, AuditKey::read(folder)?) {
        (None, Some(key)) => Ok(key),
        (None, None) => AuditKey::make(folder, forced),
        (Some(_), None) => Err(LedgerError::AuditKey {
            detail: "`audit.key` is not in the folder".into(),
        }),
        (Some(verifier), Some(key)) if verifier != key.verifier() => Err(LedgerError::AuditKey {
            detail: "the record so far was signed by another one".into(),
        }),
        (Some(_), Some(key)) => Ok(key),
    }
}

fn private_folder(folder: &Path) -> Result<(), LedgerError> {
    let fault = |error| {
        LedgerError::io(
            &format!("the folder {} cannot be used", folder.display()),
            &error,
        )
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(fault)?;
    let mut permissions = fs::metadata(folder).map_err(fault)?.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o700);
        fs::set_permissions(folder, permissions).map_err(fault)?;
    }
    Ok(())
}

/// The process of the host that runs on a ledger's folder; `None`: none does. It may not have said its number yet.
#[must_use]
pub fn running_host(folder: &Path) -> Option<Option<u32>> {
    let mut file = fs::File::open(folder.join(LOCK)).ok()?;
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut text = String::new();
            let _read = (&mut file).take(16).read_to_string(&mut text).is_ok();
            Some(text.trim().parse().ok())
        }
        // Free, or not to be asked: closing the file gives the lock back.
        _ => None,
    }
}

/// Takes the host's lock; it is given back when the file is closed, also by a crash.
fn lock(folder: &Path) -> Result<fs::File, LedgerError> {
    let fault = |error| LedgerError::io("the host's lock cannot be taken", &error);
    let mut options = fs::OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    let mut file = options.open(folder.join(LOCK)).map_err(fault)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut text = String::new();
            // Without a number the refusal is still right; it may just not have been written yet.
            let _read = (&mut file).take(16).read_to_string(&mut text).is_ok();
            return Err(LedgerError::InUse {
                pid: text.trim().parse().ok(),
                folder: folder.to_owned(),
            });
        }
        Err(error) => return Err(fault(error.into())),
    }
    file.set_len(0).map_err(fault)?;
    file.rewind().map_err(fault)?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes())
        .map_err(fault)?;
    Ok(file)
}
