//! What happens to a claim until it is recorded: its lease is prolonged.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::{QueryBuilder, Row, Sqlite};
use uuid::Uuid;

use super::ending::Stop;
use crate::error::LedgerError;
use crate::occurrences::Renewal;
use crate::sqlite::batch::{Batch, among};
use crate::sqlite::columns::{get_id, id, ms};
use crate::sqlite::{ROWS, SqliteLedger};

/// Claims by id and fence, as the first part of a statement.
pub(in crate::sqlite) fn given<'a>(
    batch: &'a mut Batch,
    claims: &[(Uuid, i64)],
) -> &'a mut QueryBuilder<Sqlite> {
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
) -> Result<Vec<Renewal>, LedgerError> {
    let mut batch = Batch::new();
    prolong(&mut batch, claims, lease_until);
    // Each statement is a transaction of its own: nothing goes on record with it.
    let mut answers = ledger.writer().await?.ask(batch).await?;
    let mut renewed = HashMap::new();
    for _ in claims.chunks(ROWS) {
        for row in answers.next().rows {
            let stop: Option<&str> = row.try_get("stop")?;
            let lease = match stop.map(Stop::read).transpose()? {
                None => Renewal::Kept,
                Some((outcome, reason)) => Renewal::Stop(outcome, reason),
            };
            renewed.insert((get_id(&row, "id")?, row.try_get("fence")?), lease);
        }
    }
    Ok(claims
        .iter()
        .map(|claim| renewed.get(claim).cloned().unwrap_or(Renewal::Lost))
        .collect())
}
