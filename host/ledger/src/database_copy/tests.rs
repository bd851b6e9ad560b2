//! Copies of databases while others write to them.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sqlx::{Row, SqliteConnection};
use tempfile::TempDir;

use super::*;

async fn connect(path: &Path, mode: SqliteJournalMode) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(mode);
    options.connect().await.unwrap()
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

/// Two accounts tables whose sums cancel out, and some bulk.
async fn fill_accounts(connection: &mut SqliteConnection) {
    run(
        connection,
        "CREATE TABLE left_side (id INTEGER PRIMARY KEY, amount BIGINT NOT NULL, note TEXT);
         CREATE TABLE right_side (id INTEGER PRIMARY KEY, amount BIGINT NOT NULL, note TEXT);
         CREATE INDEX by_amount ON left_side (amount);
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000)
         INSERT INTO left_side SELECT n, n, hex(randomblob(200)) FROM numbers;
         INSERT INTO right_side SELECT id, -amount, note FROM left_side;",
    )
    .await;
}

async fn assert_sound(copy: &Path) {
    let mut connection = SqliteConnectOptions::new()
        .filename(copy)
        .read_only(true)
        .immutable(true)
        .connect()
        .await
        .unwrap();
    let integrity: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(integrity, "ok");
    let row = sqlx::query(
        "SELECT (SELECT SUM(amount) FROM left_side) + (SELECT SUM(amount) FROM right_side) AS balance, \
         (SELECT COUNT(*) FROM left_side) AS lefts, (SELECT COUNT(*) FROM right_side) AS rights",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(row.get::<i64, _>("balance"), 0);
    assert_eq!(row.get::<i64, _>("lefts"), row.get::<i64, _>("rights"));
    assert!(row.get::<i64, _>("lefts") >= 2_000);
    connection.close().await.unwrap();
}

fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// A writer in a thread of its own, with a connection and a runtime of its own, that moves amounts until it is stopped.
struct Mover {
    stop: Arc<AtomicBool>,
    moves: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<()>,
}

impl Mover {
    fn start(path: &Path, mode: SqliteJournalMode) -> Self {
        let (stop, moves) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let (path, stopped, moved) = (path.to_owned(), stop.clone(), moves.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut connection = connect(&path, mode).await;
                while !stopped.load(Ordering::Relaxed) {
                    run(
                        &mut connection,
                        "BEGIN IMMEDIATE;
                         INSERT INTO left_side (amount, note) VALUES (abs(random() % 1000), hex(randomblob(500)));
                         INSERT INTO right_side (amount, note)
                             SELECT -amount, note FROM left_side ORDER BY id DESC LIMIT 1;
                         UPDATE left_side SET amount = amount + 5 WHERE id IN (1, 700, 1900);
                         UPDATE right_side SET amount = amount - 5 WHERE id IN (2, 800, 1500);
                         COMMIT;",
                    )
                    .await;
                    moved.fetch_add(1, Ordering::Relaxed);
                }
                connection.close().await.unwrap();
            });
        });
        Self {
            stop,
            moves,
            thread,
        }
    }

    fn moves(&self) -> u64 {
        self.moves.load(Ordering::Relaxed)
    }

    /// Until so many more moves were made.
    fn wait(&self, more: u64) {
        let until = self.moves() + more;
        while self.moves() < until && !self.thread.is_finished() {
            std::thread::yield_now();
        }
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}

async fn copies_under_writing(mode: SqliteJournalMode, copies_made: usize) {
    let folder = tempfile::tempdir().unwrap();
    let copies = tempfile::tempdir().unwrap();
    let source = folder.path().join("accounts.db");
    let mut connection = connect(&source, mode).await;
    fill_accounts(&mut connection).await;
    connection.close().await.unwrap();
    let mover = Mover::start(&source, mode);
    mover.wait(3);
    for copy in 0..copies_made {
        let moves = mover.moves();
        let copy = copies.path().join(format!("{copy}.db"));
        let size = copy_database(&source, &copy).await.unwrap();
        assert_eq!(size, std::fs::metadata(&copy).unwrap().len());
        assert_sound(&copy).await;
        mover.wait(1);
        assert!(mover.moves() > moves, "the writer goes on");
    }
    mover.stop();
    assert_eq!(
        names(copies.path()).len(),
        copies_made,
        "{:?}",
        names(copies.path())
    );
    assert_eq!(
        names(folder.path()),
        BTreeSet::from(["accounts.db".to_owned()]),
        "the writer tidied up after itself"
    );
    let mut connection = connect(&source, mode).await;
    let integrity: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(integrity, "ok");
}

#[tokio::test]
async fn a_copy_is_of_one_moment_while_another_writes_ahead() {
    copies_under_writing(SqliteJournalMode::Wal, 20).await;
}

#[tokio::test]
async fn a_copy_is_of_one_moment_while_another_writes_with_a_rollback_journal() {
    copies_under_writing(SqliteJournalMode::Delete, 6).await;
}

/// A database at rest in the given mode.
async fn at_rest(mode: SqliteJournalMode) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("accounts.db");
    let mut connection = connect(&source, mode).await;
    fill_accounts(&mut connection).await;
    connection.close().await.unwrap();
    (folder, source)
}

fn contents(folder: &Path) -> Vec<(String, Vec<u8>, std::time::SystemTime)> {
    let read = |name: String| {
        let path = folder.join(&name);
        (
            name,
            std::fs::read(&path).unwrap(),
            std::fs::metadata(path).unwrap().modified().unwrap(),
        )
    };
    names(folder).into_iter().map(read).collect()
}

#[tokio::test]
async fn a_database_at_rest_is_copied_as_it_is_and_left_as_it_was() {
    for mode in [SqliteJournalMode::Wal, SqliteJournalMode::Delete] {
        let (folder, source) = at_rest(mode).await;
        let before = contents(folder.path());
        let copies = tempfile::tempdir().unwrap();
        let copy = copies.path().join("copy.db");
        copy_database(&source, &copy).await.unwrap();
        assert_eq!(contents(folder.path()), before);
        assert_eq!(names(copies.path()).len(), 1);
        assert_sound(&copy).await;
        assert_eq!(
            std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[tokio::test]
async fn what_lies_in_the_write_ahead_log_is_in_the_copy() {
    let (folder, source) = at_rest(SqliteJournalMode::Wal).await;
    let mut writer = connect(&source, SqliteJournalMode::Wal).await;
    run(&mut writer, "PRAGMA wal_autocheckpoint = 0; UPDATE left_side SET note = 'only in the log' WHERE id = 1;").await;
    let before = contents(folder.path());
    assert_eq!(before.len(), 3);
    let copy = folder.path().join("copy.db");
    copy_database(&source, &copy).await.unwrap();
    assert_sound(&copy).await;
    let mut reader = SqliteConnectOptions::new()
        .filename(&copy)
        .connect()
        .await
        .unwrap();
    let note: String = sqlx::query_scalar("SELECT note FROM left_side WHERE id = 1")
        .fetch_one(&mut reader)
        .await
        .unwrap();
    assert_eq!(note, "only in the log");
    reader.close().await.unwrap();
    std::fs::remove_file(&copy).unwrap();
    let after = contents(folder.path());
    let unchanged = |files: &[(String, Vec<u8>, std::time::SystemTime)]| -> Vec<_> {
        // The index in shared memory holds marks of readers.
        files
            .iter()
            .filter(|(name, ..)| !name.ends_with("-shm"))
            .cloned()
            .collect()
    };
    assert_eq!(unchanged(&after), unchanged(&before));
    assert_eq!(after.len(), 3);
    // The writer's locks are still its own, though this process opened and closed the file meanwhile.
    run(&mut writer, "BEGIN IMMEDIATE").await;
    let mut other = SqliteConnectOptions::new()
        .filename(&source)
        .busy_timeout(Duration::ZERO)
        .connect()
        .await
        .unwrap();
    assert!(
        sqlx::raw_sql("BEGIN IMMEDIATE")
            .execute(&mut other)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_crashed_writers_log_is_read_and_kept() {
    let (folder, source) = at_rest(SqliteJournalMode::Wal).await;
    let mut writer = connect(&source, SqliteJournalMode::Wal).await;
    run(&mut writer, "PRAGMA wal_autocheckpoint = 0; UPDATE left_side SET note = 'only in the log' WHERE id = 1;").await;
    // As after a crash: the files as they are on disk, with nobody behind them.
    let crashed = tempfile::tempdir().unwrap();
    for name in ["accounts.db", "accounts.db-wal"] {
        std::fs::copy(folder.path().join(name), crashed.path().join(name)).unwrap();
    }
    let before = contents(crashed.path());
    let copy = folder.path().join("copy.db");
    copy_database(&crashed.path().join("accounts.db"), &copy)
        .await
        .unwrap();
    let mut after = contents(crashed.path());
    after.retain(|(name, ..)| name != "accounts.db-shm");
    assert_eq!(after, before);
    let mut reader = SqliteConnectOptions::new()
        .filename(&copy)
        .connect()
        .await
        .unwrap();
    let note: String = sqlx::query_scalar("SELECT note FROM left_side WHERE id = 1")
        .fetch_one(&mut reader)
        .await
        .unwrap();
    assert_eq!(note, "only in the log");
}

#[tokio::test]
async fn settings_and_odd_names_are_copied_too() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("file:odd ?name%20#ü.db");
    let mut connection = connect(&source, SqliteJournalMode::Wal).await;
    run(&mut connection, "PRAGMA user_version = 42; PRAGMA application_id = 7; CREATE TABLE t (a TEXT COLLATE NOCASE);").await;
    connection.close().await.unwrap();
    let copy = folder.path().join("file:copy?mode=memory");
    assert!(copy_database(&source, &copy).await.unwrap() > 0);
    let mut reader = SqliteConnectOptions::new()
        .filename(&copy)
        .connect()
        .await
        .unwrap();
    let version: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut reader)
        .await
        .unwrap();
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut reader)
        .await
        .unwrap();
    assert_eq!((version, mode.as_str()), (42, "wal"));
}

#[tokio::test]
async fn an_empty_file_is_an_empty_database() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("empty.db");
    std::fs::write(&source, "").unwrap();
    let copy = folder.path().join("copy.db");
    copy_database(&source, &copy).await.unwrap();
    assert_eq!(names(folder.path()).len(), 2);
    let mut reader = SqliteConnectOptions::new()
        .filename(&copy)
        .connect()
        .await
        .unwrap();
    let tables: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_schema")
        .fetch_one(&mut reader)
        .await
        .unwrap();
    assert_eq!(tables, 0);
}

async fn refused(source: &Path) -> CopyDatabaseError {
    let copies = tempfile::tempdir().unwrap();
    let error = copy_database(source, &copies.path().join("copy.db"))
        .await
        .unwrap_err();
    assert_eq!(names(copies.path()), BTreeSet::new(), "{error}");
    error
}

#[tokio::test]
async fn what_is_no_database_is_told_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(&text, "not a database at all\n".repeat(500)).unwrap();
    let before = contents(folder.path());
    let error = refused(&text).await;
    assert!(
        matches!(error, CopyDatabaseError::NotADatabase(_)),
        "{error}"
    );
    assert!(error.to_string().contains("or is encrypted"));
    assert_eq!(contents(folder.path()), before);
    assert!(matches!(
        refused(&folder.path().join("none")).await,
        CopyDatabaseError::NotAFile(_)
    ));
    assert!(matches!(
        refused(folder.path()).await,
        CopyDatabaseError::NotAFile(_)
    ));
    let odd =
        Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"/tmp/\xff.db"));
    assert!(matches!(refused(odd).await, CopyDatabaseError::Name(_)));
    let error = copy_database(&text, &text).await.unwrap_err();
    assert!(matches!(error, CopyDatabaseError::Exists(_)), "{error}");
    assert_eq!(contents(folder.path()), before);
}

#[tokio::test]
async fn a_damaged_database_is_told_as_such() {
    let (_folder, source) = at_rest(SqliteJournalMode::Delete).await;
    let mut bytes = std::fs::read(&source).unwrap();
    let middle = bytes.len() / 2;
    // Over a page and its neighbours, so that whatever lies there is met.
    bytes[middle..middle + 3 * 4096].fill(0x5a);
    std::fs::write(&source, &bytes).unwrap();
    let error = refused(&source).await;
    assert!(
        matches!(error, CopyDatabaseError::Damaged { .. }),
        "{error}"
    );
    bytes.truncate(middle);
    std::fs::write(&source, &bytes).unwrap();
    let error = refused(&source).await;
    assert!(
        matches!(error, CopyDatabaseError::Damaged { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_change_left_in_the_middle_is_not_rolled_back_for_its_owner() {
    let (folder, source) = at_rest(SqliteJournalMode::Delete).await;
    let mut writer = connect(&source, SqliteJournalMode::Delete).await;
    run(
        &mut writer,
        "PRAGMA cache_size = 1; BEGIN IMMEDIATE; UPDATE left_side SET note = hex(randomblob(200));",
    )
    .await;
    let crashed = tempfile::tempdir().unwrap();
    for name in ["accounts.db", "accounts.db-journal"] {
        std::fs::copy(folder.path().join(name), crashed.path().join(name)).unwrap();
    }
    let before = contents(crashed.path());
    let error = refused(&crashed.path().join("accounts.db")).await;
    assert!(
        matches!(error, CopyDatabaseError::NeedsRecovery(_)),
        "{error}"
    );
    assert_eq!(contents(crashed.path()), before);
}

#[tokio::test]
async fn a_writer_that_lets_nobody_in_is_waited_for() {
    let (folder, source) = at_rest(SqliteJournalMode::Delete).await;
    let mut writer = connect(&source, SqliteJournalMode::Delete).await;
    run(&mut writer, "BEGIN EXCLUSIVE; UPDATE left_side SET amount = amount + 1; UPDATE right_side SET amount = amount - 1;").await;
    let copy = folder.path().join("copy.db");
    let copying = tokio::spawn({
        let (source, copy) = (source.clone(), copy.clone());
        async move { copy_database(&source, &copy).await }
    });
    // The copy has begun, and cannot go on.
    while !copy.exists() {
        tokio::task::yield_now().await;
    }
    run(&mut writer, "COMMIT").await;
    copying.await.unwrap().unwrap();
    assert_sound(&copy).await;
}

#[tokio::test]
async fn a_writer_that_never_lets_anybody_in_is_named() {
    let (_folder, source) = at_rest(SqliteJournalMode::Delete).await;
    let mut writer = connect(&source, SqliteJournalMode::Delete).await;
    run(&mut writer, "BEGIN EXCLUSIVE").await;
    let error = refused(&source).await;
    assert!(matches!(error, CopyDatabaseError::Busy(_)), "{error}");
}
