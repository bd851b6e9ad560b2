//! Planning: occurrences are written before anything runs, and overlap is decided where nobody can come between.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};
use strongroom_domain::ScheduleName;
use uuid::Uuid;

use super::ending::{NO_EVIDENCE, ask, end};
use super::origin::{origin_columns, priority_number, turn};
use super::overlap::{Decided, decide, questions};
use crate::audit::AuditEntry;
use crate::error::LedgerError;
use crate::occurrences::{NewOccurrence, Plan, PlanReport, Watermark};
use crate::sqlite::batch::{Answers, Batch};
use crate::sqlite::columns::{get_id, get_time, get_word, id, ms};
use crate::sqlite::writer::{Write, Writer};
use crate::sqlite::{ROWS, SqliteLedger};

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
    let mut first = Writer::beginning();
    questions(&mut first, &plan.occurrences, now);
    let mut writer = ledger.writer().await?;
    let (write, mut answers) = writer.write_with(first).await?;
    let mut marks = Batch::new();
    advance(&mut marks, plan.watermarks);
    add(write, &mut answers, plan.occurrences, marks, now).await
}

/// Writes occurrences and what their overlap means for others, and ends the transaction. The answers are those to
/// [`questions`].
pub(super) async fn add(
    mut write: Write<'_>,
    answers: &mut Answers,
    occurrences: Vec<NewOccurrence>,
    mut last: Batch,
    now: Timestamp,
) -> Result<PlanReport, LedgerError> {
    let decisions = decide(answers, occurrences)?;
    let skipped = last.len();
    insert(&mut last, &decisions.rows, now);
    let chunks = last.len() - skipped;
    end(&mut last, &mut write.log, &decisions.ends, now)?;
    ask(&mut last, &decisions.asks)?;
    let mut report = PlanReport {
        known: decisions.known,
        replaced: decisions.ends.len() + decisions.asks.len() + decisions.never_written,
        ..PlanReport::default()
    };
    // What is born ended goes on record; only what was really written does.
    let (write, mut answers) = if decisions.rows.iter().any(|row| row.ends.is_some()) {
        let answers = write.send(last).await?;
        (Some(write), answers)
    } else {
        (None, write.commit_with(last).await?)
    };
    let inserted = inserted(&mut answers, skipped, chunks)?;
    let mut ended = Vec::new();
    for row in &decisions.rows {
        if !inserted.contains(&row.new.id) {
            report.known += 1;
        } else if let Some((outcome, _)) = &row.ends {
            report.ended += 1;
            report.overlapped += usize::from(row.overlaps);
            ended.push((&row.new, *outcome));
        } else {
            report.waiting += 1;
        }
    }
    if let Some(mut write) = write {
        for (new, outcome) in ended {
            let (schedule, tenant) = (&new.schedule, &new.tenant);
            let entry = AuditEntry::occurrence_ended(
                new.id,
                schedule,
                tenant,
                new.due,
                outcome,
                NO_EVIDENCE,
            );
            write.log.append(&entry, now)?;
        }
        write.commit().await?;
    }
    Ok(report)
}

/// The ids of what was written, from the answers to the chunks of [`insert`].
fn inserted(
    answers: &mut Answers,
    skipped: usize,
    chunks: usize,
) -> Result<HashSet<Uuid>, LedgerError> {
    for _ in 0..skipped {
        let _other = answers.next();
    }
    let mut inserted = HashSet::new();
    for _ in 0..chunks {
        for row in &answers.next().rows {
            inserted.insert(get_id(row, "id")?);
        }
    }
    Ok(inserted)
}

fn insert(batch: &mut Batch, rows: &[Decided], now: Timestamp) {
    for chunk in rows.chunks(ROWS) {
        let query = batch.add(
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
                .push_bind(new.makes_up_for.map(ms))
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
        query.push(" ON CONFLICT DO NOTHING RETURNING id");
    }
}

fn advance(batch: &mut Batch, watermarks: Vec<Watermark>) {
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
        let query = batch.add("INSERT INTO watermarks (schedule, planned_until, timetable) ");
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
    }
}

pub(super) async fn watermarks(
    reader: &mut SqliteConnection,
) -> Result<BTreeMap<ScheduleName, Watermark>, LedgerError> {
    let rows = sqlx::query("SELECT schedule, planned_until, timetable FROM watermarks")
        .fetch_all(reader)
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
