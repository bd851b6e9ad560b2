//! One snapshot: held, verified, compared, deleted. Every entry names it by `snapshot`, `schedule`, `tenant`, `reference`.

use serde_json::json;
use strongroom_domain::retention::Hold;
use uuid::Uuid;

use crate::audit::AuditEntry;
use crate::catalog::SnapshotRow;
use crate::time::whole_ms;

impl AuditEntry {
    /// Begins an entry about a snapshot with the fields that name it.
    pub(super) fn about(kind: &'static str, row: &SnapshotRow) -> Self {
        Self::new(
            kind,
            json!({
                "snapshot": row.id, "schedule": row.schedule, "tenant": row.tenant,
                "reference": row.reference,
            }),
        )
    }

    /// `snapshot-held`: `hold`, `reason`, `until` (null: until it is released), `by` (a person, or `host`).
    pub fn snapshot_held(row: &SnapshotRow, hold: &Hold, by: &str) -> Self {
        Self::about("snapshot-held", row).with(json!({
            "hold": hold.name, "reason": hold.reason, "until": hold.until.map(whole_ms), "by": by,
        }))
    }

    /// `snapshot-released`: `hold`, `by` (a person).
    pub fn snapshot_released(row: &SnapshotRow, hold: &str, by: &str) -> Self {
        Self::about("snapshot-released", row).with(json!({ "hold": hold, "by": by }))
    }

    /// `verification-intended`: `run`, which the provider is told.
    pub fn verification_intended(row: &SnapshotRow, run: Uuid) -> Self {
        Self::about("verification-intended", row).with(json!({ "run": run }))
    }

    /// `snapshot-verified`: `verdict` (`good`, `not reached`, or what is wrong).
    pub fn snapshot_verified(row: &SnapshotRow, verdict: &str) -> Self {
        Self::about("snapshot-verified", row).with(json!({ "verdict": verdict }))
    }

    /// `snapshot-found-again`: one that was missing is at the provider.
    pub fn snapshot_found_again(row: &SnapshotRow) -> Self {
        Self::about("snapshot-found-again", row)
    }

    /// `snapshot-missing`: `was` (its state before), `error`.
    pub fn snapshot_missing(row: &SnapshotRow, error: &str) -> Self {
        Self::about("snapshot-missing", row)
            .with(json!({ "was": row.state.as_str(), "error": error }))
    }

    /// `snapshot-differs`: `was` (its state before), `error`.
    pub fn snapshot_differs(row: &SnapshotRow, error: &str) -> Self {
        Self::about("snapshot-differs", row)
            .with(json!({ "was": row.state.as_str(), "error": error }))
    }

    /// `snapshot-deletion-intended`: `because`, the rules by which it goes.
    pub fn snapshot_deletion_intended(row: &SnapshotRow, rules: &[String]) -> Self {
        Self::about("snapshot-deletion-intended", row).with(json!({ "because": rules }))
    }

    /// `snapshot-deleted`: the provider was looked at afterwards and no longer has it.
    pub fn snapshot_deleted(row: &SnapshotRow) -> Self {
        Self::about("snapshot-deleted", row)
    }

    /// `snapshot-deletion-failed`: `error`.
    pub fn snapshot_deletion_failed(row: &SnapshotRow, error: &str) -> Self {
        Self::about("snapshot-deletion-failed", row).with(json!({ "error": error }))
    }
}
