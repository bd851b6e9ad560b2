//! The embedded engine: one SQLite file, one writer, a few readers.
//!
//! The SQL is portable to PostgreSQL: `$n` parameters, ON CONFLICT, RETURNING, UPDATE … FROM, multi-row VALUES, no JSON
//! functions. What differs there: how a write begins (`writer::BEGIN`), and FOR UPDATE [SKIP LOCKED] behind the selects
//! of `claim` and `record`, which one writer makes needless here.
//! Read next: `open`, `writer`, `plan`, `overlap`, `claim`, `record`.

mod ages;
mod audit;
mod batch;
mod catalog;
mod claim;
mod columns;
mod ending;
mod lease;
mod notices;
mod open;
mod origin;
mod overlap;
mod pauses;
mod plan;
mod plugins;
mod read;
mod record;
mod room;
mod search;
mod snapshots;
mod state;
mod wake;
mod writer;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqlitePool;
use strongroom_domain::pause::Pause;
use strongroom_domain::{Outcome, PluginName, ScheduleName, TenantName};
use uuid::Uuid;

use crate::age::{AgeLimit, ShelfAge};
use crate::audit::{AuditEntry, AuditState, ExportReport};
use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::notice::Notice;
use crate::occurrence::{
    AttemptRow, CancelReport, ClaimRequest, Claimed, OccurrenceFilter, OccurrenceRow, Plan,
    PlanReport, Recorded, Renewed, Tally, Transition, Watermark,
};
use crate::plugin::{PluginRow, PluginState};
use crate::snapshot::{CatalogChange, Made, SnapshotFilter, SnapshotRow};
use crate::state::{StateError, StateValue};

pub use open::{OpenMode, running_host};
use writer::Writer;

/// Rows of one multi-row statement: at 32 columns still within SQLite's 32 766 parameters.
const ROWS: usize = 1_000;

/// A ledger in one folder: `ledger.sqlite`, `audit.key`, `host.lock`.
pub struct SqliteLedger {
    readers: SqlitePool,
    /// Looks for what others wrote, where there is no writer.
    watcher: SqlitePool,
    /// What others had written when it was last asked after.
    seen: tokio::sync::Mutex<Option<i64>>,
    /// Nobody else can see it.
    alone: bool,
    /// `None` inside: opened for reading, or closed.
    writer: tokio::sync::Mutex<Option<Writer>>,
}

impl SqliteLedger {
    /// Opens the ledger of a folder; as a host, makes it if there is none.
    ///
    /// # Errors
    /// [`LedgerError::InUse`] when another host runs on it, [`LedgerError::Newer`] when a newer version wrote it.
    pub async fn open(folder: &Path, mode: OpenMode) -> Result<Self, LedgerError> {
        open::open(folder, mode).await
    }

    /// Ends all writing and reading, and tidies the file up. Nothing is lost without it.
    pub async fn close(&self) {
        let writer = self.writer.lock().await.take();
        self.readers.close().await;
        self.watcher.close().await;
        if let Some(writer) = writer {
            writer.close().await;
        }
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn plan(&self, plan: Plan, now: Timestamp) -> Result<PlanReport, LedgerError> {
        plan::plan(self, plan, now).await
    }

    async fn watermarks(&self) -> Result<BTreeMap<ScheduleName, Watermark>, LedgerError> {
        plan::watermarks(&mut *self.reader().await?).await
    }

    async fn claim(&self, request: ClaimRequest<'_>) -> Result<Claimed, LedgerError> {
        claim::claim(self, request).await
    }

    async fn renew(
        &self,
        claims: &[(Uuid, i64)],
        lease_until: Timestamp,
    ) -> Result<Vec<Renewed>, LedgerError> {
        lease::renew(self, claims, lease_until).await
    }

    async fn stops(
        &self,
        claims: &[(Uuid, i64)],
    ) -> Result<Vec<(Uuid, Outcome, String)>, LedgerError> {
        lease::stops(self, claims).await
    }

    async fn cancel(
        &self,
        occurrence: Uuid,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<CancelReport, LedgerError> {
        lease::cancel(self, occurrence, person, reason, now).await
    }

    async fn changed_elsewhere(&self) -> Result<bool, LedgerError> {
        wake::changed_elsewhere(self).await
    }

    async fn pause(&self, schedule: &ScheduleName, pause: Pause) -> Result<(), LedgerError> {
        pauses::pause(self, schedule, pause).await
    }

    async fn resume(
        &self,
        schedule: &ScheduleName,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<Pause, LedgerError> {
        pauses::resume(self, schedule, person, reason, now).await
    }

    async fn pauses(
        &self,
        since: Timestamp,
    ) -> Result<BTreeMap<ScheduleName, Vec<Pause>>, LedgerError> {
        pauses::since(&mut *self.reader().await?, since).await
    }

    async fn put_notice(&self, notice: Notice) -> Result<(), LedgerError> {
        notices::put(self, notice).await
    }

    async fn take_notice(
        &self,
        name: &str,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        notices::take(self, name, person, reason, now).await
    }

    async fn notices(&self) -> Result<Vec<Notice>, LedgerError> {
        notices::all(&mut *self.reader().await?).await
    }

    async fn next_wake(
        &self,
        only: Option<Uuid>,
        after: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, LedgerError> {
        wake::next_wake(self, only, after).await
    }

    async fn record(
        &self,
        transitions: Vec<Transition>,
        now: Timestamp,
    ) -> Result<Recorded, LedgerError> {
        record::record(self, transitions, now).await
    }

    async fn change_catalog(
        &self,
        changes: Vec<CatalogChange>,
        audit: Vec<AuditEntry>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        catalog::change(self, changes, audit, now).await
    }

    async fn occurrences(
        &self,
        filter: OccurrenceFilter,
    ) -> Result<Vec<OccurrenceRow>, LedgerError> {
        read::occurrences(&mut *self.reader().await?, &filter).await
    }

    async fn tally(&self) -> Result<Vec<Tally>, LedgerError> {
        read::tally(&mut *self.reader().await?).await
    }

    async fn attempts(&self, occurrence: Uuid) -> Result<Vec<AttemptRow>, LedgerError> {
        read::attempts(&mut *self.reader().await?, occurrence).await
    }

    async fn snapshots(&self, filter: SnapshotFilter) -> Result<Vec<SnapshotRow>, LedgerError> {
        snapshots::snapshots(self, None, &filter).await
    }

    async fn made(&self) -> Result<Vec<Made>, LedgerError> {
        snapshots::made(&mut *self.reader().await?).await
    }

    async fn snapshot(&self, id: Uuid) -> Result<Option<SnapshotRow>, LedgerError> {
        let all = SnapshotFilter {
            gone: true,
            ..SnapshotFilter::default()
        };
        Ok(snapshots::snapshots(self, Some(id), &all)
            .await?
            .into_iter()
            .next())
    }

    async fn watch_ages(&self, wanted: Vec<AgeLimit>, now: Timestamp) -> Result<(), LedgerError> {
        ages::watch(self, wanted, now).await
    }

    async fn ages(&self) -> Result<Vec<ShelfAge>, LedgerError> {
        ages::all(&mut *self.reader().await?).await
    }

    async fn tell_age(
        &self,
        shelf: &ShelfAge,
        too_old: bool,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        ages::tell(self, shelf, too_old, now).await
    }

    async fn state_get(
        &self,
        plugin: &PluginName,
        tenant: &TenantName,
        key: &str,
    ) -> Result<Option<StateValue>, StateError> {
        state::get(&mut *self.reader().await?, plugin, tenant, key).await
    }

    async fn state_set(
        &self,
        plugin: &PluginName,
        tenant: &TenantName,
        key: &str,
        value: &[u8],
        expected: Option<u64>,
    ) -> Result<u64, StateError> {
        state::set(self, plugin, tenant, key, value, expected).await
    }

    async fn state_delete(
        &self,
        plugin: &PluginName,
        tenant: &TenantName,
        key: &str,
        expected: u64,
    ) -> Result<(), StateError> {
        state::delete(self, plugin, tenant, key, expected).await
    }

    async fn register_plugin(&self, plugin: PluginRow) -> Result<bool, LedgerError> {
        plugins::register(self, plugin).await
    }

    async fn set_plugin_state(
        &self,
        digest: &str,
        state: PluginState,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        plugins::set_state(self, digest, state, person, reason, now).await
    }

    async fn plugins(&self) -> Result<Vec<PluginRow>, LedgerError> {
        plugins::all(&mut *self.reader().await?).await
    }

    async fn audit_state(&self) -> Result<AuditState, LedgerError> {
        self.sign().await?;
        audit::state(&mut *self.reader().await?).await
    }

    async fn export_audit(&self, folder: &Path) -> Result<ExportReport, LedgerError> {
        self.sign().await?;
        audit::export(&mut *self.reader().await?, folder).await
    }
}
