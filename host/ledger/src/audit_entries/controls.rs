//! What people ask of a host: pauses, cancels; and standing notices.

use serde_json::json;
use strongroom_domain::ScheduleName;
use strongroom_domain::pause::Pause;
use uuid::Uuid;

use crate::audit::AuditEntry;
use crate::controls::Notice;
use crate::time::whole_ms;

/// Characters of a notice that go on record: enough to know it again, and no entry becomes too long.
const RECORDED: usize = 2_000;

impl AuditEntry {
    /// `schedule-paused`: `schedule`, `person`, `reason`, `until` (null: until it is resumed).
    pub fn schedule_paused(schedule: &ScheduleName, pause: &Pause) -> Self {
        Self::new(
            "schedule-paused",
            json!({
                "schedule": schedule, "person": pause.person, "reason": pause.reason,
                "until": pause.until.map(whole_ms),
            }),
        )
    }

    /// `schedule-resumed`: `schedule`, `person`, `reason`.
    pub fn schedule_resumed(schedule: &ScheduleName, person: &str, reason: &str) -> Self {
        Self::new(
            "schedule-resumed",
            json!({ "schedule": schedule, "person": person, "reason": reason }),
        )
    }

    /// `cancel-requested`: `occurrence`, `person`, `reason`.
    pub fn cancel_requested(occurrence: Uuid, person: &str, reason: &str) -> Self {
        Self::new(
            "cancel-requested",
            json!({ "occurrence": occurrence, "person": person, "reason": reason }),
        )
    }

    /// `notice-put`: `name`, `text` (its first 2 000 characters).
    pub fn notice_put(notice: &Notice) -> Self {
        let text: String = notice.text.chars().take(RECORDED).collect();
        Self::new("notice-put", json!({ "name": notice.name, "text": text }))
    }

    /// `notice-taken`: `name`, `person`, `reason`.
    pub fn notice_taken(name: &str, person: &str, reason: &str) -> Self {
        Self::new(
            "notice-taken",
            json!({ "name": name, "person": person, "reason": reason }),
        )
    }
}
