//! Everything loaded and validated; nothing runs.

use std::sync::Arc;

use serde_json::json;
use strongroom_config::Diagnostics;
use strongroom_domain::schedule::{Schedule, SwapRole, Trigger};
use strongroom_orchestrator::RefusedFile;

use crate::permissions::Permissions;
use crate::{Error, Installation};

/// Schedules and plugins that fit.
pub struct Checked {
    /// Every schedule, by name.
    pub schedules: Vec<CheckedSchedule>,
    /// Plugin files that cannot be used.
    pub refused_plugins: Vec<RefusedFile>,
    /// What is allowed but probably not meant.
    pub warnings: Diagnostics,
}

as_json!(Checked, |checked| {
    let refused = checked.refused_plugins.iter();
    let refused = refused.map(|one| json!({ "file": one.file, "reason": one.reason }));
    json!({
        "schedules": checked.schedules, "refused_plugins": refused.collect::<Vec<_>>(),
        "warnings": checked.warnings,
    })
});

/// A schedule with the plugin that serves it.
pub struct CheckedSchedule {
    /// The schedule.
    pub schedule: Arc<Schedule>,
    /// The plugin's version.
    pub version: String,
    /// The plugin's digest.
    pub digest: String,
    /// What it may do.
    pub permissions: Permissions,
}

impl CheckedSchedule {
    /// The trigger as written.
    #[must_use]
    pub fn when(&self) -> String {
        let when = match &self.schedule.trigger {
            Trigger::Cron { cron, .. } => cron.as_str().to_owned(),
            Trigger::Every(every) => format!("every {}", every.as_str()),
            Trigger::At(at) => format!("at {at}"),
            Trigger::Event(event) => format!("on `{event}`"),
            Trigger::After(after) => format!("after `{}`", after.schedule),
        };
        match self.schedule.swap_role() {
            SwapRole::Primary => when,
            SwapRole::ShadowOf(primary) => format!("{when}, shadow of `{primary}`"),
            SwapRole::SucceededBy(successor) => format!("never, succeeded by `{successor}`"),
        }
    }
}

as_json!(CheckedSchedule, |checked| {
    let schedule = &checked.schedule;
    json!({
        "name": schedule.name, "plugin": schedule.plugin, "digest": checked.digest, "tenants": schedule.tenants,
        "when": checked.when(), "shadow_of": schedule.shadows(), "succeeded_by": schedule.successor(),
        "timezone": schedule.zone.as_str(), "grants": schedule.grants, "permissions": checked.permissions,
    })
});

/// Loads and validates schedules and plugins.
pub async fn check(at: &Installation) -> Result<Checked, Error> {
    let (set, folder, setup) = at.setup().await?;
    let mut warnings = set.warnings;
    warnings.extend(setup.warnings);
    let checked = setup.schedules.values().map(|prepared| CheckedSchedule {
        schedule: prepared.schedule.clone(),
        version: prepared.version().to_owned(),
        digest: prepared.digest().to_owned(),
        permissions: Permissions::of(prepared),
    });
    Ok(Checked {
        schedules: checked.collect(),
        refused_plugins: folder.refused,
        warnings,
    })
}
