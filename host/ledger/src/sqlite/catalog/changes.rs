//! Changes of the catalog, in the order given. A change of what does not exist undoes the whole transaction, and so does
//! a deletion of what is held, or a hold on what is being deleted: whoever came first has it.

use jiff::Timestamp;
use sqlx::Row;
use strongroom_domain::retention::Hold;
use uuid::Uuid;

use crate::audit::AuditEntry;
use crate::catalog::{CatalogChange, SnapshotRow, SnapshotState};
use crate::error::LedgerError;
use crate::sqlite::batch::{Answer, Answers, Batch};
use crate::sqlite::columns::{count, id, ms, to_json};
use crate::sqlite::writer::Writer;
use crate::sqlite::{ROWS, SqliteLedger};

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

/// Changes given to a batch: what each of their statements must come to.
#[derive(Default)]
pub(in crate::sqlite) struct Changes(Vec<Must>);

/// What a statement must come to.
enum Must {
    /// Whatever it comes to is right.
    Nothing,
    /// It changes something; else this does not exist.
    Change(String),
    /// It finds no hold on this snapshot.
    NotBeHeld(Uuid),
    /// It finds this snapshot in a state in which it can be held.
    BeHoldable(Uuid),
}

impl Changes {
    /// Whether something may turn out to be otherwise: then what they came to must be looked at before the commit.
    pub(in crate::sqlite) fn may_fail(&self) -> bool {
        let mut all = self.0.iter();
        all.any(|must| !matches!(must, Must::Nothing))
    }

    /// Says what is not as it must be.
    pub(in crate::sqlite) fn check(self, answers: &mut Answers) -> Result<(), LedgerError> {
        for must in self.0 {
            must.check(&answers.next())?;
        }
        Ok(())
    }
}

impl Must {
    fn check(self, answer: &Answer) -> Result<(), LedgerError> {
        let found = answer.rows.first();
        match self {
            Self::Nothing => Ok(()),
            Self::Change(_) if answer.affected > 0 => Ok(()),
            Self::Change(what) => Err(LedgerError::NotFound(what)),
            Self::NotBeHeld(snapshot) => found.map_or(Ok(()), |row| {
                let name: &str = row.try_get("name")?;
                Err(LedgerError::Conflict(format!(
                    "snapshot {snapshot} is held by `{name}`"
                )))
            }),
            Self::BeHoldable(snapshot) => {
                found.map_or(Ok(()), |row| match row.try_get::<&str, _>("state")? {
                    state @ ("deleting" | "gone") => Err(LedgerError::Conflict(format!(
                        "snapshot {snapshot} cannot be held any more: it is {state}"
                    ))),
                    _ => Ok(()),
                })
            }
        }
    }
}

/// Adds the statements of changes.
pub(in crate::sqlite) fn add(
    batch: &mut Batch,
    changes: Vec<CatalogChange>,
) -> Result<Changes, LedgerError> {
    // New rows are gathered into few statements; whatever else comes waits for them.
    let mut all = Changes::default();
    let mut added = Vec::new();
    for change in changes {
        if !matches!(change, CatalogChange::Added(_)) {
            insert(batch, &mut all, &std::mem::take(&mut added))?;
        }
        match change {
            CatalogChange::Added(row) => added.push(row),
            CatalogChange::State {
                id,
                state,
                error,
                at,
            } => {
                if state == SnapshotState::Deleting {
                    not_held(batch, id, at);
                    all.0.push(Must::NotBeHeld(id));
                }
                set_state(batch, id, state, error, at);
                all.0.push(Must::Change(format!("snapshot {id}")));
            }
            CatalogChange::Verdict {
                id,
                state,
                error,
                at,
            } => {
                set_verdict(batch, id, state, error, at);
                all.0.push(Must::Nothing);
            }
            CatalogChange::Hold { id, hold } => place(batch, &mut all, id, &hold),
            CatalogChange::Release { id, name } => {
                release(batch, id, &name);
                let what = format!("hold `{name}` on snapshot {id}");
                all.0.push(Must::Change(what));
            }
            CatalogChange::Expire { id, name } => {
                release(batch, id, &name);
                all.0.push(Must::Nothing);
            }
        }
    }
    insert(batch, &mut all, &added)?;
    Ok(all)
}

fn insert(
    batch: &mut Batch,
    all: &mut Changes,
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
        all.0.push(Must::Nothing);
        for row in chunk {
            for hold in &row.holds {
                place(batch, all, row.id, hold);
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

/// A hold that is in force keeps a snapshot, whoever decided before it was placed that it goes.
fn not_held(batch: &mut Batch, snapshot: Uuid, at: Timestamp) {
    let query = batch.add("SELECT name FROM holds WHERE snapshot = ");
    query
        .push_bind(id(snapshot))
        .push(" AND (until IS NULL OR until > ")
        .push_bind(ms(at))
        .push(") LIMIT 1");
}

fn set_verdict(
    batch: &mut Batch,
    snapshot: Uuid,
    state: SnapshotState,
    error: Option<String>,
    at: Timestamp,
) {
    let query = batch.add("UPDATE snapshots SET state = ");
    query
        .push_bind(state.as_str())
        .push(", last_error = ")
        .push_bind(error)
        .push(", verified_at = COALESCE(")
        .push_bind((state == SnapshotState::Verified).then(|| ms(at)))
        .push(", verified_at) WHERE id = ")
        .push_bind(id(snapshot))
        .push(" AND state IN ('assumed', 'verified', 'damaged', 'missing')");
}

fn place(batch: &mut Batch, all: &mut Changes, snapshot: Uuid, hold: &Hold) {
    let query = batch.add("SELECT state FROM snapshots WHERE id = ");
    query.push_bind(id(snapshot));
    all.0.push(Must::BeHoldable(snapshot));
    all.0.push(Must::Change(format!("snapshot {snapshot}")));
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
