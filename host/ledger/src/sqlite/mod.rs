//! The embedded engine: one SQLite file, one writer, a few readers.
//!
//! The SQL is portable to PostgreSQL: `$n` parameters, ON CONFLICT, RETURNING, UPDATE … FROM, multi-row VALUES, no JSON
//! functions. What differs there: how a write begins (`writer::BEGIN`), and FOR UPDATE [SKIP LOCKED] behind the selects
//! of `claim` and `record`, which one writer makes needless here.
//! Read next: `open`, `writer`, then the subjects: `occurrences`, `catalog`, `controls`, `plugins`, `state`, `audit`.

mod audit;
mod batch;
mod catalog;
mod columns;
mod controls;
mod occurrences;
mod open;
mod plugins;
mod state;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::SqlitePool;

use crate::error::LedgerError;
use crate::ledger::Ledger;

pub use open::{OpenMode, running_host};
use writer::{DATA_VERSION, Writer};

/// Rows of one multi-row statement: at 32 columns still within SQLite's 32 766 parameters.
const ROWS: usize = 1_000;

/// A ledger in one folder: `ledger.sqlite`, `audit.key`, `host.lock`.
pub(crate) struct SqliteLedger {
    readers: SqlitePool,
    /// Looks for what others wrote, where there is no writer.
    watcher: SqlitePool,
    /// What others had written when it was last asked after.
    seen: tokio::sync::Mutex<Option<i64>>,
    /// Nobody else can see it.
    alone: bool,
    /// `None` inside: opened for reading, or closed.
    writer: tokio::sync::Mutex<Option<Writer>>,
}

/// Opens the ledger of a folder; as a host, makes it if there is none.
///
/// # Errors
/// [`LedgerError::InUse`] when another host runs on it, [`LedgerError::Newer`] when a newer version wrote it.
pub async fn open(folder: &Path, mode: OpenMode) -> Result<Arc<dyn Ledger>, LedgerError> {
    Ok(Arc::new(open::open(folder, mode).await?))
}

#[async_trait]
impl Ledger for SqliteLedger {
    /// SQLite counts, for each connection, the commits of all others. The writer's count therefore grows only by what
    /// others wrote; who only reads has a connection of its own for this.
    async fn changed_elsewhere(&self) -> Result<bool, LedgerError> {
        if self.alone {
            return Ok(false);
        }
        let mut seen = self.seen.lock().await;
        let version = match self.writer().await {
            Ok(mut writer) => writer.data_version().await?,
            Err(LedgerError::ReadOnly) => {
                sqlx::query_scalar(DATA_VERSION)
                    .fetch_one(&self.watcher)
                    .await?
            }
            Err(error) => return Err(error),
        };
        let before = seen.replace(version);
        Ok(before.is_some_and(|before| before != version))
    }

    async fn close(&self) {
        let writer = self.writer.lock().await.take();
        self.readers.close().await;
        self.watcher.close().await;
        if let Some(writer) = writer {
            writer.close().await;
        }
    }
}
