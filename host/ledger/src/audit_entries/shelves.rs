//! Shelves: compared with the provider, and too old or fresh again.

use serde_json::{Value, json};
use strongroom_domain::{ScheduleName, TenantName};

use crate::audit::AuditEntry;
use crate::catalog::ShelfAge;
use crate::time::whole_ms;

/// What a comparison of a shelf with its provider found, counted.
#[derive(Debug, Clone, Copy)]
pub struct ReconcileCounts {
    /// On both sides and the same.
    pub agreeing: u64,
    /// At the provider, ours, and not in the catalog.
    pub orphans: u64,
    /// In the catalog, and not at the provider.
    pub missing: u64,
    /// On both sides, and not the same.
    pub differing: u64,
    /// At the provider, and not this schedule's.
    pub foreign: u64,
}

impl ReconcileCounts {
    /// Each count with its word, in the order in which people read them.
    #[must_use]
    pub fn named(self) -> [(&'static str, u64); 5] {
        [
            ("agreeing", self.agreeing),
            ("orphans", self.orphans),
            ("missing", self.missing),
            ("differing", self.differing),
            ("foreign", self.foreign),
        ]
    }
}

impl AuditEntry {
    /// `shelf-reconciled`: `schedule`, `tenant`, and the counts `agreeing`, `orphans`, `missing`, `differing`, `foreign`.
    pub fn shelf_reconciled(
        schedule: &ScheduleName,
        tenant: &TenantName,
        counts: ReconcileCounts,
    ) -> Self {
        let shelf = json!({ "schedule": schedule, "tenant": tenant });
        Self::new("shelf-reconciled", shelf).with(Value::from_iter(counts.named()))
    }

    /// `snapshots-too-old`: `schedule`, `tenant`, `newest` (null: there is no good one), `max_age_ms`.
    pub fn snapshots_too_old(shelf: &ShelfAge) -> Self {
        shelf_age("snapshots-too-old", shelf)
    }

    /// `snapshots-fresh-again`: `schedule`, `tenant`, `newest`, `max_age_ms`.
    pub fn snapshots_fresh_again(shelf: &ShelfAge) -> Self {
        shelf_age("snapshots-fresh-again", shelf)
    }
}

fn shelf_age(kind: &'static str, shelf: &ShelfAge) -> AuditEntry {
    AuditEntry::new(
        kind,
        json!({
            "schedule": shelf.schedule, "tenant": shelf.tenant, "newest": shelf.age.newest.map(whole_ms),
            "max_age_ms": shelf.age.most.as_millis(),
        }),
    )
}
