//! What happens to a claim until it is recorded: it is prolonged, and somebody may ask that it end.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::{QueryBuilder, Row, Sqlite};
use strongroom_domain::Outcome;
use uuid::Uuid;

use super::batch::{Batch, among};
use super::columns::{get_id, get_operation, get_time, get_word, id, ms};
use super::ending::{Ending, Stop, ask, end, with_operation};
use super::{ROWS, SqliteLedger};
use crate::audit::AuditEntry;
use crate::error::LedgerError;
use crate::occurrence::{CancelReport, Renewed};

/// Claims by id and fence, as the first part of a statement.
fn given<'a>(batch: &'a mut Batch, claims: &[(Uuid, i64)]) -> &'a mut QueryBuilder<Sqlite> {
    let query = batch.add("WITH claims (id, fence) AS (");
    query.push_values(claims, |mut columns, (occurrence, fence)| {
        columns.push_bind(id(*occurrence)).push_bind(*fence);
    });
    query.push(") ")
}

/// Prolongs the leases of claims that stand, and tells which these are.
pub(super) fn prolong(batch: &mut Batch, claims: &[(Uuid, i64)], lease_until: Timestamp) {
    for chunk in claims.chunks(ROWS) {
        let query = given(batch, chunk);
        query
            .push("UPDATE occurrences SET ready_at = ")
            .push_bind(ms(lease_until));
        query.push(
            " FROM claims WHERE occurrences.id = claims.id AND occurrences.fence = claims.fence \
             AND occurrences.host IS NOT NULL AND occurrences.outcome IS NULL",
        );
        query.push(among("claims")).push(
            " RETURNING occurrences.id AS id, occurrences.fence AS fence, occurrences.stop AS stop",
        );
    }
}

pub(super) async fn renew(
    ledger: &SqliteLedger,
    claims: &[(Uuid, i64)],
    lease_until: Timestamp,
) -> Result<Vec<Renewed>, LedgerError> {
    let mut batch = Batch::new();
    prolong(&mut batch, claims, lease_until);
    // Each statement is a transaction of its own: nothing goes on record with it.
    let mut answers = ledger.writer().await?.ask(batch).await?;
    let mut renewed = HashMap::new();
    for _ in claims.chunks(ROWS) {
        for row in answers.next().rows {
            let stop: Option<&str> = row.try_get("stop")?;
            let lease = match stop.map(Stop::read).transpose()? {
                None => Renewed::Kept,
                Some((outcome, reason)) => Renewed::Stop(outcome, reason),
            };
            renewed.insert((get_id(&row, "id")?, row.try_get("fence")?), lease);
        }
    }
    Ok(claims
        .iter()
        .map(|claim| renewed.get(claim).cloned().unwrap_or(Renewed::Lost))
        .collect())
}

pub(super) async fn stops(
    ledger: &SqliteLedger,
    claims: &[(Uuid, i64)],
) -> Result<Vec<(Uuid, Outcome, String)>, LedgerError> {
    let mut stops = Vec::new();
    let mut batch = Batch::new();
    for chunk in claims.chunks(ROWS) {
        given(&mut batch, chunk).push(
            "SELECT mine.id, mine.stop FROM claims CROSS JOIN occurrences mine WHERE mine.id = claims.id \
             AND mine.fence = claims.fence AND mine.stop IS NOT NULL AND mine.outcome IS NULL",
        );
    }
    let mut answers = ledger.ask(batch).await?;
    for _ in claims.chunks(ROWS) {
        for row in answers.next().rows {
            let (outcome, reason) = Stop::read(row.try_get("stop")?)?;
            stops.push((get_id(&row, "id")?, outcome, reason));
        }
    }
    Ok(stops)
}

pub(super) async fn cancel(
    ledger: &SqliteLedger,
    occurrence: Uuid,
    person: &str,
    reason: &str,
    now: Timestamp,
) -> Result<CancelReport, LedgerError> {
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    let row = sqlx::query(
        "SELECT schedule, tenant, due, operation, host IS NOT NULL AND ready_at > $2 AS held FROM occurrences \
         WHERE id = $1 AND outcome IS NULL",
    )
    .bind(id(occurrence))
    .bind(ms(now))
    .fetch_optional(write.connection())
    .await?;
    let Some(row) = row else {
        return Err(LedgerError::NotFound(format!(
            "unfinished occurrence {occurrence}"
        )));
    };
    write
        .log
        .append(&requested(occurrence, person, reason), now)?;
    let mut last = Batch::new();
    let why = format!("cancelled by {person}: {reason}");
    let report = if row.try_get("held")? {
        let asked = [(occurrence, Outcome::Cancelled, why)];
        ask(&mut last, &asked)?;
        CancelReport::Asked
    } else {
        let ending = Ending {
            id: occurrence,
            schedule: get_word(&row, "schedule")?,
            tenant: get_word(&row, "tenant")?,
            due: get_time(&row, "due")?,
            outcome: Outcome::Cancelled,
            reason: with_operation(&why, get_operation(&row, "operation")?.as_ref()),
        };
        end(&mut last, &mut write.log, &[ending], now)?;
        CancelReport::Ended
    };
    write.commit_with(last).await?;
    Ok(report)
}

fn requested(occurrence: Uuid, person: &str, reason: &str) -> AuditEntry {
    let mut fields = Map::new();
    let mut set = |name: &str, text: String| fields.insert(name.to_owned(), Value::String(text));
    set("occurrence", occurrence.to_string());
    set("person", person.to_owned());
    set("reason", reason.to_owned());
    AuditEntry {
        kind: "cancel-requested".to_owned(),
        fields,
    }
}
