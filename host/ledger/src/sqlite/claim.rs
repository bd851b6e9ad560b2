//! Claims: who works on what, until when. A fence number makes a late answer of a former claimant worthless.

use std::collections::HashSet;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};
use uuid::Uuid;

use super::columns::{
    get_count, get_id, get_operation, get_optional_time, get_time, get_word, id, ms,
};
use super::{ROWS, SqliteLedger};
use crate::error::LedgerError;
use crate::occurrence::{Claim, ClaimRequest};

/// The most one request takes: a batch larger than this would hold the write lock for too long.
const LIMIT: u32 = 1_000;

/// Of one schedule and tenant, one that began goes first, then the earlier due time, if it may be claimed by now.
const FIRST_OF_ITS_KIND: &str = " AND NOT EXISTS (SELECT 1 FROM occurrences other WHERE other.outcome IS NULL \
     AND other.schedule = mine.schedule AND other.tenant = mine.tenant AND other.id <> mine.id \
     AND ((other.fence > 0 AND mine.fence = 0) OR (other.due < mine.due AND (other.fence > 0 \
     OR (mine.fence = 0 AND other.ready_at <= ";

pub(super) async fn claim(
    ledger: &SqliteLedger,
    request: ClaimRequest,
) -> Result<Vec<Claim>, LedgerError> {
    if request.limit == 0 {
        return Ok(Vec::new());
    }
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT id, schedule, tenant, plugin, due, deadline, fence, attempts, operation, host IS NOT NULL AS reclaimed \
         FROM occurrences mine WHERE outcome IS NULL AND ready_at <= ",
    );
    query.push_bind(ms(request.now));
    if let Some(only) = request.only {
        query.push(" AND id = ").push_bind(id(only));
    }
    query
        .push(FIRST_OF_ITS_KIND)
        .push_bind(ms(request.now))
        .push(")))))");
    query
        .push(" ORDER BY ready_at, due LIMIT ")
        .push_bind(i64::from(request.limit.min(LIMIT)));
    let rows = query.build().fetch_all(write.connection()).await?;
    let claims = rows.iter().map(taken).collect::<Result<Vec<_>, _>>()?;
    if claims.is_empty() {
        return Ok(claims);
    }
    let mut query =
        QueryBuilder::<Sqlite>::new("UPDATE occurrences SET fence = fence + 1, host = ");
    query
        .push_bind(id(request.host))
        .push(", ready_at = ")
        .push_bind(ms(request.lease_until))
        .push(" WHERE id IN (");
    let mut ids = query.separated(", ");
    for claim in &claims {
        ids.push_bind(id(claim.id));
    }
    query.push(")").build().execute(write.connection()).await?;
    write.commit().await?;
    Ok(claims)
}

fn taken(row: &SqliteRow) -> Result<Claim, LedgerError> {
    let operation = get_operation(row, "operation")?;
    let attempts: u32 = get_count(row, "attempts")?;
    Ok(Claim {
        id: get_id(row, "id")?,
        schedule: get_word(row, "schedule")?,
        tenant: get_word(row, "tenant")?,
        plugin: get_word(row, "plugin")?,
        due: get_time(row, "due")?,
        deadline: get_time(row, "deadline")?,
        fence: get_count::<i64>(row, "fence")? + 1,
        // Polling goes on with the attempt that began the operation.
        attempt: if operation.is_some() {
            attempts.max(1)
        } else {
            attempts + 1
        },
        operation,
        reclaimed: row.try_get("reclaimed")?,
    })
}

pub(super) async fn renew(
    ledger: &SqliteLedger,
    claims: &[(Uuid, i64)],
    lease_until: Timestamp,
) -> Result<Vec<bool>, LedgerError> {
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    let mut renewed = HashSet::new();
    for chunk in claims.chunks(ROWS) {
        let mut query = QueryBuilder::<Sqlite>::new("WITH claims (id, fence) AS (");
        query.push_values(chunk, |mut columns, (occurrence, fence)| {
            columns.push_bind(id(*occurrence)).push_bind(*fence);
        });
        query
            .push(") UPDATE occurrences SET ready_at = ")
            .push_bind(ms(lease_until));
        query.push(
            " FROM claims WHERE occurrences.id = claims.id AND occurrences.fence = claims.fence \
             AND occurrences.host IS NOT NULL AND occurrences.outcome IS NULL RETURNING occurrences.id AS id",
        );
        for row in query.build().fetch_all(write.connection()).await? {
            renewed.insert(get_id(&row, "id")?);
        }
    }
    write.commit().await?;
    Ok(claims
        .iter()
        .map(|(occurrence, _)| renewed.contains(occurrence))
        .collect())
}

/// What waits behind one that began does not wake anybody: that one does.
pub(super) async fn next_wake(
    readers: &SqlitePool,
    only: Option<Uuid>,
) -> Result<Option<Timestamp>, LedgerError> {
    const BLOCKS: &str = "other.outcome IS NULL AND other.schedule = mine.schedule AND other.tenant = mine.tenant \
         AND other.id <> mine.id AND other.fence > 0 AND (mine.fence = 0 OR other.due < mine.due)";
    let mut query = QueryBuilder::<Sqlite>::new("SELECT ");
    match only {
        None => {
            query.push("ready_at FROM occurrences mine WHERE outcome IS NULL AND NOT EXISTS ");
            query
                .push("(SELECT 1 FROM occurrences other WHERE ")
                .push(BLOCKS)
                .push(") ORDER BY ready_at LIMIT 1");
        }
        Some(only) => {
            query
                .push("COALESCE((SELECT MAX(other.ready_at) FROM occurrences other WHERE ")
                .push(BLOCKS);
            query.push(
                "), ready_at) AS ready_at FROM occurrences mine WHERE outcome IS NULL AND id = ",
            );
            query.push_bind(id(only));
        }
    }
    let row = query.build().fetch_optional(readers).await?;
    row.map_or(Ok(None), |row| get_optional_time(&row, "ready_at"))
}
