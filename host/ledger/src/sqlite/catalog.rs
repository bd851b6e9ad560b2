//! Changes of the catalog, in the order given. A change of what does not exist undoes the whole transaction.

use jiff::Timestamp;
use strongroom_domain::retention::Hold;
use uuid::Uuid;

use super::batch::{Answers, Batch};
use super::columns::{count, id, ms, to_json};
use super::writer::Writer;
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
    let mut first = Writer::beginning();
    let changes = add(&mut first, changes)?;
    let mut writer = ledger.writer().await?;
    let (mut write, mut answers) = writer.write_with(first).await?;
    changes.check(&mut answers)?;
    for entry in &audit {
        write.log.append(entry, now)?;
    }
    write.commit().await
}

/// Changes given to a batch.
pub(super) struct Changes(Vec<Option<String>>);

impl Changes {
    /// Whether something may turn out not to exist: then what they came to must be looked at before the commit.
    pub(super) fn may_fail(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }

    /// Says what did not exist.
    pub(super) fn check(self, answers: &mut Answers) -> Result<(), LedgerError> {
        for needed in self.0 {
            let affected = answers.next().affected;
            if let Some(what) = needed.filter(|_| affected == 0) {
                return Err(LedgerError::NotFound(what));
            }
        }
        Ok(())
    }
}

/// Adds the statements of changes.
pub(super) fn add(batch: &mut Batch, changes: Vec<CatalogChange>) -> Result<Changes, LedgerError> {
    // New rows are gathered into few statements; whatever else comes waits for them.
    let mut needed = Vec::new();
    let mut added = Vec::new();
    for change in changes {
        if !matches!(change, CatalogChange::Added(_)) {
            insert(batch, &mut needed, &std::mem::take(&mut added))?;
        }
        match change {
            CatalogChange::Added(row) => added.push(row),
            CatalogChange::State {
                id,
                state,
                error,
                at,
            } => {
                set_state(batch, id, state, error, at);
                needed.push(Some(format!("snapshot {id}")));
            }
            CatalogChange::Hold { id, hold } => {
                place(batch, id, &hold);
                needed.push(Some(format!("snapshot {id}")));
            }
            CatalogChange::Release { id, name } => {
                release(batch, id, &name);
                needed.push(Some(format!("hold `{name}` on snapshot {id}")));
            }
        }
    }
    insert(batch, &mut needed, &added)?;
    Ok(Changes(needed))
}

fn insert(
    batch: &mut Batch,
    needed: &mut Vec<Option<String>>,
    rows: &[Box<SnapshotRow>],
) -> Result<(), LedgerError> {
    for chunk in rows.chunks(ROWS) {
        let mut documents = Vec::with_capacity(chunk.len());
        for row in chunk {
            let size = row.size.map(|size| count("size", size)).transpose()?;
            let files = row.files.map(|files| count("files", files)).transpose()?;
            documents.push((size, files, to_json(&row.evidence)?));
        }
        let query = batch.add(
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
        needed.push(None);
        for row in chunk {
            for hold in &row.holds {
                place(batch, row.id, hold);
                needed.push(None);
            }
        }
    }
    Ok(())
}

fn set_state(
    batch: &mut Batch,
    snapshot: Uuid,
    state: SnapshotState,
    error: Option<String>,
    at: Timestamp,
) {
    let verified_at = (state == SnapshotState::Verified).then(|| ms(at));
    let gone_at = (state == SnapshotState::Gone).then(|| ms(at));
    let query = batch.add("UPDATE snapshots SET state = ");
    query
        .push_bind(state.as_str())
        .push(", last_error = ")
        .push_bind(error)
        .push(", verified_at = COALESCE(")
        .push_bind(verified_at)
        .push(", verified_at), gone_at = COALESCE(")
        .push_bind(gone_at)
        .push(", gone_at) WHERE id = ")
        .push_bind(id(snapshot));
}

fn place(batch: &mut Batch, snapshot: Uuid, hold: &Hold) {
    // Selected, not given: a hold on what does not exist inserts nothing.
    let query = batch.add("INSERT INTO holds (snapshot, name, reason, until) SELECT id, ");
    query
        .push_bind(hold.name.as_str())
        .push(", ")
        .push_bind(hold.reason.as_str())
        .push(", ")
        .push_bind(hold.until.map(ms))
        .push(" FROM snapshots WHERE id = ")
        .push_bind(id(snapshot))
        .push(" ON CONFLICT (snapshot, name) DO UPDATE SET reason = excluded.reason, until = excluded.until");
}

fn release(batch: &mut Batch, snapshot: Uuid, name: &str) {
    let query = batch.add("DELETE FROM holds WHERE snapshot = ");
    query
        .push_bind(id(snapshot))
        .push(" AND name = ")
        .push_bind(name);
}
