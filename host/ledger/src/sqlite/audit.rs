//! The audit log in tables: appended in the transaction of what it records.

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{Connection, Row, SqliteConnection};

use super::batch::{Answer, Batch};
use super::columns::{corrupt, count, get_count};
use super::{ROWS, SqliteLedger};
use crate::audit::{
    AuditEntry, AuditKey, AuditLog, AuditState, ExportReport, Exporter, RightEdge, encode, hex,
    open_checkpoint,
};
use crate::error::LedgerError;

/// Entries read at once for an export.
const EXPORT_ENTRIES: i64 = 4_096;

/// The size of the newest head.
pub(super) const SIZE: &str = "SELECT size FROM audit_head WHERE id = 1";

/// When the head of the log is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signing {
    /// With every transaction that appends.
    Always,
    /// When its head is asked for: nobody else looks at it before.
    Later,
}

/// The tree as committed, and what the present transaction adds.
pub(super) struct AuditTree {
    edge: RightEdge,
    added: Vec<String>,
    /// Whether the head of what is committed is signed.
    signed: bool,
}

impl AuditTree {
    /// Puts an entry on record when the transaction commits.
    pub(super) fn append(&mut self, entry: &AuditEntry, now: Timestamp) -> Result<(), LedgerError> {
        let text = encode(entry, self.edge.size(), now)?;
        self.edge.append(text.as_bytes());
        self.added.push(text);
        Ok(())
    }
}

#[async_trait]
impl AuditLog for SqliteLedger {
    async fn append_audit(&self, entry: AuditEntry, now: Timestamp) -> Result<(), LedgerError> {
        let mut writer = self.writer().await?;
        let mut write = writer.write().await?;
        write.log.append(&entry, now)?;
        write.commit().await
    }

    async fn audit_state(&self) -> Result<AuditState, LedgerError> {
        self.sign().await?;
        state(&mut *self.reader().await?).await
    }

    async fn export_audit(&self, folder: &Path) -> Result<ExportReport, LedgerError> {
        self.sign().await?;
        export(&mut *self.reader().await?, folder).await
    }
}

/// Signs the empty tree of a new ledger.
pub(super) async fn start(
    connection: &mut SqliteConnection,
    key: &AuditKey,
) -> Result<(), LedgerError> {
    let checkpoint = key.checkpoint(0, RightEdge::default().root())?;
    sqlx::query(
        "INSERT INTO audit_head (id, size, edge, checkpoint, verifier) VALUES (1, 0, $1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(Vec::<u8>::new())
    .bind(checkpoint)
    .bind(key.verifier())
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether nobody else has appended since this was committed, by what [`SIZE`] came to.
pub(super) fn is_newest(log: &AuditTree, answer: &Answer) -> Result<bool, LedgerError> {
    let row = answer.rows.first().ok_or_else(headless)?;
    Ok(get_count::<u64>(row, "size")? == log.edge.size())
}

fn headless() -> LedgerError {
    corrupt("the audit log has no head")
}

/// Reads the committed edge, and does not trust it further than its signature goes; if it is signed later, this process
/// alone wrote it.
pub(super) async fn load(
    connection: &mut SqliteConnection,
    signing: Signing,
) -> Result<AuditTree, LedgerError> {
    let row = sqlx::query("SELECT size, edge, checkpoint, verifier FROM audit_head WHERE id = 1")
        .fetch_one(connection)
        .await?;
    let size: u64 = get_count(&row, "size")?;
    let head = open_checkpoint(
        row.try_get::<&str, _>("checkpoint")?.as_bytes(),
        row.try_get("verifier")?,
    )
    .map_err(|detail| corrupt(format!("the stored checkpoint is unusable: {detail}")))?;
    let signed = |edge: &RightEdge| {
        signing == Signing::Later || (head.size == size && head.root == edge.root())
    };
    let edge = RightEdge::from_bytes(size, row.try_get("edge")?)
        .filter(signed)
        .ok_or_else(|| corrupt("the audit log's tree is not the one that was signed"))?;
    Ok(AuditTree {
        signed: head.size == size,
        edge,
        added: Vec::new(),
    })
}

/// Writes what was added and signs the new head: one checkpoint a transaction.
pub(super) fn write(
    batch: &mut Batch,
    key: &AuditKey,
    log: &mut AuditTree,
    signing: Signing,
) -> Result<(), LedgerError> {
    if log.added.is_empty() && (log.signed || signing == Signing::Later) {
        return Ok(());
    }
    let added = std::mem::take(&mut log.added);
    let mut sequence = count("sequence", log.edge.size() - added.len() as u64)?;
    let mut rest = added.into_iter().peekable();
    while rest.peek().is_some() {
        let query = batch.add("INSERT INTO audit_entries (sequence, entry) ");
        query.push_values(rest.by_ref().take(ROWS), |mut row, entry| {
            row.push_bind(sequence).push_bind(entry);
            sequence += 1;
        });
    }
    let query = batch.add("UPDATE audit_head SET size = ");
    query.push_bind(count("size", log.edge.size())?);
    query.push(", edge = ").push_bind(log.edge.to_bytes());
    log.signed = signing == Signing::Always;
    if log.signed {
        let checkpoint = key.checkpoint(log.edge.size(), log.edge.root())?;
        query.push(", checkpoint = ").push_bind(checkpoint);
    }
    query.push(" WHERE id = 1");
    Ok(())
}

async fn state(reader: &mut SqliteConnection) -> Result<AuditState, LedgerError> {
    let (checkpoint, verifier): (String, String) =
        sqlx::query_as("SELECT checkpoint, verifier FROM audit_head WHERE id = 1")
            .fetch_one(reader)
            .await?;
    let head = open_checkpoint(checkpoint.as_bytes(), &verifier)
        .map_err(|detail| corrupt(format!("the stored checkpoint is unusable: {detail}")))?;
    Ok(AuditState {
        size: head.size,
        root: hex(&head.root.0),
        checkpoint,
        verifier,
    })
}

/// Exports the log as it is at one moment, while a host goes on writing.
async fn export(reader: &mut SqliteConnection, folder: &Path) -> Result<ExportReport, LedgerError> {
    let mut transaction = reader.begin().await?;
    let state = state(&mut transaction).await?;
    let folder = std::path::absolute(folder).map_err(|error| LedgerError::Export {
        detail: format!("{}: {error}", folder.display()),
    })?;
    let mut exporter = blocking(move || Exporter::begin(&folder, state)).await?;
    let mut next = 0_i64;
    loop {
        let rows = sqlx::query("SELECT sequence, entry FROM audit_entries WHERE sequence >= $1 ORDER BY sequence LIMIT $2")
            .bind(next)
            .bind(EXPORT_ENTRIES)
            .fetch_all(&mut *transaction)
            .await?;
        if rows.is_empty() {
            break;
        }
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            if row.try_get::<i64, _>("sequence")? != next {
                return Err(corrupt(format!("audit entry {next} is missing")));
            }
            entries.push(row.try_get::<String, _>("entry")?.into_bytes());
            next += 1;
        }
        exporter = blocking(move || {
            exporter.append(&entries)?;
            Ok(exporter)
        })
        .await?;
    }
    blocking(move || exporter.finish()).await
}

/// Files are written where waiting for the disk holds nothing else up.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| LedgerError::Export {
        detail: error.to_string(),
    })?
}
