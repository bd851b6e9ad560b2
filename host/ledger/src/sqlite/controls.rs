//! Pauses, cancels, requests to stop, and standing notices, on record with who and why.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use strongroom_domain::pause::Pause;
use strongroom_domain::{Outcome, ScheduleName};
use uuid::Uuid;

use super::batch::Batch;
use super::columns::{get_id, get_operation, get_optional_time, get_time, get_word, id, ms};
use super::occurrences::{Ending, Stop, ask, end, given, with_operation};
use super::{ROWS, SqliteLedger};
use crate::audit::AuditEntry;
use crate::controls::{CancelReport, Controls, Notice};
use crate::error::LedgerError;

#[async_trait]
impl Controls for SqliteLedger {
    async fn pause(&self, schedule: &ScheduleName, pause: Pause) -> Result<(), LedgerError> {
        if pause.until.is_some_and(|until| ms(until) <= ms(pause.from)) {
            return Err(LedgerError::Invalid(
                "a pause must end after it begins".to_owned(),
            ));
        }
        let mut writer = self.writer().await?;
        let mut write = writer.write().await?;
        let other = sqlx::query(
            "SELECT began, until, person, reason FROM pauses WHERE schedule = $1 AND (until IS NULL OR until > $2) \
             AND ($3 IS NULL OR began < $3) ORDER BY began LIMIT 1",
        )
        .bind(schedule.as_str())
        .bind(ms(pause.from))
        .bind(pause.until.map(ms))
        .fetch_optional(write.connection())
        .await?;
        if let Some(other) = other {
            return Err(LedgerError::Conflict(format!(
                "schedule `{schedule}` is {}",
                pause_of(&other)?.explain()
            )));
        }
        // One that was resumed in the millisecond it began paused nothing, and gives way.
        sqlx::query(
            "INSERT INTO pauses (schedule, began, until, person, reason) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (schedule, began) DO UPDATE SET until = excluded.until, person = excluded.person, \
             reason = excluded.reason",
        )
        .bind(schedule.as_str())
        .bind(ms(pause.from))
        .bind(pause.until.map(ms))
        .bind(&pause.person)
        .bind(&pause.reason)
        .execute(write.connection())
        .await?;
        let entry = AuditEntry::schedule_paused(schedule, &pause);
        write.log.append(&entry, pause.from)?;
        write.commit().await
    }

    async fn resume(
        &self,
        schedule: &ScheduleName,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<Pause, LedgerError> {
        let mut writer = self.writer().await?;
        let mut write = writer.write().await?;
        let row = sqlx::query(
            "UPDATE pauses SET until = $2 WHERE schedule = $1 AND began <= $2 AND (until IS NULL OR until > $2) \
             RETURNING began, until, person, reason",
        )
        .bind(schedule.as_str())
        .bind(ms(now))
        .fetch_optional(write.connection())
        .await?;
        let Some(row) = row else {
            return Err(LedgerError::NotFound(format!(
                "pause of schedule `{schedule}`"
            )));
        };
        let ended = pause_of(&row)?;
        let entry = AuditEntry::schedule_resumed(schedule, person, reason);
        write.log.append(&entry, now)?;
        write.commit().await?;
        Ok(ended)
    }

    async fn pauses(
        &self,
        since: Timestamp,
    ) -> Result<BTreeMap<ScheduleName, Vec<Pause>>, LedgerError> {
        let rows = sqlx::query(
            "SELECT schedule, began, until, person, reason FROM pauses \
             WHERE until IS NULL OR (until > $1 AND until > began) ORDER BY schedule, began",
        )
        .bind(ms(since))
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let mut pauses: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in &rows {
            let schedule = get_word(row, "schedule")?;
            pauses.entry(schedule).or_default().push(pause_of(row)?);
        }
        Ok(pauses)
    }

    async fn cancel(
        &self,
        occurrence: Uuid,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<CancelReport, LedgerError> {
        let mut writer = self.writer().await?;
        let mut write = writer.write().await?;
        let row = sqlx::query(
            "SELECT schedule, tenant, due, operation, host IS NOT NULL AND ready_at > $2 AS owned FROM occurrences \
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
        let entry = AuditEntry::cancel_requested(occurrence, person, reason);
        write.log.append(&entry, now)?;
        let mut last = Batch::new();
        let why = format!("cancelled by {person}: {reason}");
        let report = if row.try_get("owned")? {
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

    async fn stop_requests(
        &self,
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
        let mut answers = self.ask(batch).await?;
        for _ in claims.chunks(ROWS) {
            for row in answers.next().rows {
                let (outcome, reason) = Stop::read(row.try_get("stop")?)?;
                stops.push((get_id(&row, "id")?, outcome, reason));
            }
        }
        Ok(stops)
    }

    async fn put_notice(&self, notice: Notice) -> Result<(), LedgerError> {
        let mut writer = self.writer().await?;
        let mut write = writer.write().await?;
        // The same text again changes nothing: it stands since it was put up first.
        let done = sqlx::query(
            "INSERT INTO notices (name, since, text) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET \
             since = excluded.since, text = excluded.text WHERE notices.text <> excluded.text",
        )
        .bind(&notice.name)
        .bind(ms(notice.since))
        .bind(&notice.text)
        .execute(write.connection())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(());
        }
        write
            .log
            .append(&AuditEntry::notice_put(&notice), notice.since)?;
        write.commit().await
    }

    async fn remove_notice(
        &self,
        name: &str,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let mut writer = self.writer().await?;
        let mut write = writer.write().await?;
        let done = sqlx::query("DELETE FROM notices WHERE name = $1")
            .bind(name)
            .execute(write.connection())
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let entry = AuditEntry::notice_taken(name, person, reason);
        write.log.append(&entry, now)?;
        write.commit().await?;
        Ok(true)
    }

    async fn notices(&self) -> Result<Vec<Notice>, LedgerError> {
        let rows = sqlx::query("SELECT name, since, text FROM notices ORDER BY name")
            .fetch_all(&mut *self.reader().await?)
            .await?;
        let notices = rows.iter().map(|row| {
            Ok(Notice {
                name: row.try_get("name")?,
                since: get_time(row, "since")?,
                text: row.try_get("text")?,
            })
        });
        notices.collect()
    }
}

fn pause_of(row: &SqliteRow) -> Result<Pause, LedgerError> {
    Ok(Pause {
        from: get_time(row, "began")?,
        until: get_optional_time(row, "until")?,
        person: row.try_get("person")?,
        reason: row.try_get("reason")?,
    })
}
