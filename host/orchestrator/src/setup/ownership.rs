//! Who keeps what is on a shelf: the entry whose plugin made it.
//!
//! Owns: which entry may delete, read back and restore a snapshot. A reference means something to the plugin that gave it
//! and to no other: asked for it, another one says `not-found`, and that is no proof that it is gone.
//! Never: guesses. What no entry keeps is left alone, and said.

use std::fmt;
use std::sync::Arc;

use strongroom_domain::{PluginName, ScheduleName};
use strongroom_ledger::SnapshotCount;

use super::Setup;
use crate::call::prepared::Prepared;

/// Snapshots of a schedule that no entry can reach, because another plugin made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphaned {
    /// The schedule under which they were recorded.
    pub schedule: ScheduleName,
    /// The plugin that made them.
    pub plugin: PluginName,
    /// The plugin of that schedule now; `None`: it is no longer in the files.
    pub now: Option<PluginName>,
}

impl Setup {
    /// The entries whose place a schedule took.
    #[must_use]
    pub fn succeeded_by(&self, successor: &ScheduleName) -> &[Arc<Prepared>] {
        self.succeeded.get(successor).map_or(&[], Vec::as_slice)
    }

    /// The entry that keeps what a plugin made for a schedule: that schedule, as long as it has the plugin; else the one
    /// entry of that plugin whose place the schedule took.
    ///
    /// # Errors
    /// [`Orphaned`]: there is none.
    pub fn keeper(
        &self,
        schedule: &ScheduleName,
        plugin: &PluginName,
    ) -> Result<&Arc<Prepared>, Orphaned> {
        let own = self.schedules.get(schedule);
        if let Some(own) = own.filter(|own| own.schedule.plugin == *plugin) {
            return Ok(own);
        }
        let old = self.succeeded_by(schedule).iter();
        let mut old = old.filter(|old| old.schedule.plugin == *plugin);
        // Two of them may go to different places: neither is taken.
        match (old.next(), old.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(Orphaned {
                schedule: schedule.clone(),
                plugin: plugin.clone(),
                now: own.map(|own| own.schedule.plugin.clone()),
            }),
        }
    }

    /// What is on the shelves of these schedules and no entry keeps, with the number of snapshots.
    #[must_use]
    pub fn orphaned(&self, counts: &[SnapshotCount]) -> Vec<(Orphaned, u64)> {
        let known = |one: &&SnapshotCount| self.schedules.contains_key(&one.schedule);
        let orphaned = counts.iter().filter(known).filter_map(|one| {
            let orphaned = self.keeper(&one.schedule, &one.plugin).err()?;
            Some((orphaned, one.count))
        });
        orphaned.collect()
    }
}

impl Orphaned {
    /// What a person can do.
    #[must_use]
    pub fn hint(&self) -> String {
        let Self {
            schedule, plugin, ..
        } = self;
        match self.now {
            Some(_) => format!(
                "keep `{plugin}` as an entry of its own, with `succeeded-by = \"{schedule}\"`, its old configuration and \
                 grants: its shelf is then what it made for `{schedule}`"
            ),
            None => format!("write the entry `{schedule}` again, with `plugin = \"{plugin}\"`"),
        }
    }
}

impl fmt::Display for Orphaned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            schedule,
            plugin,
            now,
        } = self;
        match now {
            Some(now) => write!(
                f,
                "made by `{plugin}` for `{schedule}`, which uses `{now}` now: no entry reaches it, and it is left alone"
            ),
            None => write!(
                f,
                "made by `{plugin}` for `{schedule}`, which is no longer in the schedule files"
            ),
        }
    }
}

impl std::error::Error for Orphaned {}
