//! The catalog in SQLite.

mod ages;
mod changes;
mod read;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::SqliteLedger;
use crate::audit::AuditEntry;
use crate::catalog::{
    AgeLimit, Catalog, CatalogChange, ShelfAge, SnapshotCount, SnapshotFilter, SnapshotRow,
};
use crate::error::LedgerError;

pub(super) use changes::add;

#[async_trait]
impl Catalog for SqliteLedger {
    async fn snapshots(&self, filter: SnapshotFilter) -> Result<Vec<SnapshotRow>, LedgerError> {
        read::snapshots(self, None, &filter).await
    }

    async fn snapshot(&self, id: Uuid) -> Result<Option<SnapshotRow>, LedgerError> {
        let all = SnapshotFilter {
            gone: true,
            ..SnapshotFilter::default()
        };
        Ok(read::snapshots(self, Some(id), &all).await?.pop())
    }

    async fn snapshot_counts(&self) -> Result<Vec<SnapshotCount>, LedgerError> {
        read::counts(&mut *self.reader().await?).await
    }

    async fn change_catalog(
        &self,
        changes: Vec<CatalogChange>,
        audit: Vec<AuditEntry>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        changes::change(self, changes, audit, now).await
    }

    async fn set_age_limits(
        &self,
        limits: Vec<AgeLimit>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        ages::set_limits(self, limits, now).await
    }

    async fn ages(&self) -> Result<Vec<ShelfAge>, LedgerError> {
        ages::all(&mut *self.reader().await?).await
    }

    async fn record_age_alert(
        &self,
        shelf: &ShelfAge,
        too_old: bool,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        ages::record_alert(self, shelf, too_old, now).await
    }
}
