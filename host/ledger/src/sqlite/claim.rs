//! Claims: who works on what, until when. A fence number makes a late answer of a former claimant worthless.
//!
//! Read next: `room` (limits), `lease` (what happens to a claim until it is recorded), `wake`.

use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use strongroom_domain::{AccountName, Outcome};

use super::SqliteLedger;
use super::columns::{
    get_count, get_id, get_operation, get_optional_time, get_time, get_word, id, misfit, ms,
};
use super::ending::{Ending, NO_EVIDENCE, Stop, end, with_operation};
use super::room::Room;
use super::writer::Write;
use crate::error::LedgerError;
use crate::occurrence::{Claim, ClaimRequest, Claimed};

/// The most one request takes: a batch larger than this would hold the write lock for too long.
const LIMIT: u32 = 1_000;

/// The most that end as missed with one request, for the same reason.
const EXPIRED: i64 = 1_000;

const MISSED: &str = "its turn did not come within the time in which it may begin";

pub(super) const EXPIRE: &str = "UPDATE occurrences SET outcome = $1, reason = $2, evidence = $3, ended_at = $4 \
     WHERE id IN (SELECT id FROM occurrences WHERE outcome IS NULL AND fence = 0 AND deadline < $4 \
     ORDER BY deadline LIMIT $5) RETURNING id, schedule, tenant, due";

const CANDIDATES: &str = "SELECT id, schedule, tenant, plugin, account, due, covers, deadline, timeout, fence, attempts, \
     operation, stop, host IS NOT NULL AS reclaimed, person IS NOT NULL AND (cause IS NULL OR turn = 2) AS asked FROM occurrences mine WHERE outcome IS NULL";

/// Of one schedule and tenant, one that began goes first; then the earlier due time, if it may be claimed by now, and
/// backfills last. One that waits for nobody is waited for only when it has begun.
const FIRST_OF_ITS_KIND: &str = " AND (mine.turn = 0 OR NOT EXISTS (SELECT 1 FROM occurrences other \
     WHERE other.outcome IS NULL AND other.schedule = mine.schedule AND other.tenant = mine.tenant AND other.id <> mine.id \
     AND ((other.fence > 0 AND (mine.fence = 0 OR other.due < mine.due)) OR (other.fence = 0 AND mine.fence = 0 \
     AND other.turn > 0 AND (other.turn < mine.turn OR (other.turn = mine.turn AND other.due < mine.due)) \
     AND other.ready_at <= ";

/// A row that may be claimed, but for the limits.
pub(super) struct Candidate {
    pub(super) claim: Claim,
    pub(super) account: Option<AccountName>,
    /// Its former holder was asked to end it so.
    pub(super) stop: Option<(Outcome, String)>,
}

/// Which rows to look for.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    /// Whatever has room.
    WithRoom(&'a Room),
    /// What needs no room: operations to ask after, and what only has to end.
    Exempt,
    /// Whatever has no room.
    WithoutRoom(&'a Room),
}

pub(super) async fn claim(
    ledger: &SqliteLedger,
    request: ClaimRequest<'_>,
) -> Result<Claimed, LedgerError> {
    let most = request.limit.min(LIMIT) as usize;
    let mut claimed = Claimed::default();
    if most == 0 {
        return Ok(claimed);
    }
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    claimed.missed = expire(&mut write, request.now).await?;
    let mut room = Room::of(write.connection(), &request).await?;
    let mut stopped = 0;
    if room.has_limits() {
        let exempt = candidates(write.connection(), &request, Which::Exempt, most).await?;
        stopped += take(&mut write, &request, exempt, &mut claimed).await?;
    }
    while claimed.claims.len() < most {
        let rest = most - claimed.claims.len();
        let found = candidates(write.connection(), &request, Which::WithRoom(&room), rest).await?;
        let asked = found.len();
        let admitted = room.admit(found);
        // What was left fills its group, and the rest is looked for without that.
        let left = admitted.len() < asked;
        stopped += take(&mut write, &request, admitted, &mut claimed).await?;
        if !left {
            break;
        }
        claimed.limited = true;
    }
    if !claimed.limited && claimed.claims.len() < most && room.is_full() {
        let without = Which::WithoutRoom(&room);
        let found = candidates(write.connection(), &request, without, 1).await?;
        claimed.limited = !found.is_empty();
    }
    if claimed.missed + stopped + claimed.claims.len() > 0 {
        write.commit().await?;
    }
    Ok(claimed)
}

/// Ends what was never claimed and may not begin any more.
async fn expire(write: &mut Write<'_>, now: Timestamp) -> Result<usize, LedgerError> {
    let rows = sqlx::query(EXPIRE)
        .bind(Outcome::Missed.as_str())
        .bind(MISSED)
        .bind(NO_EVIDENCE)
        .bind(ms(now))
        .bind(EXPIRED)
        .fetch_all(write.connection())
        .await?;
    let missed = rows.iter().map(|row| {
        Ok(Ending {
            id: get_id(row, "id")?,
            schedule: get_word(row, "schedule")?,
            tenant: get_word(row, "tenant")?,
            due: get_time(row, "due")?,
            outcome: Outcome::Missed,
            reason: MISSED.to_owned(),
        })
    });
    let mut missed = missed.collect::<Result<Vec<_>, LedgerError>>()?;
    missed.sort_by_key(|ending| ending.due);
    for ending in &missed {
        write.log.append(&ending.entry(), now)?;
    }
    Ok(missed.len())
}

/// Rows that may be claimed, the first to go first.
pub(super) async fn candidates(
    connection: &mut SqliteConnection,
    request: &ClaimRequest<'_>,
    which: Which<'_>,
    most: usize,
) -> Result<Vec<Candidate>, LedgerError> {
    let query = search(request, which, most);
    candidates_of(query, connection, request.now).await
}

/// The select behind [`candidates`].
pub(super) fn search(
    request: &ClaimRequest<'_>,
    which: Which<'_>,
    most: usize,
) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::<Sqlite>::new(CANDIDATES);
    match which {
        Which::WithRoom(room) => {
            query.push(" AND priority IN (0, 1, 2)");
            room.exclude_full(&mut query);
        }
        // The condition of the index of what is busy, word for word.
        Which::Exempt => {
            query.push(
                " AND (host IS NOT NULL OR operation IS NOT NULL) AND (operation IS NOT NULL OR stop IS NOT NULL)",
            );
        }
        Which::WithoutRoom(room) => {
            query.push(" AND priority IN (0, 1, 2)");
            room.only_full(&mut query);
        }
    }
    query.push(" AND ready_at <= ").push_bind(ms(request.now));
    if let Some(only) = request.only {
        query.push(" AND id = ").push_bind(id(only));
    }
    query
        .push(" AND (fence > 0 OR deadline >= ")
        .push_bind(ms(request.now))
        .push(")")
        .push(FIRST_OF_ITS_KIND)
        .push_bind(ms(request.now))
        .push("))))");
    // With a sign nobody takes the index in this order: what is busy is few, and is sorted.
    query.push(match which {
        Which::Exempt => " ORDER BY +priority, ready_at, due LIMIT ",
        Which::WithRoom(_) | Which::WithoutRoom(_) => " ORDER BY priority, ready_at, due LIMIT ",
    });
    query.push_bind(i64::try_from(most).unwrap_or(i64::MAX));
    query
}

async fn candidates_of(
    mut query: QueryBuilder<Sqlite>,
    connection: &mut SqliteConnection,
    now: Timestamp,
) -> Result<Vec<Candidate>, LedgerError> {
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(|row| candidate(row, now)).collect()
}

fn candidate(row: &SqliteRow, now: Timestamp) -> Result<Candidate, LedgerError> {
    let operation = get_operation(row, "operation")?;
    let attempts: u32 = get_count(row, "attempts")?;
    let fence: i64 = get_count(row, "fence")?;
    let due = get_time(row, "due")?;
    let deadline = if fence == 0 {
        let timeout = SignedDuration::from_millis(row.try_get("timeout")?);
        let deadline = now.checked_add(timeout).map_err(|_| misfit("timeout"))?;
        super::columns::whole_ms(deadline)
    } else {
        get_time(row, "deadline")?
    };
    let account: Option<String> = row.try_get("account")?;
    let stop: Option<&str> = row.try_get("stop")?;
    let claim = Claim {
        id: get_id(row, "id")?,
        schedule: get_word(row, "schedule")?,
        tenant: get_word(row, "tenant")?,
        plugin: get_word(row, "plugin")?,
        nominal: get_optional_time(row, "covers")?.unwrap_or(due),
        due,
        deadline,
        fence: fence + 1,
        // Polling goes on with the attempt that began the operation.
        attempt: if operation.is_some() {
            attempts.max(1)
        } else {
            attempts + 1
        },
        operation,
        reclaimed: row.try_get("reclaimed")?,
        asked: row.try_get("asked")?,
    };
    Ok(Candidate {
        claim,
        account: account
            .map(|name| AccountName::try_from(name).map_err(|_| misfit("account")))
            .transpose()?,
        stop: stop.map(Stop::read).transpose()?,
    })
}

/// Claims rows, and ends those that their former holder was to end; how many were ended.
async fn take(
    write: &mut Write<'_>,
    request: &ClaimRequest<'_>,
    found: Vec<Candidate>,
    claimed: &mut Claimed,
) -> Result<usize, LedgerError> {
    let mut endings = Vec::new();
    let mut claims = Vec::with_capacity(found.len());
    for Candidate { claim, stop, .. } in found {
        match stop {
            None => claims.push(claim),
            Some((outcome, reason)) => endings.push(Ending {
                id: claim.id,
                schedule: claim.schedule,
                tenant: claim.tenant,
                due: claim.due,
                outcome,
                reason: with_operation(&reason, claim.operation.as_ref()),
            }),
        }
    }
    end(write, &endings, request.now).await?;
    if !claims.is_empty() {
        hold(write.connection(), request, &claims).await?;
        claimed.claims.append(&mut claims);
    }
    Ok(endings.len())
}

async fn hold(
    connection: &mut SqliteConnection,
    request: &ClaimRequest<'_>,
    claims: &[Claim],
) -> Result<(), LedgerError> {
    let mut query =
        QueryBuilder::<Sqlite>::new("UPDATE occurrences SET fence = fence + 1, host = ");
    query
        .push_bind(id(request.host))
        .push(", ready_at = ")
        .push_bind(ms(request.lease_until))
        .push(", deadline = CASE WHEN fence = 0 THEN timeout + ")
        .push_bind(ms(request.now))
        .push(" ELSE deadline END WHERE id IN (");
    let mut ids = query.separated(", ");
    for claim in claims {
        ids.push_bind(id(claim.id));
    }
    query.push(")").build().execute(connection).await?;
    Ok(())
}
