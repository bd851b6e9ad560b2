//! How occurrences end.

use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};
use strongroom_domain::{Outcome, ScheduleName, TenantName};
use uuid::Uuid;

use crate::audit::{AuditEntry, hex};
use crate::time::whole_ms;

impl AuditEntry {
    /// `occurrence-ended`, of every end: `occurrence`, `schedule`, `tenant`, `due`, `outcome`, `evidence-sha256`.
    ///
    /// Evidence, given as stored, is committed to and not copied: it may be long and name places.
    pub fn occurrence_ended(
        occurrence: Uuid,
        schedule: &ScheduleName,
        tenant: &TenantName,
        due: Timestamp,
        outcome: Outcome,
        evidence: &str,
    ) -> Self {
        let digest = hex(&Sha256::digest(evidence.as_bytes()));
        Self::new(
            "occurrence-ended",
            json!({
                "occurrence": occurrence, "schedule": schedule.as_str(), "tenant": tenant.as_str(),
                "due": whole_ms(due), "outcome": outcome.as_str(), "evidence-sha256": digest,
            }),
        )
    }
}
