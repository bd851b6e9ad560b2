//! The one writer: begins a transaction, keeps the audit tree's edge in step with what was committed.
//!
//! A transaction of two messages is the rule: it begins with its questions, and is committed with what it writes.

use std::fs::File;
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::pin::pin;

use futures::FutureExt;
use sqlx::pool::PoolConnection;
use sqlx::{Connection, Executor, Sqlite, SqliteConnection};
use tokio::sync::MappedMutexGuard;

use super::SqliteLedger;
use super::audit::{self, AuditTree, Signing};
use super::batch::{Answers, Batch};
use crate::audit::AuditKey;
use crate::error::LedgerError;

/// Takes the write lock at once: a transaction that reads first and writes later could find itself overtaken.
/// (PostgreSQL: `BEGIN`.)
const BEGIN: &str = "BEGIN IMMEDIATE";

/// Grows when another connection commits.
pub(super) const DATA_VERSION: &str = "PRAGMA data_version";

/// The writing connection of the host.
pub(crate) struct Writer {
    connection: SqliteConnection,
    key: AuditKey,
    /// Nobody else can see the ledger.
    alone: bool,
    /// What is committed; `None`: a transaction did not come to its end, so it must be read again.
    log: Option<AuditTree>,
    /// Keeps other hosts out while this lives; a visitor has none.
    _lock: Option<File>,
}

impl Writer {
    pub(super) async fn begin(
        connection: SqliteConnection,
        key: AuditKey,
        alone: bool,
        lock: Option<File>,
    ) -> Result<Self, LedgerError> {
        let mut writer = Self {
            connection,
            key,
            alone,
            log: None,
            _lock: lock,
        };
        let mut transaction = writer.connection.begin_with(BEGIN).await?;
        audit::start(&mut transaction, &writer.key).await?;
        let log = audit::load(&mut transaction, Signing::Always).await?;
        transaction.commit().await?;
        writer.log = Some(log);
        Ok(writer)
    }

    /// Opens a transaction.
    pub(super) async fn write(&mut self) -> Result<Write<'_>, LedgerError> {
        let (write, _) = self.write_with(Self::beginning()).await?;
        Ok(write)
    }

    /// The beginning of a transaction, to be gone on with and given to [`Writer::write_with`].
    pub(super) fn beginning() -> Batch {
        let mut batch = Batch::new();
        batch.add(BEGIN);
        batch.add(audit::SIZE);
        batch
    }

    /// Opens a transaction with its first statements; what these came to.
    pub(super) async fn write_with(
        &mut self,
        first: Batch,
    ) -> Result<(Write<'_>, Answers), LedgerError> {
        let log = self.log.take();
        let open = Open {
            connection: &mut self.connection,
            committed: false,
        };
        let mut answers = send(first, open.connection, self.alone).await?;
        let _begun = answers.next();
        let size = answers.next();
        // Another process may have written since: only the ledger knows the newest head.
        let log = match log {
            Some(log) if audit::is_newest(&log, &size)? => log,
            _ => audit::load(open.connection, signing(self.alone)).await?,
        };
        let write = Write {
            open,
            key: &self.key,
            alone: self.alone,
            log,
            slot: &mut self.log,
        };
        Ok((write, answers))
    }

    /// Asks on the connection that writes: what it wrote is in its memory, where any other one reads it anew.
    pub(super) async fn ask(&mut self, batch: Batch) -> Result<Answers, LedgerError> {
        send(batch, &mut self.connection, self.alone).await
    }

    pub(super) async fn data_version(&mut self) -> Result<i64, LedgerError> {
        let version = sqlx::query_scalar(DATA_VERSION);
        Ok(version.fetch_one(&mut self.connection).await?)
    }

    /// Signs the head, if that was left for later.
    pub(super) async fn sign(&mut self) -> Result<(), LedgerError> {
        if !self.alone {
            return Ok(());
        }
        let write = self.write().await?;
        write.finish(Batch::new(), Signing::Always).await?;
        Ok(())
    }

    pub(super) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "the ledger was not tidied up on closing; that is done when it is opened again");
        }
    }
}

fn signing(alone: bool) -> Signing {
    if alone {
        Signing::Later
    } else {
        Signing::Always
    }
}

/// Runs statements. Whoever is alone with the connection's thread lets it go first: to be woken with each row would cost
/// more than most statements do.
async fn send(
    batch: Batch,
    connection: &mut SqliteConnection,
    alone: bool,
) -> Result<Answers, LedgerError> {
    let mut sent = pin!(batch.send(connection));
    let mut let_go = !alone;
    poll_fn(|context| {
        let polled = sent.as_mut().poll(context);
        if polled.is_pending() && !std::mem::replace(&mut let_go, true) {
            std::thread::yield_now();
            return sent.as_mut().poll(context);
        }
        polled
    })
    .await
}

/// The connection while a transaction is under way; dropped before the commit, it is undone.
struct Open<'a> {
    connection: &'a mut SqliteConnection,
    committed: bool,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.committed {
            // Sent, not waited for: whatever comes next on this connection comes after it.
            let rollback = (&mut *self.connection).execute(sqlx::raw_sql("ROLLBACK"));
            let _sent = rollback.now_or_never();
        }
    }
}

/// A transaction under way. Dropped without [`Write::commit`], nothing of it is written.
pub(super) struct Write<'a> {
    open: Open<'a>,
    key: &'a AuditKey,
    alone: bool,
    pub(super) log: AuditTree,
    slot: &'a mut Option<AuditTree>,
}

impl Write<'_> {
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        self.open.connection
    }

    /// Runs statements within the transaction.
    pub(super) async fn send(&mut self, batch: Batch) -> Result<Answers, LedgerError> {
        send(batch, self.open.connection, self.alone).await
    }

    /// Writes the audit entries gathered, signs the new head, commits.
    pub(super) async fn commit(self) -> Result<(), LedgerError> {
        self.commit_with(Batch::new()).await?;
        Ok(())
    }

    /// Runs the last statements, then commits; what these came to.
    pub(super) async fn commit_with(self, last: Batch) -> Result<Answers, LedgerError> {
        let signing = signing(self.alone);
        self.finish(last, signing).await
    }

    async fn finish(mut self, mut last: Batch, signing: Signing) -> Result<Answers, LedgerError> {
        audit::write(&mut last, self.key, &mut self.log, signing)?;
        last.add("COMMIT");
        let answers = send(last, self.open.connection, self.alone).await?;
        self.open.committed = true;
        *self.slot = Some(self.log);
        Ok(answers)
    }
}

/// A connection to read on.
pub(super) enum Reader<'a> {
    Own(PoolConnection<Sqlite>),
    Writing(MappedMutexGuard<'a, Writer>),
}

impl Deref for Reader<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Own(connection) => connection,
            Self::Writing(writer) => &writer.connection,
        }
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Own(connection) => connection,
            Self::Writing(writer) => &mut writer.connection,
        }
    }
}

impl SqliteLedger {
    /// Waits for its turn to write.
    pub(super) async fn writer(&self) -> Result<MappedMutexGuard<'_, Writer>, LedgerError> {
        let guard = self.writer.lock().await;
        tokio::sync::MutexGuard::try_map(guard, Option::as_mut).map_err(|_| LedgerError::ReadOnly)
    }

    /// A connection to read on: one of its own, or, where nobody else can see anything, the one that writes.
    pub(super) async fn reader(&self) -> Result<Reader<'_>, LedgerError> {
        if self.alone {
            return Ok(Reader::Writing(self.writer().await?));
        }
        Ok(Reader::Own(self.readers.acquire().await?))
    }

    /// Asks in passing, outside a transaction; on the connection that writes, if there is one.
    pub(super) async fn ask(&self, batch: Batch) -> Result<Answers, LedgerError> {
        match self.writer().await {
            Ok(mut writer) => writer.ask(batch).await,
            Err(LedgerError::ReadOnly) => batch.send(&mut *self.reader().await?).await,
            Err(error) => Err(error),
        }
    }

    /// Signs the head, if that was left for later.
    pub(super) async fn sign(&self) -> Result<(), LedgerError> {
        match self.writer().await {
            Ok(mut writer) => writer.sign().await,
            Err(LedgerError::ReadOnly) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
