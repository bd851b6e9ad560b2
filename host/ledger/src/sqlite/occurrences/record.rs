//! Recording: what attempts came to, their catalog changes and their audit entries, in one transaction.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use strongroom_domain::{Outcome, ScheduleName, TenantName};
use uuid::Uuid;

use super::ending::{NO_EVIDENCE, Stop, with_operation};
use super::overlap::questions;
use super::{plan, wake};
use crate::audit::AuditEntry;
use crate::error::LedgerError;
use crate::occurrences::{AttemptRecord, Next, RecordReport, Transition};
use crate::sqlite::batch::{Batch, among};
use crate::sqlite::columns::{
    get_count, get_id, get_time, get_word, id, ms, operation_json, operation_of, to_json,
};
use crate::sqlite::writer::Writer;
use crate::sqlite::{ROWS, SqliteLedger, catalog};

pub(super) async fn record(
    ledger: &SqliteLedger,
    transitions: Vec<Transition>,
    now: Timestamp,
) -> Result<RecordReport, LedgerError> {
    if transitions.is_empty() {
        return Ok(RecordReport::default());
    }
    let mut first = Writer::beginning();
    for chunk in transitions.chunks(ROWS) {
        claims(&mut first, chunk);
    }
    let mut writer = ledger.writer().await?;
    let (mut write, mut answers) = writer.write_with(first).await?;
    let mut claimed = HashMap::with_capacity(transitions.len());
    for _ in transitions.chunks(ROWS) {
        for row in &answers.next().rows {
            let (claim, standing) = standing(row)?;
            claimed.insert(claim, standing);
        }
    }
    let mut written = Vec::with_capacity(transitions.len());
    let mut rows = Vec::with_capacity(transitions.len());
    let mut attempts = Vec::new();
    let mut changes = Vec::new();
    let mut follow = Vec::new();
    for transition in transitions {
        // Taken out: a second transition of the same claim comes too late.
        let Some(claim) = claimed.remove(&(transition.occurrence, transition.fence)) else {
            written.push(false);
            continue;
        };
        written.push(true);
        let row = NewColumns::after(&claim, &transition, now)?;
        for entry in &transition.audit {
            write.log.append(entry, now)?;
        }
        if let (Some(outcome), Some(evidence)) = (row.outcome, &row.evidence) {
            let entry = AuditEntry::occurrence_ended(
                row.id,
                &claim.schedule,
                &claim.tenant,
                claim.due,
                outcome,
                evidence,
            );
            write.log.append(&entry, now)?;
        }
        rows.push(row);
        attempts.extend(
            transition
                .attempt
                .map(|attempt| (claim.due, transition.occurrence, attempt)),
        );
        changes.extend(transition.catalog);
        follow.extend(transition.follow);
    }
    let mut last = Batch::new();
    update(&mut last, &rows);
    insert_attempts(&mut last, attempts)?;
    let before = last.len();
    let changes = catalog::add(&mut last, changes)?;
    let next_wake = if follow.is_empty() && !changes.may_fail() {
        Some(wake::commit(write, last, None).await?)
    } else {
        // After the ends: what follows may wait for nobody any more.
        questions(&mut last, &follow, now);
        let mut answers = write.send(last).await?;
        answers.skip(before);
        changes.check(&mut answers)?;
        plan::add(write, &mut answers, follow, Batch::new(), now).await?;
        None
    };
    Ok(RecordReport { written, next_wake })
}

/// A claim that still stands.
struct Standing {
    schedule: ScheduleName,
    tenant: TenantName,
    due: Timestamp,
    ready_at: i64,
    attempts: u32,
    operation: Option<String>,
    reason: Option<String>,
    failure: Option<String>,
    /// Somebody asked that it end so.
    stop: Option<(Outcome, String)>,
}

/// Those of the claims that stand. (PostgreSQL: FOR UPDATE.)
fn claims(batch: &mut Batch, chunk: &[Transition]) {
    let query = batch.add(
        "SELECT id, fence, schedule, tenant, due, ready_at, attempts, operation, reason, failure, stop FROM occurrences \
         WHERE outcome IS NULL AND host IS NOT NULL AND id IN (",
    );
    let mut ids = query.separated(", ");
    for transition in chunk {
        ids.push_bind(id(transition.occurrence));
    }
    query.push(")");
}

/// A claim that stands, by id and fence.
fn standing(row: &SqliteRow) -> Result<((Uuid, i64), Standing), LedgerError> {
    let stop: Option<&str> = row.try_get("stop")?;
    let claim = Standing {
        schedule: get_word(row, "schedule")?,
        tenant: get_word(row, "tenant")?,
        due: get_time(row, "due")?,
        ready_at: row.try_get("ready_at")?,
        attempts: get_count(row, "attempts")?,
        operation: row.try_get("operation")?,
        reason: row.try_get("reason")?,
        failure: row.try_get("failure")?,
        stop: stop.map(Stop::read).transpose()?,
    };
    Ok(((get_id(row, "id")?, row.try_get("fence")?), claim))
}

/// The columns of an occurrence that a transition sets.
#[derive(Default)]
pub(super) struct NewColumns {
    id: Uuid,
    ready_at: i64,
    attempts: u32,
    operation: Option<String>,
    failure: Option<String>,
    outcome: Option<Outcome>,
    reason: Option<String>,
    evidence: Option<String>,
    ended_at: Option<i64>,
}

impl NewColumns {
    fn after(
        claim: &Standing,
        transition: &Transition,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let attempt = transition.attempt.as_ref();
        let failure = attempt
            .and_then(|attempt| attempt.failure.as_ref())
            .map(to_json)
            .transpose()?;
        let counted = attempt.map_or(claim.attempts, |attempt| attempt.number.max(claim.attempts));
        let mut row = Self {
            id: transition.occurrence,
            ready_at: claim.ready_at,
            attempts: counted,
            operation: None,
            failure: failure.or_else(|| claim.failure.clone()),
            outcome: None,
            reason: None,
            evidence: None,
            ended_at: None,
        };
        match &transition.next {
            Next::Retry { at, reason } => {
                row.ready_at = ms(*at);
                row.reason = Some(reason.clone());
            }
            Next::Poll { at, operation } => {
                row.ready_at = ms(*at);
                row.operation = Some(operation_json(operation)?);
            }
            Next::End {
                outcome,
                reason,
                evidence,
            } => {
                row.outcome = Some(*outcome);
                row.reason = Some(reason.clone());
                row.evidence = Some(to_json(evidence)?);
                row.ended_at = Some(ms(now));
            }
            Next::HandBack => {
                row.ready_at = ms(now);
                row.attempts = claim.attempts;
                row.operation = claim.operation.clone();
                row.reason = claim.reason.clone();
            }
        }
        if let Some((outcome, reason)) = &claim.stop
            && row.outcome.is_none()
        {
            row.stop(*outcome, reason, now)?;
        }
        Ok(row)
    }

    /// Whoever was asked to end it gives it up unfinished: nobody else needs to take it up for that.
    fn stop(&mut self, outcome: Outcome, reason: &str, now: Timestamp) -> Result<(), LedgerError> {
        let operation = self.operation.take();
        let operation = operation.as_deref().map(operation_of).transpose()?;
        self.outcome = Some(outcome);
        self.reason = Some(with_operation(reason, operation.as_ref()));
        self.evidence = Some(NO_EVIDENCE.to_owned());
        self.ended_at = Some(ms(now));
        Ok(())
    }
}

/// Writes what transitions set.
pub(super) fn update(batch: &mut Batch, rows: &[NewColumns]) {
    for chunk in rows.chunks(ROWS) {
        let query = batch.add(
            "WITH new (id, ready_at, attempts, operation, failure, outcome, reason, evidence, ended_at) AS (",
        );
        query.push_values(chunk, |mut columns, row| {
            columns
                .push_bind(id(row.id))
                .push_bind(row.ready_at)
                .push_bind(i64::from(row.attempts))
                .push_bind(row.operation.as_deref())
                .push_bind(row.failure.as_deref())
                .push_bind(row.outcome.map(Outcome::as_str))
                .push_bind(row.reason.as_deref())
                .push_bind(row.evidence.as_deref())
                .push_bind(row.ended_at);
        });
        query.push(
            ") UPDATE occurrences SET host = NULL, stop = NULL, ready_at = new.ready_at, attempts = new.attempts, \
             operation = new.operation, failure = new.failure, outcome = new.outcome, reason = new.reason, \
             evidence = new.evidence, ended_at = new.ended_at FROM new WHERE occurrences.id = new.id",
        );
        query.push(among("new"));
    }
}

fn insert_attempts(
    batch: &mut Batch,
    attempts: Vec<(Timestamp, Uuid, AttemptRecord)>,
) -> Result<(), LedgerError> {
    for chunk in attempts.chunks(ROWS) {
        let failures = chunk
            .iter()
            .map(|(.., attempt)| attempt.failure.as_ref().map(to_json).transpose());
        let failures = failures.collect::<Result<Vec<_>, _>>()?;
        let query = batch.add(
            "INSERT INTO attempts (due, occurrence, number, started_at, ended_at, digest, ending, failure, detail) ",
        );
        query.push_values(
            chunk.iter().zip(failures),
            |mut columns, ((due, occurrence, attempt), failure)| {
                columns
                    .push_bind(ms(*due))
                    .push_bind(id(*occurrence))
                    .push_bind(i64::from(attempt.number))
                    .push_bind(ms(attempt.started_at))
                    .push_bind(ms(attempt.ended_at))
                    .push_bind(attempt.digest.as_str())
                    .push_bind(attempt.ending.as_str())
                    .push_bind(failure)
                    .push_bind(attempt.detail.as_str());
            },
        );
        // A poll goes on with its attempt: the beginning stays, the rest is news.
        query.push(
            " ON CONFLICT (due, occurrence, number) DO UPDATE SET ended_at = excluded.ended_at, digest = excluded.digest, \
             ending = excluded.ending, failure = excluded.failure, detail = excluded.detail",
        );
    }
    Ok(())
}
