//! Reconciliation: what a provider has and the catalog has not, and the other way round.
//!
//! Owns: the comparison, page by page, and what becomes of a snapshot that is no longer there.
//! Never: deletes anything. Read next: `stranger`, `call::pager`.

mod comparison;
mod stranger;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_domain::{ScheduleName, TenantName};
use strongroom_ledger::{
    AuditEntry, CatalogChange, LedgerError, Notice, SnapshotFilter, SnapshotRow, SnapshotState,
};
use strongroom_sandbox::role::snapshots::SnapshotInfo;
use uuid::Uuid;

use self::comparison::difference;
pub use self::comparison::{Comparison, Difference, Group};
use self::stranger::{Kind, kind};
use super::read_back::{Compared, Expected};
use super::restore::ShelfError;
use super::verify::{as_recorded, bad};
use crate::call::context::CallContext;
use crate::call::pager::Pager;
use crate::call::plugin_call::PluginCall;
use crate::call::prepared::Prepared;

/// How long it may take: a page of a thousand is a second or two at a slow provider.
const TIME: std::time::Duration = std::time::Duration::from_secs(3600);
/// Rows of the catalog read at once.
const ROWS: u32 = 500;

/// How the name of a notice begins that stands while a shelf does not agree with the catalog.
pub const NOTICE: &str = "reconcile:";

/// Compares the shelf of a schedule and tenant with the catalog. What is found goes on record, a notice stands while
/// they do not agree, and snapshots that are gone or changed no longer count as good.
///
/// # Errors
/// The provider could not be asked, or the ledger not be read or written; what was found until then is on record.
pub async fn reconcile(
    context: &CallContext,
    prepared: &Prepared,
    tenant: &TenantName,
) -> Result<Comparison, ShelfError> {
    let call = PluginCall::now(context, prepared, tenant, TIME);
    let mut looking = Looking {
        context,
        call: &call,
        shelf: prepared.shelf(),
        began: call.due,
        seen: HashSet::new(),
        strangers: HashSet::new(),
        found: Comparison::default(),
    };
    let mut pager = Pager::new(&call);
    while let Some(page) = pager.next(context).await.map_err(ShelfError::Failed)? {
        looking.page(page).await?;
    }
    looking.not_listed().await?;
    let found = looking.found;
    tell(context, prepared.shelf(), tenant, &found).await?;
    Ok(found)
}

struct Looking<'a> {
    context: &'a CallContext,
    call: &'a PluginCall<'a>,
    shelf: &'a ScheduleName,
    began: Timestamp,
    /// Snapshots of the catalog that were listed.
    seen: HashSet<Uuid>,
    /// Names that were listed and are not in the catalog: a list may show one twice.
    strangers: HashSet<String>,
    found: Comparison,
}

impl Looking<'_> {
    async fn page(&mut self, page: Vec<SnapshotInfo>) -> Result<(), LedgerError> {
        if page.is_empty() {
            return Ok(());
        }
        let filter = SnapshotFilter {
            references: page.iter().map(|info| info.reference.clone()).collect(),
            plugin: Some(self.call.prepared.schedule.plugin.clone()),
            gone: true,
            ..SnapshotFilter::default()
        };
        let mut known: HashMap<String, Vec<SnapshotRow>> = HashMap::new();
        for row in self.context.ledger.snapshots(filter).await? {
            if !self.call.prepared.shares_names_with(&row) {
                continue;
            }
            known.entry(row.reference.clone()).or_default().push(row);
        }
        for info in page {
            let rows = known.get(&info.reference).map_or(&[][..], Vec::as_slice);
            self.listed(&info, rows).await?;
        }
        Ok(())
    }

    async fn listed(
        &mut self,
        info: &SnapshotInfo,
        rows: &[SnapshotRow],
    ) -> Result<(), LedgerError> {
        let ours =
            |row: &&SnapshotRow| row.schedule == *self.shelf && row.tenant == *self.call.tenant;
        let there = |row: &&SnapshotRow| row.state != SnapshotState::Gone;
        if let Some(row) = rows.iter().filter(ours).find(there) {
            return if self.seen.insert(row.id) {
                self.known(info, row).await
            } else {
                Ok(())
            };
        }
        if !self.strangers.insert(info.reference.clone()) {
            return Ok(());
        }
        // In the catalog under another schedule: that one's shelf lies in the same place.
        if rows.iter().any(|row| there(&row)) {
            self.found.foreign += 1;
            return Ok(());
        }
        let deleted = rows.iter().any(|row| ours(&row));
        match kind(self.context, self.shelf, self.call.tenant, info, deleted).await? {
            Kind::Foreign => self.found.foreign += 1,
            Kind::UnderWay => self.found.under_way += 1,
            Kind::Orphan(what) => {
                let orphan = Difference {
                    reference: info.reference.clone(),
                    snapshot: None,
                    run: info.run_id.clone(),
                    taken_at: info.taken_at,
                    what,
                };
                self.found.orphans.add(orphan);
            }
        }
        Ok(())
    }

    /// A snapshot that both have.
    async fn known(&mut self, info: &SnapshotInfo, row: &SnapshotRow) -> Result<(), LedgerError> {
        if matches!(
            row.state,
            SnapshotState::Deleting | SnapshotState::DeleteFailed
        ) {
            // Retention goes on with it.
            self.found.agreeing += 1;
            return Ok(());
        }
        let compared = Expected::of_row(self.call, row).compare(info);
        let (Compared::Differs(listed) | Compared::Unfinished(listed)) = compared else {
            return self.agrees(row).await;
        };
        // A list may be older than the thing itself.
        match as_recorded(self.context, self.call, row).await {
            Ok(()) => self.differs(row, format!("only in the list: {listed}")),
            Err(failure) => {
                if failure.kind == FailureKind::Corrupt {
                    self.mark(row, &failure, AuditEntry::snapshot_differs)
                        .await?;
                }
                self.differs(row, failure.detail.clone());
            }
        }
        Ok(())
    }

    async fn agrees(&mut self, row: &SnapshotRow) -> Result<(), LedgerError> {
        // Damage is on record; that it is still there changes nothing.
        if row.state != SnapshotState::Missing {
            self.found.agreeing += 1;
            return Ok(());
        }
        if as_recorded(self.context, self.call, row).await.is_err() {
            self.differs(row, "listed, but not read back".to_owned());
            return Ok(());
        }
        self.found.agreeing += 1;
        let change = CatalogChange::Verdict {
            id: row.id,
            state: SnapshotState::Assumed,
            error: None,
            at: self.context.clock.now(),
        };
        self.record(vec![change], AuditEntry::snapshot_found_again(row))
            .await
    }

    fn differs(&mut self, row: &SnapshotRow, what: String) {
        self.found.differing.add(difference(row, what));
    }

    /// Looks once more at everything of the catalog that was not listed.
    async fn not_listed(&mut self) -> Result<(), LedgerError> {
        let mut after = None;
        loop {
            let filter = SnapshotFilter {
                schedule: Some(self.shelf.clone()),
                tenant: Some(self.call.tenant.clone()),
                plugin: Some(self.call.prepared.schedule.plugin.clone()),
                states: vec![
                    SnapshotState::Assumed,
                    SnapshotState::Verified,
                    SnapshotState::Damaged,
                    SnapshotState::Missing,
                ],
                after,
                limit: Some(ROWS),
                ..SnapshotFilter::default()
            };
            let rows = self.context.ledger.snapshots(filter).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = Some((last.taken_at, last.id));
            for row in &rows {
                // What came into the catalog meanwhile may have been made after its page was read.
                if row.recorded_at <= self.began && !self.seen.contains(&row.id) {
                    self.absent(row).await?;
                }
            }
        }
    }

    async fn absent(&mut self, row: &SnapshotRow) -> Result<(), LedgerError> {
        let looked = as_recorded(self.context, self.call, row).await;
        let now = self.context.ledger.snapshot(row.id).await?;
        if now.is_none_or(|now| now.state != row.state) {
            // It was deleted, or looked at by somebody else, in between.
            return Ok(());
        }
        match looked {
            Ok(()) => self.differs(row, "it is there, and the list does not show it".to_owned()),
            Err(failure) if failure.kind == FailureKind::NotFound => {
                if row.state != SnapshotState::Missing {
                    self.mark(row, &failure, AuditEntry::snapshot_missing)
                        .await?;
                }
                let what = failure.detail.clone();
                self.found.missing.add(difference(row, what));
            }
            Err(failure) => {
                if failure.kind == FailureKind::Corrupt {
                    self.mark(row, &failure, AuditEntry::snapshot_differs)
                        .await?;
                }
                self.differs(row, format!("not listed; {}", failure.detail));
            }
        }
        Ok(())
    }

    async fn mark(
        &self,
        row: &SnapshotRow,
        failure: &Failure,
        entry: fn(&SnapshotRow, &str) -> AuditEntry,
    ) -> Result<(), LedgerError> {
        let Some((state, error)) = bad(failure) else {
            return Ok(());
        };
        let audit = entry(row, error.as_deref().unwrap_or_default());
        let change = CatalogChange::Verdict {
            id: row.id,
            state,
            error,
            at: self.context.clock.now(),
        };
        self.record(vec![change], audit).await
    }

    async fn record(
        &self,
        changes: Vec<CatalogChange>,
        audit: AuditEntry,
    ) -> Result<(), LedgerError> {
        let now = self.context.clock.now();
        self.context
            .ledger
            .change_catalog(changes, vec![audit], now)
            .await
    }
}

/// Puts the comparison on record, and the notice up or down.
async fn tell(
    context: &CallContext,
    shelf: &ScheduleName,
    tenant: &TenantName,
    found: &Comparison,
) -> Result<(), LedgerError> {
    let now = context.clock.now();
    let audit = AuditEntry::shelf_reconciled(shelf, tenant, found.counts());
    context.ledger.append_audit(audit, now).await?;
    let name = format!("{NOTICE}{shelf}/{tenant}");
    if found.agrees() {
        context
            .ledger
            .remove_notice(&name, "host", "it agrees again", now)
            .await?;
        return Ok(());
    }
    let notice = Notice {
        name,
        since: now,
        text: found.notice(shelf, tenant),
    };
    context.ledger.put_notice(notice).await
}
