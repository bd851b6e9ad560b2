//! Reading occurrences and attempts.

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use strongroom_domain::AccountName;
use uuid::Uuid;

use super::origin::{get_origin, get_priority};
use crate::error::LedgerError;
use crate::occurrences::{AttemptRow, OccurrenceFilter, OccurrenceRow, Tally};
use crate::sqlite::batch::AT_MOST;
use crate::sqlite::columns::{
    get_count, get_evidence, get_failure, get_id, get_operation, get_optional_id,
    get_optional_time, get_optional_word, get_time, get_word, id, misfit, ms, parse_word,
};

pub(super) async fn occurrences(
    reader: &mut SqliteConnection,
    filter: &OccurrenceFilter,
) -> Result<Vec<OccurrenceRow>, LedgerError> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM occurrences WHERE 1 = 1");
    if let Some(occurrence) = filter.id {
        query.push(" AND id = ").push_bind(id(occurrence));
    }
    if let Some(schedule) = &filter.schedule {
        query.push(" AND schedule = ").push_bind(schedule.as_str());
    }
    if let Some(tenant) = &filter.tenant {
        query.push(" AND tenant = ").push_bind(tenant.as_str());
    }
    if let Some(since) = filter.since {
        query.push(" AND due >= ").push_bind(ms(since));
    }
    if let Some(until) = filter.until {
        query.push(" AND due < ").push_bind(ms(until));
    }
    if let Some(since) = filter.unsuccessful_since {
        query
            .push(" AND outcome <> 'succeeded' AND ended_at >= ")
            .push_bind(ms(since));
    }
    if !filter.outcomes.is_empty() {
        query.push(if filter.unfinished {
            " AND (outcome IS NULL OR outcome IN ("
        } else {
            " AND (outcome IN ("
        });
        let mut words = query.separated(", ");
        for outcome in &filter.outcomes {
            words.push_bind(outcome.as_str());
        }
        query.push("))");
    } else if filter.unfinished {
        query.push(" AND outcome IS NULL");
    }
    query.push(if filter.newest_first {
        " ORDER BY due DESC, id DESC"
    } else {
        " ORDER BY due, id"
    });
    if let Some(limit) = filter.limit {
        query.push(AT_MOST).push_bind(i64::from(limit));
    }
    let rows = query.build().fetch_all(reader).await?;
    rows.iter().map(occurrence).collect()
}

fn occurrence(row: &SqliteRow) -> Result<OccurrenceRow, LedgerError> {
    let account: Option<String> = row.try_get("account")?;
    let outcome: Option<&str> = row.try_get("outcome")?;
    Ok(OccurrenceRow {
        id: get_id(row, "id")?,
        schedule: get_word(row, "schedule")?,
        tenant: get_word(row, "tenant")?,
        plugin: get_word(row, "plugin")?,
        due: get_time(row, "due")?,
        makes_up_for: get_optional_time(row, "covers")?,
        deadline: get_time(row, "deadline")?,
        priority: get_priority(row)?,
        account: account
            .map(|name| AccountName::try_from(name).map_err(|_| misfit("account")))
            .transpose()?,
        origin: get_origin(row)?,
        shadow_of: get_optional_word(row, "shadow_of")?,
        planned_at: get_time(row, "planned_at")?,
        ready_at: get_time(row, "ready_at")?,
        owner: get_optional_id(row, "host")?,
        attempts: get_count(row, "attempts")?,
        operation: get_operation(row, "operation")?,
        outcome: outcome
            .map(|word| parse_word("outcome", word))
            .transpose()?,
        reason: row.try_get("reason")?,
        evidence: get_evidence(row, "evidence")?,
        failure: get_failure(row, "failure")?,
        ended_at: get_optional_time(row, "ended_at")?,
    })
}

pub(super) async fn tally(reader: &mut SqliteConnection) -> Result<Vec<Tally>, LedgerError> {
    let rows = sqlx::query(
        "SELECT schedule, tenant, outcome, shadow_of IS NOT NULL AS shadow, COUNT(*) AS number, \
         MAX(ended_at) AS ended_at FROM occurrences GROUP BY schedule, tenant, shadow, outcome \
         ORDER BY schedule, tenant, shadow, outcome",
    )
    .fetch_all(reader)
    .await?;
    let tallies = rows.iter().map(|row| {
        let outcome: Option<&str> = row.try_get("outcome")?;
        Ok(Tally {
            schedule: get_word(row, "schedule")?,
            tenant: get_word(row, "tenant")?,
            shadow: row.try_get("shadow")?,
            outcome: outcome
                .map(|word| parse_word("outcome", word))
                .transpose()?,
            count: get_count(row, "number")?,
            last_ended: get_optional_time(row, "ended_at")?,
        })
    });
    tallies.collect()
}

pub(super) async fn attempts(
    reader: &mut SqliteConnection,
    occurrence: Uuid,
) -> Result<Vec<AttemptRow>, LedgerError> {
    let rows = sqlx::query(
        "SELECT * FROM attempts WHERE occurrence = $1 AND due = (SELECT due FROM occurrences WHERE id = $1) ORDER BY number",
    )
    .bind(id(occurrence))
    .fetch_all(reader)
    .await?;
    let attempts = rows.iter().map(|row| {
        Ok(AttemptRow {
            occurrence: get_id(row, "occurrence")?,
            number: get_count(row, "number")?,
            started_at: get_time(row, "started_at")?,
            ended_at: get_time(row, "ended_at")?,
            digest: row.try_get("digest")?,
            ending: row.try_get("ending")?,
            failure: get_failure(row, "failure")?,
            detail: row.try_get("detail")?,
        })
    });
    attempts.collect()
}
