//! Snapshots that no entry reaches, because another plugin made them: a notice stands while there are any.
//!
//! Read next: `setup::ownership`.

use async_trait::async_trait;
use strongroom_ledger::{LedgerError, Notice};

use crate::call::context::CallContext;
use crate::roles::Watch;
use crate::setup::Setup;

/// The name of the notice that stands while there are snapshots that no entry reaches.
pub const SHELVES_NOTICE: &str = "shelves";
/// The most lines of that notice.
const LINES: usize = 20;

/// Looks with every new set; in between nothing changes.
pub(super) struct Orphans;

#[async_trait]
impl Watch for Orphans {
    async fn begin(&mut self, context: &CallContext, setup: &Setup) -> Result<(), LedgerError> {
        let (ledger, now) = (&context.ledger, context.clock.now());
        let orphaned = setup.orphaned(&ledger.snapshot_counts().await?);
        if orphaned.is_empty() {
            let notices = ledger.notices().await?;
            if notices.iter().any(|notice| notice.name == SHELVES_NOTICE) {
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
        ledger.put_notice(notice).await
    }
}
