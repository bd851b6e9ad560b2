//! What is active, and what an edit that gives a schedule another plugin leaves behind: operations that the old one began.
//!
//! Owns: that no operation is ever handed to a plugin that did not begin it.
//! Read next: `setup::ownership`.

use std::collections::BTreeMap;
use std::sync::Arc;

use strongroom_domain::{Outcome, ScheduleName};
use strongroom_ledger::Claim;

use crate::call::prepared::Prepared;
use crate::setup::Setup;

/// The set in force, and what still serves operations of earlier ones.
pub(super) struct Active {
    pub(super) setup: Arc<Setup>,
    /// Entries by digest whose plugin an edit changed.
    former: BTreeMap<(ScheduleName, String), Arc<Prepared>>,
}

impl Active {
    pub(super) fn new(setup: Arc<Setup>) -> Self {
        Self {
            setup,
            former: BTreeMap::new(),
        }
    }

    /// Puts a new set in force; entries that lose their plugin go on with the operations they began.
    pub(super) fn change(&mut self, new: Arc<Setup>) {
        let old = std::mem::replace(&mut self.setup, new);
        for (name, before) in &old.schedules {
            let after = self.setup.schedules.get(name);
            if after.is_some_and(|after| after.schedule.plugin != before.schedule.plugin) {
                let key = (name.clone(), before.digest().to_owned());
                self.former.insert(key, before.clone());
            }
        }
    }

    /// What serves a claim: the plugin that is active, or the one that began the operation.
    pub(super) fn serving(
        &self,
        claim: &Claim,
    ) -> Result<Option<Arc<Prepared>>, (Outcome, String)> {
        let Some(prepared) = self.setup.schedules.get(&claim.schedule) else {
            return Ok(None);
        };
        let began = claim.operation.as_ref().map(|operation| &operation.digest);
        let Some(digest) = began.filter(|digest| *digest != prepared.digest()) else {
            return Ok(Some(prepared.clone()));
        };
        let key = (claim.schedule.clone(), digest.clone());
        if let Some(former) = self.former.get(&key) {
            return Ok(Some(former.clone()));
        }
        let (plugin, now) = (&claim.plugin, &prepared.schedule.plugin);
        let earlier = self.setup.earlier.get(digest);
        let same = earlier.map_or(plugin == now, |file| file.plugin.description().name == *now);
        if same {
            return Ok(Some(self.setup.on(prepared, digest)));
        }
        if let Ok(keeper) = self.setup.keeper(&claim.schedule, plugin) {
            return Ok(Some(self.setup.on(keeper, digest)));
        }
        let reason = format!(
            "`{plugin}` began it at its provider, and the schedule uses `{now}` now: what became of it is not known"
        );
        Err((Outcome::Unknown, reason))
    }
}
