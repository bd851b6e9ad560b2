//! Changes of the catalog, in the order given. A change of what does not exist undoes the whole transaction, and so does
//! a deletion of what is held, or a hold on what is being deleted: whoever came first has it.

use jiff::Timestamp;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use strongroom_domain::retention::Hold;
use uuid::Uuid;

use super::columns::{count, id, ms, to_json};
use super::{ROWS, SqliteLedger};
use crate::audit::AuditEntry;
use crate::error::LedgerError;
use crate::snapshot::{CatalogChange, SnapshotRow, SnapshotState};

pub(super) async fn change(
    ledger: &SqliteLedger,
    changes: Vec<CatalogChange>,
    audit: Vec<AuditEntry>,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    apply(write.connection(), changes).await?;
    for entry in &audit {
        write.log.append(entry, now)?;
    }
    write.commit().await
}

pub(super) async fn apply(
    connection: &mut SqliteConnection,
    changes: Vec<CatalogChange>,
) -> Result<(), LedgerError> {
    // New rows are gathered into few statements; whatever else comes waits for them.
    let mut added = Vec::new();
    for change in changes {
        if !matches!(change, CatalogChange::Added(_)) {
            insert(connection, &std::mem::take(&mut added)).await?;
        }
        match change {
            CatalogChange::Added(row) => added.push(row),
            CatalogChange::State {
                id,
                state,
                error,
                at,
            } => set_state(connection, id, state, error, at).await?,
            CatalogChange::Verdict {
                id,
                state,
                error,
                at,
            } => set_verdict(connection, id, state, error, at).await?,
            CatalogChange::Hold { id, hold } => place(connection, id, &hold).await?,
            CatalogChange::Release { id, name } => {
                let released = release(connection, id, &name).await?;
                found(released, || format!("hold `{name}` on snapshot {id}"))?;
            }
            CatalogChange::Expire { id, name } => {
                release(connection, id, &name).await?;
            }
        }
    }
    insert(connection, &added).await
}

async fn insert(
    connection: &mut SqliteConnection,
    rows: &[Box<SnapshotRow>],
) -> Result<(), LedgerError> {
    for chunk in rows.chunks(ROWS) {
        let mut documents = Vec::with_capacity(chunk.len());
        for row in chunk {
            let size = row.size.map(|size| count("size", size)).transpose()?;
            let files = row.files.map(|files| count("files", files)).transpose()?;
            documents.push((size, files, to_json(&row.evidence)?));
        }
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO snapshots (id, occurrence, schedule, tenant, plugin, plugin_digest, reference, taken_at, \
             recorded_at, state, size, files, evidence, last_error, verified_at, gone_at) ",
        );
        query.push_values(
            chunk.iter().zip(documents),
            |mut columns, (row, (size, files, evidence))| {
                columns
                    .push_bind(id(row.id))
                    .push_bind(id(row.occurrence))
                    .push_bind(row.schedule.as_str())
                    .push_bind(row.tenant.as_str())
                    .push_bind(row.plugin.as_str())
                    .push_bind(row.plugin_digest.as_str())
                    .push_bind(row.reference.as_str())
                    .push_bind(ms(row.taken_at))
                    .push_bind(ms(row.recorded_at))
                    .push_bind(row.state.as_str())
                    .push_bind(size)
                    .push_bind(files)
                    .push_bind(evidence)
                    .push_bind(row.last_error.as_deref())
                    .push_bind(row.verified_at.map(ms))
                    .push_bind(row.gone_at.map(ms));
            },
        );
        query.build().execute(&mut *connection).await?;
        for row in chunk {
            for hold in &row.holds {
                place(connection, row.id, hold).await?;
            }
        }
    }
    Ok(())
}

async fn set_state(
    connection: &mut SqliteConnection,
    snapshot: Uuid,
    state: SnapshotState,
    error: Option<String>,
    at: Timestamp,
) -> Result<(), LedgerError> {
    if state == SnapshotState::Deleting {
        not_held(connection, snapshot, at).await?;
    }
    let verified_at = (state == SnapshotState::Verified).then(|| ms(at));
    let gone_at = (state == SnapshotState::Gone).then(|| ms(at));
    let done = sqlx::query(
        "UPDATE snapshots SET state = $1, last_error = $2, verified_at = COALESCE($3, verified_at), \
         gone_at = COALESCE($4, gone_at) WHERE id = $5",
    )
    .bind(state.as_str())
    .bind(error)
    .bind(verified_at)
    .bind(gone_at)
    .bind(id(snapshot))
    .execute(connection)
    .await?;
    found(done.rows_affected(), || format!("snapshot {snapshot}"))
}

/// A hold that is in force keeps a snapshot, whoever decided before it was placed that it goes.
async fn not_held(
    connection: &mut SqliteConnection,
    snapshot: Uuid,
    at: Timestamp,
) -> Result<(), LedgerError> {
    let held = sqlx::query_scalar::<_, String>(
        "SELECT name FROM holds WHERE snapshot = $1 AND (until IS NULL OR until > $2) LIMIT 1",
    )
    .bind(id(snapshot))
    .bind(ms(at))
    .fetch_optional(connection)
    .await?;
    held.map_or(Ok(()), |name| {
        Err(LedgerError::Conflict(format!(
            "snapshot {snapshot} is held by `{name}`"
        )))
    })
}

async fn set_verdict(
    connection: &mut SqliteConnection,
    snapshot: Uuid,
    state: SnapshotState,
    error: Option<String>,
    at: Timestamp,
) -> Result<(), LedgerError> {
    sqlx::query(
        "UPDATE snapshots SET state = $1, last_error = $2, verified_at = COALESCE($3, verified_at) \
         WHERE id = $4 AND state IN ('assumed', 'verified', 'damaged', 'missing')",
    )
    .bind(state.as_str())
    .bind(error)
    .bind((state == SnapshotState::Verified).then(|| ms(at)))
    .bind(id(snapshot))
    .execute(connection)
    .await?;
    Ok(())
}

async fn place(
    connection: &mut SqliteConnection,
    snapshot: Uuid,
    hold: &Hold,
) -> Result<(), LedgerError> {
    let state = sqlx::query_scalar::<_, String>("SELECT state FROM snapshots WHERE id = $1")
        .bind(id(snapshot))
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(state @ ("deleting" | "gone")) = state.as_deref() {
        return Err(LedgerError::Conflict(format!(
            "snapshot {snapshot} cannot be held any more: it is {state}"
        )));
    }
    // Selected, not given: a hold on what does not exist inserts nothing.
    let done = sqlx::query(
        "INSERT INTO holds (snapshot, name, reason, until) SELECT id, $2, $3, $4 FROM snapshots WHERE id = $1 \
         ON CONFLICT (snapshot, name) DO UPDATE SET reason = excluded.reason, until = excluded.until",
    )
    .bind(id(snapshot))
    .bind(&hold.name)
    .bind(&hold.reason)
    .bind(hold.until.map(ms))
    .execute(connection)
    .await?;
    found(done.rows_affected(), || format!("snapshot {snapshot}"))
}

async fn release(
    connection: &mut SqliteConnection,
    snapshot: Uuid,
    name: &str,
) -> Result<u64, LedgerError> {
    let done = sqlx::query("DELETE FROM holds WHERE snapshot = $1 AND name = $2")
        .bind(id(snapshot))
        .bind(name)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

fn found(rows: u64, what: impl FnOnce() -> String) -> Result<(), LedgerError> {
    if rows == 0 {
        Err(LedgerError::NotFound(what()))
    } else {
        Ok(())
    }
}
