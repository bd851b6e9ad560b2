//! Planning: occurrences are written before anything runs, and overlap is decided where nobody can come between.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, SqlitePool};
use strongroom_domain::ScheduleName;
use uuid::Uuid;

use super::columns::{get_id, get_time, get_word, id, ms};
use super::ending::{NO_EVIDENCE, ask, end, ended_entry};
use super::origin::{origin_columns, priority_number, turn};
use super::overlap::{Decided, decide};
use super::writer::Write;
use super::{ROWS, SqliteLedger};
use crate::error::LedgerError;
use crate::occurrence::{NewOccurrence, Plan, PlanReport, Watermark};

/// The longest timeout stored, 100 years in milliseconds: a moment and it are still a moment.
const LONGEST_TIMEOUT: i64 = 100 * 366 * 86_400_000;

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
    let report = add(&mut write, plan.occurrences, now).await?;
    advance(write.connection(), plan.watermarks).await?;
    write.commit().await?;
    Ok(report)
}

/// Writes occurrences within a transaction, and what their overlap means for others.
pub(super) async fn add(
    write: &mut Write<'_>,
    occurrences: Vec<NewOccurrence>,
    now: Timestamp,
) -> Result<PlanReport, LedgerError> {
    let decisions = decide(write.connection(), occurrences, now).await?;
    end(write, &decisions.ends, now).await?;
    ask(write.connection(), &decisions.asks).await?;
    let mut report = PlanReport {
        known: decisions.known,
        replaced: decisions.ends.len() + decisions.asks.len() + decisions.never_written,
        ..PlanReport::default()
    };
    let inserted = insert(write.connection(), &decisions.rows, now).await?;
    for row in &decisions.rows {
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
    Ok(report)
}

async fn insert(
    connection: &mut SqliteConnection,
    rows: &[Decided],
    now: Timestamp,
) -> Result<HashSet<Uuid>, LedgerError> {
    let mut inserted = HashSet::with_capacity(rows.len());
    for chunk in rows.chunks(ROWS) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO occurrences (id, schedule, tenant, plugin, due, covers, deadline, timeout, priority, account, \
             turn, person, cause, shadow_of, planned_at, ready_at, fence, attempts, outcome, reason, evidence, \
             ended_at) ",
        );
        query.push_values(chunk, |mut columns, Decided { new, ends, .. }| {
            let (person, cause) = origin_columns(&new.origin);
            let timeout = i64::try_from(new.timeout.as_millis()).unwrap_or(LONGEST_TIMEOUT);
            columns
                .push_bind(id(new.id))
                .push_bind(new.schedule.as_str())
                .push_bind(new.tenant.as_str())
                .push_bind(new.plugin.as_str())
                .push_bind(ms(new.due))
                .push_bind(new.covers.map(ms))
                .push_bind(ms(new.start_by))
                .push_bind(timeout.min(LONGEST_TIMEOUT))
                .push_bind(priority_number(new.priority))
                .push_bind(new.account.as_ref().map(|account| account.as_str()))
                .push_bind(turn(new))
                .push_bind(person)
                .push_bind(cause)
                .push_bind(new.shadow_of.as_ref().map(|primary| primary.as_str()))
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
    watermarks: Vec<Watermark>,
) -> Result<(), LedgerError> {
    // One row a schedule: the latest time, the last timetable.
    let mut latest: BTreeMap<ScheduleName, (Timestamp, Option<String>)> = BTreeMap::new();
    for mark in watermarks {
        let until = match latest.get(&mark.schedule) {
            Some((until, _)) => mark.until.max(*until),
            None => mark.until,
        };
        latest.insert(mark.schedule, (until, mark.timetable));
    }
    let mut rest = latest.iter().peekable();
    while rest.peek().is_some() {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO watermarks (schedule, planned_until, timetable) ",
        );
        query.push_values(
            rest.by_ref().take(ROWS),
            |mut columns, (schedule, (until, timetable))| {
                columns
                    .push_bind(schedule.as_str())
                    .push_bind(ms(*until))
                    .push_bind(timetable.as_deref());
            },
        );
        query.push(
            " ON CONFLICT (schedule) DO UPDATE SET timetable = excluded.timetable, planned_until = \
             CASE WHEN excluded.planned_until > watermarks.planned_until THEN excluded.planned_until \
             ELSE watermarks.planned_until END",
        );
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn watermarks(
    readers: &SqlitePool,
) -> Result<BTreeMap<ScheduleName, Watermark>, LedgerError> {
    let rows = sqlx::query("SELECT schedule, planned_until, timetable FROM watermarks")
        .fetch_all(readers)
        .await?;
    let marks = rows.iter().map(|row| {
        let schedule: ScheduleName = get_word(row, "schedule")?;
        let mark = Watermark {
            schedule: schedule.clone(),
            until: get_time(row, "planned_until")?,
            timetable: row.try_get("timetable")?,
        };
        Ok((schedule, mark))
    });
    marks.collect()
}
