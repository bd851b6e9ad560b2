//! `log`: a plugin's lines in the host's log, with the run they belong to.

use strongroom_domain::{ScheduleName, TenantName};
use strongroom_sandbox::capability::log::{Log, LogLevel, LogLine};
use uuid::Uuid;

/// The log of one run.
pub(crate) struct RunLog {
    pub(crate) schedule: ScheduleName,
    pub(crate) tenant: TenantName,
    pub(crate) run: Uuid,
}

impl Log for RunLog {
    fn write(&self, line: LogLine) {
        let fields = serde_json::to_string(&line.fields).unwrap_or_default();
        let (schedule, tenant, run) = (self.schedule.as_str(), self.tenant.as_str(), self.run);
        match line.level {
            LogLevel::Debug => {
                tracing::debug!(target: "plugin", schedule, tenant, %run, fields, "{}", line.message)
            }
            LogLevel::Info => {
                tracing::info!(target: "plugin", schedule, tenant, %run, fields, "{}", line.message)
            }
            LogLevel::Warn => {
                tracing::warn!(target: "plugin", schedule, tenant, %run, fields, "{}", line.message)
            }
            LogLevel::Error => {
                tracing::error!(target: "plugin", schedule, tenant, %run, fields, "{}", line.message)
            }
        }
    }
}
