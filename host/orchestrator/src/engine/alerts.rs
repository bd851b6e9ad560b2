//! What went wrong, told once, by whomever it was recorded.

use std::collections::BTreeSet;

use jiff::Timestamp;
use strongroom_domain::Outcome;
use strongroom_ledger::{LedgerError, OccurrenceFilter};
use uuid::Uuid;

use crate::call::context::CallContext;

/// Up to when the record was looked through, and which of that very moment were told.
pub(super) struct Alerts {
    since: Timestamp,
    told: BTreeSet<Uuid>,
}

impl Alerts {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            since: now,
            told: BTreeSet::new(),
        }
    }

    /// Tells of what ended badly since.
    pub(super) async fn tell(&mut self, context: &CallContext) -> Result<(), LedgerError> {
        let filter = OccurrenceFilter {
            unsuccessful_since: Some(self.since),
            ..OccurrenceFilter::default()
        };
        let rows = context.ledger.occurrences(filter).await?;
        for row in &rows {
            if !self.told.contains(&row.id) && row.outcome.is_some_and(Outcome::alerts) {
                context.observer.alert(row);
            }
        }
        // Not later than now: the clock may have been set back, and what ends from now on must be found.
        let latest = rows.iter().filter_map(|row| row.ended_at).max();
        self.since = latest.unwrap_or(self.since).min(context.clock.now());
        let told = rows.iter().filter(|row| row.ended_at >= Some(self.since));
        self.told = told.map(|row| row.id).collect();
        Ok(())
    }
}
