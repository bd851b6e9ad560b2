//! Restores: intended, then done, left or failed. Every entry says which snapshot and what was asked for.

use serde_json::json;
use strongroom_domain::retry::FailureKind;
use uuid::Uuid;

use crate::audit::AuditEntry;
use crate::catalog::SnapshotRow;

/// What was asked for; the same in all entries of one restore.
#[derive(Debug, Clone, Copy)]
pub struct RestoreFacts<'a> {
    /// All of the snapshot, or some paths of it.
    pub whole: bool,
    /// A folder of this machine, or a name at the provider.
    pub to: &'a str,
    /// The person who asked.
    pub by: &'a str,
    /// The run that the provider is told.
    pub run: Uuid,
}

impl RestoreFacts<'_> {
    fn entry(&self, kind: &'static str, row: &SnapshotRow) -> AuditEntry {
        AuditEntry::about(kind, row).with(json!({
            "whole": self.whole, "to": self.to, "by": self.by, "run": self.run,
        }))
    }
}

impl AuditEntry {
    /// `restore-intended`: `whole`, `to`, `by`, `run`.
    pub fn restore_intended(row: &SnapshotRow, facts: &RestoreFacts<'_>) -> Self {
        facts.entry("restore-intended", row)
    }

    /// `restore-done`: as intended.
    pub fn restore_done(row: &SnapshotRow, facts: &RestoreFacts<'_>) -> Self {
        facts.entry("restore-done", row)
    }

    /// `restore-left`, of one that nobody waits for any more: as intended, and `goes_on`, the provider's note (null: it had
    /// not begun).
    pub fn restore_left(
        row: &SnapshotRow,
        facts: &RestoreFacts<'_>,
        goes_on: Option<&str>,
    ) -> Self {
        let entry = facts.entry("restore-left", row);
        entry.with(json!({ "goes_on": goes_on }))
    }

    /// `restore-failed`: as intended, and `failure`, its kind.
    pub fn restore_failed(
        row: &SnapshotRow,
        facts: &RestoreFacts<'_>,
        failure: FailureKind,
    ) -> Self {
        let entry = facts.entry("restore-failed", row);
        entry.with(json!({ "failure": failure }))
    }
}
