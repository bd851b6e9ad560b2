//! Planning: occurrences are written before anything runs, and overlap is decided where nobody can come between.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};
use strongroom_domain::{Outcome, ScheduleName, TenantName};
use uuid::Uuid;

use super::columns::{get_id, get_time, get_word, id, ms, whole_ms};
use super::record::ended_entry;
use super::{ROWS, SqliteLedger};
use crate::error::LedgerError;
use crate::occurrence::{NewOccurrence, Origin, Plan, PlanReport};

type Pair = (ScheduleName, TenantName);

pub(super) async fn plan(
    ledger: &SqliteLedger,
    plan: Plan,
    now: Timestamp,
) -> Result<PlanReport, LedgerError> {
    if plan.occurrences.is_empty() && plan.watermarks.is_empty() {
        return Ok(PlanReport::default());
    }
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    let mut report = PlanReport::default();
    let rows = decide(write.connection(), plan.occurrences, &mut report).await?;
    let inserted = insert(write.connection(), &rows, now).await?;
    for row in &rows {
        if !inserted.contains(&row.new.id) {
            report.known += 1;
            continue;
        }
        let Some((outcome, _)) = &row.ends else {
            report.waiting += 1;
            continue;
        };
        report.ended += 1;
        report.overlapped += usize::from(row.overlaps);
        let entry = ended_entry(
            row.new.id,
            &row.new.schedule,
            &row.new.tenant,
            row.new.due,
            *outcome,
            NO_EVIDENCE,
        );
        write.log.append(&entry, now)?;
    }
    advance(write.connection(), plan.watermarks).await?;
    write.commit().await?;
    Ok(report)
}

/// The evidence of what never ran, as stored.
const NO_EVIDENCE: &str = "[]";

/// An occurrence with what was decided about it.
struct Decided {
    new: NewOccurrence,
    ends: Option<(Outcome, String)>,
    overlaps: bool,
}

/// Leaves out what exists, and ends what overlaps: with what is stored, and with what stands before it in the plan.
async fn decide(
    connection: &mut SqliteConnection,
    occurrences: Vec<NewOccurrence>,
    report: &mut PlanReport,
) -> Result<Vec<Decided>, LedgerError> {
    let mut known = HashSet::new();
    let mut unfinished = HashMap::new();
    for chunk in occurrences.chunks(ROWS) {
        known.extend(existing(connection, chunk).await?);
        unfinished.extend(waiting(connection, chunk).await?);
    }
    let mut decided = Vec::with_capacity(occurrences.len());
    for new in occurrences {
        let pair = (new.schedule.clone(), new.tenant.clone());
        let due = whole_ms(new.due);
        if !known.insert((pair.clone(), due)) {
            report.known += 1;
            continue;
        }
        let mut ends = new.ends.clone();
        let mut overlaps = false;
        if ends.is_none() {
            match unfinished.get(&pair) {
                Some(other) if new.skip_if_unfinished => {
                    overlaps = true;
                    ends = Some((
                        Outcome::SkippedOverlap,
                        format!("the run due {other} is still unfinished"),
                    ));
                }
                Some(_) => {}
                None => {
                    unfinished.insert(pair, due);
                }
            }
        }
        decided.push(Decided {
            new,
            ends,
            overlaps,
        });
    }
    Ok(decided)
}

async fn existing(
    connection: &mut SqliteConnection,
    chunk: &[NewOccurrence],
) -> Result<Vec<(Pair, Timestamp)>, LedgerError> {
    let mut query = QueryBuilder::<Sqlite>::new("WITH asked (schedule, tenant, due) AS (");
    query.push_values(chunk, |mut row, new| {
        row.push_bind(new.schedule.as_str())
            .push_bind(new.tenant.as_str())
            .push_bind(ms(new.due));
    });
    // CROSS JOIN: SQLite takes the tables in this order, and looks up one row for each asked for.
    query.push(
        ") SELECT known.schedule, known.tenant, known.due FROM asked CROSS JOIN occurrences known \
         WHERE known.schedule = asked.schedule AND known.tenant = asked.tenant AND known.due = asked.due",
    );
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((pair(row)?, get_time(row, "due")?)))
        .collect()
}

async fn waiting(
    connection: &mut SqliteConnection,
    chunk: &[NewOccurrence],
) -> Result<Vec<(Pair, Timestamp)>, LedgerError> {
    let pairs: HashSet<(&str, &str)> = chunk
        .iter()
        .filter(|new| new.skip_if_unfinished)
        .map(|new| (new.schedule.as_str(), new.tenant.as_str()))
        .collect();
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<Sqlite>::new("WITH asked (schedule, tenant) AS (");
    query.push_values(pairs, |mut row, (schedule, tenant)| {
        row.push_bind(schedule).push_bind(tenant);
    });
    query.push(
        ") SELECT known.schedule, known.tenant, MIN(known.due) AS due FROM asked CROSS JOIN occurrences known \
         WHERE known.outcome IS NULL AND known.schedule = asked.schedule AND known.tenant = asked.tenant \
         GROUP BY known.schedule, known.tenant",
    );
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((pair(row)?, get_time(row, "due")?)))
        .collect()
}

fn pair(row: &sqlx::sqlite::SqliteRow) -> Result<Pair, LedgerError> {
    Ok((get_word(row, "schedule")?, get_word(row, "tenant")?))
}

async fn insert(
    connection: &mut SqliteConnection,
    rows: &[Decided],
    now: Timestamp,
) -> Result<HashSet<Uuid>, LedgerError> {
    let mut inserted = HashSet::with_capacity(rows.len());
    for chunk in rows.chunks(ROWS) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO occurrences (id, schedule, tenant, plugin, due, deadline, person, planned_at, ready_at, fence, \
             attempts, outcome, reason, evidence, ended_at) ",
        );
        query.push_values(chunk, |mut columns, Decided { new, ends, .. }| {
            let person = match &new.origin {
                Origin::Schedule => None,
                Origin::Person(name) => Some(name.as_str()),
            };
            columns
                .push_bind(id(new.id))
                .push_bind(new.schedule.as_str())
                .push_bind(new.tenant.as_str())
                .push_bind(new.plugin.as_str())
                .push_bind(ms(new.due))
                .push_bind(ms(new.deadline))
                .push_bind(person)
                .push_bind(ms(now))
                .push_bind(ms(new.not_before))
                .push_bind(0_i64)
                .push_bind(0_i64)
                .push_bind(ends.as_ref().map(|(outcome, _)| outcome.as_str()))
                .push_bind(ends.as_ref().map(|(_, reason)| reason.as_str()))
                .push_bind(ends.as_ref().map(|_| NO_EVIDENCE))
                .push_bind(ends.as_ref().map(|_| ms(now)));
        });
        // Several hosts may plan the same: whoever comes second inserts nothing.
        let rows = query
            .push(" ON CONFLICT DO NOTHING RETURNING id")
            .build()
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            inserted.insert(get_id(row, "id")?);
        }
    }
    Ok(inserted)
}

async fn advance(
    connection: &mut SqliteConnection,
    watermarks: Vec<(ScheduleName, Timestamp)>,
) -> Result<(), LedgerError> {
    let mut latest = BTreeMap::new();
    for (schedule, until) in watermarks {
        let kept = latest.entry(schedule).or_insert(until);
        *kept = until.max(*kept);
    }
    let mut rest = latest.iter().peekable();
    while rest.peek().is_some() {
        let mut query =
            QueryBuilder::<Sqlite>::new("INSERT INTO watermarks (schedule, planned_until) ");
        query.push_values(
            rest.by_ref().take(ROWS),
            |mut columns, (schedule, until)| {
                columns.push_bind(schedule.as_str()).push_bind(ms(*until));
            },
        );
        query.push(
            " ON CONFLICT (schedule) DO UPDATE SET planned_until = excluded.planned_until \
             WHERE excluded.planned_until > watermarks.planned_until",
        );
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn watermarks(
    readers: &SqlitePool,
) -> Result<BTreeMap<ScheduleName, Timestamp>, LedgerError> {
    let rows = sqlx::query("SELECT schedule, planned_until FROM watermarks")
        .fetch_all(readers)
        .await?;
    rows.iter()
        .map(|row| Ok((get_word(row, "schedule")?, get_time(row, "planned_until")?)))
        .collect()
}
