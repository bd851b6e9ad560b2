//! What a comparison found: counted all, the first of each kind in words.

use jiff::Timestamp;
use serde::Serialize;
use strongroom_domain::{Evidence, ScheduleName, TenantName, json_time};
use strongroom_ledger::{ReconcileCounts, SnapshotRow};
use uuid::Uuid;

/// Differences of a kind that are told one by one; of ten thousand a person reads none.
const TOLD: usize = 100;
/// Of these, in a notice.
const IN_NOTICE: usize = 5;

/// One snapshot that is not on both sides, or not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The provider's name for it.
    pub reference: String,
    /// Ours, if the catalog has it.
    pub snapshot: Option<Uuid>,
    /// The run that made it.
    pub run: Option<String>,
    /// When.
    #[serde(with = "json_time")]
    pub taken_at: Timestamp,
    /// One sentence.
    pub what: String,
}

/// Differences of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Vec<Difference>,
}

impl Group {
    pub(super) fn add(&mut self, difference: Difference) {
        self.count += 1;
        if self.first.len() < TOLD {
            self.first.push(difference);
        }
    }
}

/// How a shelf and the catalog stand to each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// On both sides and the same.
    pub agreeing: u64,
    /// At the provider, ours, and not in the catalog.
    pub orphans: Group,
    /// In the catalog, and not at the provider.
    pub missing: Group,
    /// On both sides, and not the same.
    pub differing: Group,
    /// At the provider, and not this schedule's.
    pub foreign: u64,
    /// At the provider, of a run that has not ended.
    pub under_way: u64,
}

impl Comparison {
    /// Whether nothing is an orphan, missing or different.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.groups().iter().all(|(_, group)| group.count == 0)
    }

    /// The kinds of differences, by the word that people read.
    #[must_use]
    pub fn groups(&self) -> [(&'static str, &Group); 3] {
        [
            ("orphan", &self.orphans),
            ("missing", &self.missing),
            ("differing", &self.differing),
        ]
    }

    /// Adds the counts to the evidence of a drill.
    pub(crate) fn tell(&self, evidence: &mut Evidence) {
        for (kind, count) in self.counts().named() {
            evidence.push(kind, count.to_string());
        }
        if !self.agrees() {
            evidence.push("warning", self.sentence());
        }
    }

    pub(super) fn counts(&self) -> ReconcileCounts {
        ReconcileCounts {
            agreeing: self.agreeing,
            orphans: self.orphans.count,
            missing: self.missing.count,
            differing: self.differing.count,
            foreign: self.foreign,
        }
    }

    /// What does not agree, in a sentence without a full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        let groups = self.groups();
        let found = groups.iter().filter(|(_, group)| group.count > 0);
        let found: Vec<String> = found
            .map(|(word, group)| format!("{} {word}", group.count))
            .collect();
        format!(
            "the provider and the catalog do not agree: {}",
            found.join(", ")
        )
    }

    pub(super) fn notice(&self, shelf: &ScheduleName, tenant: &TenantName) -> String {
        let mut lines = vec![format!("{shelf} {tenant}: {}", self.sentence())];
        for (word, group) in self.groups() {
            for one in group.first.iter().take(IN_NOTICE) {
                lines.push(format!("{word} {}: {}", one.reference, one.what));
            }
        }
        lines.push(format!(
            "`strongroom snapshots reconcile {shelf}` shows them all"
        ));
        lines.join("\n")
    }
}

/// A difference of a snapshot that the catalog has.
pub(super) fn difference(row: &SnapshotRow, what: String) -> Difference {
    Difference {
        reference: row.reference.clone(),
        snapshot: Some(row.id),
        run: Some(row.occurrence.to_string()),
        taken_at: row.taken_at,
        what,
    }
}
