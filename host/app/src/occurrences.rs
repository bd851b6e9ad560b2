//! Due times and what became of them.

use std::ops::Deref;

use serde_json::{Value, json};
use strongroom_domain::json_time;
use strongroom_ledger::{Ledger, OccurrenceRow, OpenMode, Origin};

use crate::{Error, Installation};

pub use strongroom_ledger::OccurrenceFilter;

/// One due time of one schedule for one tenant, as the record has it and as it is told.
#[derive(Debug)]
pub struct Occurrence(OccurrenceRow);

impl Occurrence {
    /// The first line of its reason; empty: there is none.
    #[must_use]
    pub fn why(&self) -> &str {
        let reason = self.reason.as_deref().unwrap_or_default();
        reason.lines().next().unwrap_or_default()
    }

    /// Whether a host holds it, or it goes on at a provider.
    #[must_use]
    pub fn under_way(&self) -> bool {
        self.owner.is_some() || self.operation.is_some()
    }
}

impl Deref for Occurrence {
    type Target = OccurrenceRow;

    fn deref(&self) -> &OccurrenceRow {
        &self.0
    }
}

as_json!(Occurrence, |row| {
    json!({
        "id": row.id, "schedule": row.schedule, "tenant": row.tenant, "plugin": row.plugin,
        "due": json_time::text(row.due), "covers": row.makes_up_for.map(json_time::text),
        "origin": origin(&row.origin), "shadow_of": row.shadow_of, "outcome": row.outcome,
        "reason": row.reason, "attempts": row.attempts, "ended_at": row.ended_at.map(json_time::text),
        "evidence": row.evidence,
    })
});

fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::Schedule => json!({ "kind": "timetable" }),
        Origin::Person(person) => json!({ "kind": "run-now", "person": person }),
        Origin::Backfill(person) => json!({ "kind": "backfill", "person": person }),
        Origin::Event { name, person } => {
            json!({ "kind": "event", "event": name, "person": person })
        }
        Origin::After(occurrence) => json!({ "kind": "after", "occurrence": occurrence }),
    }
}

/// The newest occurrences that pass a filter, earliest first.
pub async fn list(at: &Installation, filter: OccurrenceFilter) -> Result<Vec<Occurrence>, Error> {
    let newest = OccurrenceFilter {
        newest_first: true,
        ..filter
    };
    let mut rows = read(at.ledger(OpenMode::Reader).await?.as_ref(), newest).await?;
    rows.reverse();
    Ok(rows)
}

pub(crate) async fn read(
    ledger: &dyn Ledger,
    filter: OccurrenceFilter,
) -> Result<Vec<Occurrence>, Error> {
    let rows = ledger.occurrences(filter).await?;
    Ok(rows.into_iter().map(Occurrence).collect())
}
