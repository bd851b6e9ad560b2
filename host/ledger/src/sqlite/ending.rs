//! Ends that no attempt brought about, and the wish that a holder end: superseded, cancelled, missed.
//!
//! Owns: the entry `occurrence-ended`, the column `stop`. What nobody holds ends at once; what is held ends by its holder.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use strongroom_domain::{Outcome, ScheduleName, TenantName};
use uuid::Uuid;

use super::ROWS;
use super::audit::AuditLog;
use super::batch::{Batch, among};
use super::columns::{id, misfit, ms, parse_word, to_json, whole_ms};
use crate::audit::{AuditEntry, hex};
use crate::error::LedgerError;
use crate::occurrence::OperationRow;

/// The evidence of what no attempt brought about, as stored.
pub(super) const NO_EVIDENCE: &str = "[]";

/// An occurrence that ends now.
pub(super) struct Ending {
    pub(super) id: Uuid,
    pub(super) schedule: ScheduleName,
    pub(super) tenant: TenantName,
    pub(super) due: Timestamp,
    pub(super) outcome: Outcome,
    pub(super) reason: String,
}

/// Ends occurrences that nobody holds, and puts that on record.
pub(super) fn end(
    batch: &mut Batch,
    log: &mut AuditLog,
    endings: &[Ending],
    now: Timestamp,
) -> Result<(), LedgerError> {
    for chunk in endings.chunks(ROWS) {
        let query = batch.add("WITH ends (id, outcome, reason) AS (");
        query.push_values(chunk, |mut columns, ending| {
            columns
                .push_bind(id(ending.id))
                .push_bind(ending.outcome.as_str())
                .push_bind(ending.reason.as_str());
        });
        query
            .push(") UPDATE occurrences SET host = NULL, operation = NULL, stop = NULL, outcome = ends.outcome, \
                   reason = ends.reason, evidence = ")
            .push_bind(NO_EVIDENCE)
            .push(", ended_at = ")
            .push_bind(ms(now))
            .push(" FROM ends WHERE occurrences.id = ends.id");
    }
    for ending in endings {
        log.append(&ending.entry(), now)?;
    }
    Ok(())
}

impl Ending {
    /// Without evidence: there was no attempt that could give any.
    pub(super) fn entry(&self) -> AuditEntry {
        ended_entry(
            self.id,
            &self.schedule,
            &self.tenant,
            self.due,
            self.outcome,
            NO_EVIDENCE,
        )
    }
}

/// The entry of every end. Evidence is committed to, not copied: it may be long and name places.
pub(super) fn ended_entry(
    occurrence: Uuid,
    schedule: &ScheduleName,
    tenant: &TenantName,
    due: Timestamp,
    outcome: Outcome,
    evidence: &str,
) -> AuditEntry {
    let mut fields = Map::new();
    let mut set = |name: &str, text: String| fields.insert(name.to_owned(), Value::String(text));
    set("occurrence", occurrence.to_string());
    set("schedule", schedule.to_string());
    set("tenant", tenant.to_string());
    set("due", whole_ms(due).to_string());
    set("outcome", outcome.to_string());
    set("evidence-sha256", hex(&Sha256::digest(evidence.as_bytes())));
    AuditEntry {
        kind: "occurrence-ended".to_owned(),
        fields,
    }
}

/// How somebody wants a held occurrence to end, as stored in `stop`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stop {
    outcome: String,
    reason: String,
}

impl Stop {
    pub(super) fn read(text: &str) -> Result<(Outcome, String), LedgerError> {
        let stop: Self = serde_json::from_str(text).map_err(|_| misfit("stop"))?;
        Ok((parse_word("stop", &stop.outcome)?, stop.reason))
    }
}

/// Asks the holders of occurrences to end them so. Who was asked before is not asked again.
pub(super) fn ask(batch: &mut Batch, asked: &[(Uuid, Outcome, String)]) -> Result<(), LedgerError> {
    for chunk in asked.chunks(ROWS) {
        let mut stops = Vec::with_capacity(chunk.len());
        for (occurrence, outcome, reason) in chunk {
            let stop = to_json(&Stop {
                outcome: outcome.to_string(),
                reason: reason.clone(),
            })?;
            stops.push((id(*occurrence), stop));
        }
        let query = batch.add("WITH asked (id, stop) AS (");
        query.push_values(stops, |mut columns, (occurrence, stop)| {
            columns.push_bind(occurrence).push_bind(stop);
        });
        query.push(
            ") UPDATE occurrences SET stop = asked.stop FROM asked WHERE occurrences.id = asked.id \
             AND occurrences.stop IS NULL AND occurrences.outcome IS NULL",
        );
        query.push(among("asked"));
    }
    Ok(())
}

/// Why it ended, where nobody will ask after its operation any more.
pub(super) fn with_operation(reason: &str, operation: Option<&OperationRow>) -> String {
    match operation {
        None => reason.to_owned(),
        Some(operation) if operation.note.is_empty() => {
            format!("{reason}; the provider may still go on with what it began")
        }
        Some(operation) => format!(
            "{reason}; the provider may still go on with what it began ({})",
            operation.note
        ),
    }
}
