//! Ends that no attempt brought about, and requests that an owner end: superseded, cancelled, missed.
//!
//! Owns: the column `stop`. What nobody owns ends at once; what is owned ends by its owner.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strongroom_domain::{Outcome, ScheduleName, TenantName};
use uuid::Uuid;

use crate::audit::AuditEntry;
use crate::error::LedgerError;
use crate::occurrences::OperationRow;
use crate::sqlite::ROWS;
use crate::sqlite::audit::AuditTree;
use crate::sqlite::batch::{Batch, among};
use crate::sqlite::columns::{id, misfit, ms, parse_word, to_json};

/// The evidence of what no attempt brought about, as stored.
pub(super) const NO_EVIDENCE: &str = "[]";

/// An occurrence that ends now.
pub(in crate::sqlite) struct Ending {
    pub(in crate::sqlite) id: Uuid,
    pub(in crate::sqlite) schedule: ScheduleName,
    pub(in crate::sqlite) tenant: TenantName,
    pub(in crate::sqlite) due: Timestamp,
    pub(in crate::sqlite) outcome: Outcome,
    pub(in crate::sqlite) reason: String,
}

/// Ends occurrences that nobody owns, and puts that on record.
pub(in crate::sqlite) fn end(
    batch: &mut Batch,
    log: &mut AuditTree,
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
        AuditEntry::occurrence_ended(
            self.id,
            &self.schedule,
            &self.tenant,
            self.due,
            self.outcome,
            NO_EVIDENCE,
        )
    }
}

/// How somebody wants an owned occurrence to end, as stored in `stop`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::sqlite) struct Stop {
    outcome: String,
    reason: String,
}

impl Stop {
    pub(in crate::sqlite) fn read(text: &str) -> Result<(Outcome, String), LedgerError> {
        let stop: Self = serde_json::from_str(text).map_err(|_| misfit("stop"))?;
        Ok((parse_word("stop", &stop.outcome)?, stop.reason))
    }
}

/// Asks the owners of occurrences to end them so. Who was asked before is not asked again.
pub(in crate::sqlite) fn ask(
    batch: &mut Batch,
    asked: &[(Uuid, Outcome, String)],
) -> Result<(), LedgerError> {
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
pub(in crate::sqlite) fn with_operation(reason: &str, operation: Option<&OperationRow>) -> String {
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
