//! The promise every engine keeps.

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use strongroom_domain::pause::Pause;
use strongroom_domain::{Outcome, PluginName, ScheduleName, TenantName};
use uuid::Uuid;

use crate::age::{AgeLimit, ShelfAge};
use crate::audit::{AuditEntry, AuditState, ExportReport};
use crate::error::LedgerError;
use crate::notice::Notice;
use crate::occurrence::{
    AttemptRow, CancelReport, ClaimRequest, Claimed, OccurrenceFilter, OccurrenceRow, Plan,
    PlanReport, Recorded, Renewed, Tally, Transition, Watermark,
};
use crate::plugin::{PluginRow, PluginState};
use crate::snapshot::{CatalogChange, Made, SnapshotFilter, SnapshotRow};
use crate::state::{StateError, StateValue};

/// The durable state of one or several hosts.
///
/// Every method that writes is one transaction: on `Ok` it survives power loss, on `Err` nothing of it was written.
/// Moments are kept in whole milliseconds; what is finer is cut off.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Writes occurrences and how far each schedule is planned.
    ///
    /// An occurrence of the same schedule, tenant and due time that exists already is left alone, so nothing runs twice.
    async fn plan(&self, plan: Plan, now: Timestamp) -> Result<PlanReport, LedgerError>;

    /// Up to which due time each schedule was planned, and by which timetable.
    async fn watermarks(&self) -> Result<BTreeMap<ScheduleName, Watermark>, LedgerError>;

    /// Takes occurrences that wait for nobody: due ones, and those whose lease ran out; by priority, then the longest
    /// waiting first, within the limits. Those whose turn did not come in time end as `missed` in the same transaction.
    ///
    /// Of one schedule and tenant at most one is ever under way, unless its overlap is allowed: one that began goes on
    /// before a new one begins, and due times of the timetable go before a backfill.
    async fn claim(&self, request: ClaimRequest<'_>) -> Result<Claimed, LedgerError>;

    /// Prolongs leases, given as id and fence; answers in order. Each thousand is a transaction of its own.
    async fn renew(
        &self,
        claims: &[(Uuid, i64)],
        lease_until: Timestamp,
    ) -> Result<Vec<Renewed>, LedgerError>;

    /// Those of the claims, given as id and fence, that somebody asked to stop.
    async fn stops(
        &self,
        claims: &[(Uuid, i64)],
    ) -> Result<Vec<(Uuid, Outcome, String)>, LedgerError>;

    /// Asks that an unfinished occurrence end as `cancelled`: at once if nobody holds it, else as soon as its holder
    /// looks. The request goes on record with the person.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when there is no such unfinished occurrence.
    async fn cancel(
        &self,
        occurrence: Uuid,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<CancelReport, LedgerError>;

    /// Whether another process wrote to the ledger since this was asked last.
    async fn changed_elsewhere(&self) -> Result<bool, LedgerError>;

    /// Pauses a schedule from now on; the pause goes on record.
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] when it is paused already.
    async fn pause(&self, schedule: &ScheduleName, pause: Pause) -> Result<(), LedgerError>;

    /// Ends the pause of a schedule that is in force now; the end goes on record with person and reason. The pause ended.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when it is not paused.
    async fn resume(
        &self,
        schedule: &ScheduleName,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<Pause, LedgerError>;

    /// Pauses that were in force at or after a moment, by schedule, earliest first.
    async fn pauses(
        &self,
        since: Timestamp,
    ) -> Result<BTreeMap<ScheduleName, Vec<Pause>>, LedgerError>;

    /// Puts up a standing notice in place of an earlier one under the same name; it goes on record if it is another.
    async fn put_notice(&self, notice: Notice) -> Result<(), LedgerError>;

    /// Takes a standing notice down, on record with person and reason; false: there was none.
    async fn take_notice(
        &self,
        name: &str,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, LedgerError>;

    /// Every standing notice, by name.
    async fn notices(&self) -> Result<Vec<Notice>, LedgerError>;

    /// The earliest moment at which something unfinished can be claimed (or a lease runs out); with `only`, that one.
    ///
    /// With `after` what was ready by then is passed over: it waits for something else than time.
    async fn next_wake(
        &self,
        only: Option<Uuid>,
        after: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, LedgerError>;

    /// Writes what attempts came to, with their catalog changes and audit entries, all in ONE transaction.
    ///
    /// Every end also gets the audit entry `occurrence-ended`.
    async fn record(
        &self,
        transitions: Vec<Transition>,
        now: Timestamp,
    ) -> Result<Recorded, LedgerError>;

    /// Changes the catalog outside a run and puts it on record.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when a change names a snapshot or hold that does not exist.
    async fn change_catalog(
        &self,
        changes: Vec<CatalogChange>,
        audit: Vec<AuditEntry>,
        now: Timestamp,
    ) -> Result<(), LedgerError>;

    /// Occurrences, by due time.
    async fn occurrences(
        &self,
        filter: OccurrenceFilter,
    ) -> Result<Vec<OccurrenceRow>, LedgerError>;

    /// How many occurrences of each schedule and tenant there are in each state, and when the last of them ended.
    async fn tally(&self) -> Result<Vec<Tally>, LedgerError>;

    /// The attempts at one occurrence, first to last.
    async fn attempts(&self, occurrence: Uuid) -> Result<Vec<AttemptRow>, LedgerError>;

    /// Snapshots, oldest first.
    async fn snapshots(&self, filter: SnapshotFilter) -> Result<Vec<SnapshotRow>, LedgerError>;

    /// Which plugins made what is still there, by schedule.
    async fn made(&self) -> Result<Vec<Made>, LedgerError>;

    /// One snapshot.
    async fn snapshot(&self, id: Uuid) -> Result<Option<SnapshotRow>, LedgerError>;

    /// Says of which shelves the newest good snapshot may not become too old, in place of all that was said before. A shelf
    /// that is named for the first time is known since now.
    async fn watch_ages(&self, wanted: Vec<AgeLimit>, now: Timestamp) -> Result<(), LedgerError>;

    /// The shelves that were named so, as they stand, by schedule and tenant.
    async fn ages(&self) -> Result<Vec<ShelfAge>, LedgerError>;

    /// Puts on record that somebody is told that a shelf is too old, or that it no longer is; false: it was told already.
    async fn tell_age(
        &self,
        shelf: &ShelfAge,
        too_old: bool,
        now: Timestamp,
    ) -> Result<bool, LedgerError>;

    /// Reads a plugin's value for a tenant.
    async fn state_get(
        &self,
        plugin: &PluginName,
        tenant: &TenantName,
        key: &str,
    ) -> Result<Option<StateValue>, StateError>;

    /// Writes a value if its stored version is still `expected` (`None`: the key must not exist); the new version.
    async fn state_set(
        &self,
        plugin: &PluginName,
        tenant: &TenantName,
        key: &str,
        value: &[u8],
        expected: Option<u64>,
    ) -> Result<u64, StateError>;

    /// Deletes a value if its stored version is still `expected`.
    async fn state_delete(
        &self,
        plugin: &PluginName,
        tenant: &TenantName,
        key: &str,
        expected: u64,
    ) -> Result<(), StateError>;

    /// Remembers a plugin file by its digest; true: it is new, and that is on record as `plugin-registered`.
    async fn register_plugin(&self, plugin: PluginRow) -> Result<bool, LedgerError>;

    /// Says what a registered plugin file is now; it goes on record if it is another state.
    async fn set_plugin_state(
        &self,
        digest: &str,
        state: PluginState,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError>;

    /// Every plugin file ever registered, by name, then first seen.
    async fn plugins(&self) -> Result<Vec<PluginRow>, LedgerError>;

    /// The audit log's head.
    async fn audit_state(&self) -> Result<AuditState, LedgerError>;

    /// Writes the audit log as files that [`crate::verify_export`] reads, into an empty folder or over an older export.
    async fn export_audit(&self, folder: &Path) -> Result<ExportReport, LedgerError>;
}
