//! What an edit that gives a schedule another plugin leaves behind: operations that the old one began, and its snapshots.
//!
//! Owns: that neither is ever handed to a plugin that did not make it.
//! Read next: `setup::ownership`.

use std::sync::Arc;

use strongroom_domain::Outcome;
use strongroom_ledger::{Claim, LedgerError, Notice};

use super::Loop;
use crate::setup::{Prepared, Setup};

/// The name of the notice that stands while there are snapshots that no entry reaches.
pub const SHELVES_NOTICE: &str = "shelves";
/// The most lines of that notice.
const LINES: usize = 20;

impl Loop<'_> {
    /// Puts a new set in force; entries that lose their plugin go on with the operations they began.
    pub(super) fn change_setup(&mut self, new: Arc<Setup>) {
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

    /// Says which snapshots no entry reaches, or that there are none any more.
    pub(super) async fn report_orphans(&self) -> Result<(), LedgerError> {
        let counts = self.ledger.snapshot_counts().await?;
        let orphaned = self.setup.orphaned(&counts);
        let now = self.now();
        if orphaned.is_empty() {
            let notices = self.ledger.notices().await?;
            if notices.iter().any(|notice| notice.name == SHELVES_NOTICE) {
                let ledger = &self.ledger;
                ledger
                    .remove_notice(
                        SHELVES_NOTICE,
                        "host",
                        "every snapshot is kept by an entry",
                        now,
                    )
                    .await?;
            }
            return Ok(());
        }
        let mut lines: Vec<String> = orphaned
            .iter()
            .take(LINES)
            .flat_map(|(what, count)| {
                let snapshots = if *count == 1 { "snapshot" } else { "snapshots" };
                [
                    format!("{count} {snapshots} {what}"),
                    format!("  hint: {}", what.hint()),
                ]
            })
            .collect();
        if let Some(more) = orphaned.len().checked_sub(LINES).filter(|more| *more > 0) {
            lines.push(format!("and those of {more} more schedules"));
        }
        let notice = Notice {
            name: SHELVES_NOTICE.to_owned(),
            since: now,
            text: lines.join("\n"),
        };
        self.ledger.put_notice(notice).await
    }
}
