//! The search for what may be claimed.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use strongroom_domain::{AccountName, Outcome, PluginName};

use super::ending::Stop;
use crate::error::LedgerError;
use crate::occurrences::{Claim, ClaimRequest};
use crate::sqlite::batch::{AT_MOST, Answer, Batch};
use crate::sqlite::columns::{
    get_count, get_id, get_operation, get_optional_time, get_time, get_word, id, misfit, ms,
};
use crate::time::whole_ms;

const CANDIDATES: &str = "SELECT id, schedule, tenant, plugin, account, due, covers, deadline, timeout, fence, attempts, \
     operation, stop, priority, ready_at, host IS NOT NULL AS reclaimed, person IS NOT NULL AND (cause IS NULL OR turn = 2) AS manual FROM occurrences mine WHERE outcome IS NULL";

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
    /// Its former owner was asked to end it so.
    pub(super) stop: Option<(Outcome, String)>,
    /// Priority, ready at, due: who goes first.
    pub(super) rank: (i64, i64, i64),
}

/// What is limited together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) plugin: PluginName,
    pub(super) account: Option<AccountName>,
}

/// Which rows to look for.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    /// Whatever may be claimed.
    Any,
    /// What needs no room: operations to ask after, and what only has to end.
    Exempt,
    /// What waits for room of one kind, owned by nobody.
    Of(&'a Group),
    /// What needs room again: its owner let the lease run out.
    Lapsed,
}

/// Adds the search for rows that may be claimed but for the limits, the first to go first.
pub(super) fn search(batch: &mut Batch, request: &ClaimRequest<'_>, which: Which<'_>, most: usize) {
    let query = batch.add(CANDIDATES);
    match which {
        Which::Any => {
            query.push(" AND priority IN (0, 1, 2)");
        }
        // The conditions of the indexes of what is busy and of what waits for room, word for word; and of the first one
        // its first column, which every row has, so that SQLite prefers it to walking over what waits.
        Which::Exempt => {
            query.push(
                " AND (host IS NOT NULL OR operation IS NOT NULL) AND (operation IS NOT NULL OR stop IS NOT NULL) \
                 AND plugin > ''",
            );
        }
        Which::Of(group) => {
            query
                .push(" AND host IS NULL AND operation IS NULL AND plugin = ")
                .push_bind(group.plugin.as_str().to_owned())
                .push(" AND COALESCE(account, '') = ")
                .push_bind(account_text(group))
                .push(" AND priority IN (0, 1, 2)");
        }
        Which::Lapsed => {
            query.push(
                " AND (host IS NOT NULL OR operation IS NOT NULL) AND operation IS NULL AND stop IS NULL \
                 AND plugin > ''",
            );
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
        Which::Exempt | Which::Lapsed => " ORDER BY +priority, ready_at, due",
        Which::Any | Which::Of(_) => " ORDER BY priority, ready_at, due",
    });
    query
        .push(AT_MOST)
        .push_bind(i64::try_from(most).unwrap_or(i64::MAX));
}

fn account_text(group: &Group) -> String {
    let account = group.account.as_ref();
    account.map_or_else(String::new, |account| account.as_str().to_owned())
}

/// The rows that a search found.
pub(super) fn candidates(answer: &Answer, now: Timestamp) -> Result<Vec<Candidate>, LedgerError> {
    answer.rows.iter().map(|row| candidate(row, now)).collect()
}

fn candidate(row: &SqliteRow, now: Timestamp) -> Result<Candidate, LedgerError> {
    let operation = get_operation(row, "operation")?;
    let attempts: u32 = get_count(row, "attempts")?;
    let fence: i64 = get_count(row, "fence")?;
    let due = get_time(row, "due")?;
    let deadline = if fence == 0 {
        let timeout = SignedDuration::from_millis(row.try_get("timeout")?);
        let deadline = now.checked_add(timeout).map_err(|_| misfit("timeout"))?;
        whole_ms(deadline)
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
        due,
        makes_up_for: get_optional_time(row, "covers")?,
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
        manual: row.try_get("manual")?,
    };
    Ok(Candidate {
        claim,
        account: account
            .map(|name| AccountName::try_from(name).map_err(|_| misfit("account")))
            .transpose()?,
        stop: stop.map(Stop::read).transpose()?,
        rank: (
            row.try_get("priority")?,
            row.try_get("ready_at")?,
            row.try_get("due")?,
        ),
    })
}
