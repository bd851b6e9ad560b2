//! Plugin files: seen first, and what they are to the host.

use serde_json::json;

use crate::audit::AuditEntry;
use crate::plugins::{PluginRow, PluginState};

impl AuditEntry {
    /// `plugin-registered`: `digest`, `plugin`, `version`, `size` in bytes.
    pub fn plugin_registered(plugin: &PluginRow) -> Self {
        Self::new(
            "plugin-registered",
            json!({
                "digest": plugin.digest, "plugin": plugin.name, "version": plugin.version,
                "size": plugin.size,
            }),
        )
    }

    /// `plugin-state`: `digest`, `plugin`, `state`, `person`, `reason`.
    pub fn plugin_state(
        digest: &str,
        plugin: &str,
        state: PluginState,
        person: &str,
        reason: &str,
    ) -> Self {
        Self::new(
            "plugin-state",
            json!({
                "digest": digest, "plugin": plugin, "state": state.as_str(), "person": person,
                "reason": reason,
            }),
        )
    }
}
