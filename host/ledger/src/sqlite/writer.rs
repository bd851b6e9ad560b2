//! The one writer: begins a transaction, keeps the audit tree's edge in step with what was committed.

use std::fs::File;
use std::ops::DerefMut;

use sqlx::{Connection, Sqlite, SqliteConnection, Transaction};
use tokio::sync::MappedMutexGuard;

use super::SqliteLedger;
use super::audit::{self, AuditLog};
use crate::audit::AuditKey;
use crate::error::LedgerError;

/// Takes the write lock at once: a transaction that reads first and writes later could find itself overtaken.
/// (PostgreSQL: `BEGIN`.)
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// Grows when another connection commits.
pub(super) const DATA_VERSION: &str = "PRAGMA data_version";

/// The writing connection of the host.
pub(crate) struct Writer {
    connection: SqliteConnection,
    key: AuditKey,
    /// What is committed; `None`: a transaction did not come to its end, so it must be read again.
    log: Option<AuditLog>,
    /// Keeps other hosts out while this lives; a visitor has none.
    _lock: Option<File>,
}

impl Writer {
    pub(super) async fn begin(
        connection: SqliteConnection,
        key: AuditKey,
        lock: Option<File>,
    ) -> Result<Self, LedgerError> {
        let mut writer = Self {
            connection,
            key,
            log: None,
            _lock: lock,
        };
        let mut transaction = writer.connection.begin_with(BEGIN).await?;
        audit::start(&mut transaction, &writer.key).await?;
        let log = audit::load(&mut transaction).await?;
        transaction.commit().await?;
        writer.log = Some(log);
        Ok(writer)
    }

    /// Opens a transaction.
    pub(super) async fn write(&mut self) -> Result<Write<'_>, LedgerError> {
        let log = self.log.take();
        let mut transaction = self.connection.begin_with(BEGIN).await?;
        // Another process may have written since: only the ledger knows the newest head.
        let log = match log {
            Some(log) if audit::is_newest(&log, &mut transaction).await? => log,
            _ => audit::load(&mut transaction).await?,
        };
        Ok(Write {
            transaction,
            key: &self.key,
            log,
            slot: &mut self.log,
        })
    }

    pub(super) async fn data_version(&mut self) -> Result<i64, LedgerError> {
        let version = sqlx::query_scalar(DATA_VERSION);
        Ok(version.fetch_one(&mut self.connection).await?)
    }

    pub(super) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "the ledger was not tidied up on closing; that is done when it is opened again");
        }
    }
}

/// A transaction under way. Dropped without [`Write::commit`], nothing of it is written.
pub(super) struct Write<'a> {
    transaction: Transaction<'a, Sqlite>,
    pub(super) key: &'a AuditKey,
    pub(super) log: AuditLog,
    slot: &'a mut Option<AuditLog>,
}

impl Write<'_> {
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        self.transaction.deref_mut()
    }

    /// Writes the audit entries gathered, signs the new head, commits.
    pub(super) async fn commit(mut self) -> Result<(), LedgerError> {
        audit::write(&mut self.transaction, self.key, &mut self.log).await?;
        self.transaction.commit().await?;
        *self.slot = Some(self.log);
        Ok(())
    }
}

impl SqliteLedger {
    /// Waits for its turn to write.
    pub(super) async fn writer(&self) -> Result<MappedMutexGuard<'_, Writer>, LedgerError> {
        let guard = self.writer.lock().await;
        tokio::sync::MutexGuard::try_map(guard, Option::as_mut).map_err(|_| LedgerError::ReadOnly)
    }
}
