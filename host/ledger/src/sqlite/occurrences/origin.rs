//! Who asked for an occurrence, how it takes its turn, who goes first: words of the domain as columns.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use strongroom_domain::EventName;
use strongroom_domain::schedule::{Overlap, Priority};
use uuid::Uuid;

use crate::error::LedgerError;
use crate::occurrences::{NewOccurrence, Origin};
use crate::sqlite::columns::misfit;

const BACKFILL: &str = "backfill";
const EVENT: &str = "event:";
const AFTER: &str = "after:";

/// Columns `person` and `cause`.
pub(super) fn origin_columns(origin: &Origin) -> (Option<&str>, Option<String>) {
    match origin {
        Origin::Schedule => (None, None),
        Origin::Person(person) => (Some(person), None),
        Origin::Backfill(person) => (Some(person), Some(BACKFILL.to_owned())),
        Origin::Event { name, person } => (Some(person), Some(format!("{EVENT}{name}"))),
        Origin::After(occurrence) => (None, Some(format!("{AFTER}{occurrence}"))),
    }
}

pub(super) fn get_origin(row: &SqliteRow) -> Result<Origin, LedgerError> {
    let person: Option<String> = row.try_get("person")?;
    let cause: Option<&str> = row.try_get("cause")?;
    let wrong = || misfit("cause");
    let Some(cause) = cause else {
        return Ok(person.map_or(Origin::Schedule, Origin::Person));
    };
    if cause == BACKFILL {
        return Ok(Origin::Backfill(person.ok_or_else(wrong)?));
    }
    if let Some(name) = cause.strip_prefix(EVENT) {
        return Ok(Origin::Event {
            name: EventName::new(name).map_err(|_| wrong())?,
            person: person.ok_or_else(wrong)?,
        });
    }
    let after = cause.strip_prefix(AFTER).ok_or_else(wrong)?;
    Uuid::parse_str(after)
        .map(Origin::After)
        .map_err(|_| wrong())
}

/// Whether a person asked for it, by a run now or a backfill: nothing that is due by itself ends for its sake.
pub(super) fn is_manual(origin: &Origin) -> bool {
    match origin {
        Origin::Person(_) | Origin::Backfill(_) => true,
        Origin::Schedule | Origin::Event { .. } | Origin::After(_) => false,
    }
}

/// Column `turn`.
pub(super) fn turn(new: &NewOccurrence) -> i64 {
    match (&new.origin, new.overlap) {
        (Origin::Backfill(_), _) => 2,
        (_, Overlap::Allow) => 0,
        (_, Overlap::Skip | Overlap::Queue | Overlap::Replace) => 1,
    }
}

/// Column `priority`.
pub(super) fn priority_number(priority: Priority) -> i64 {
    match priority {
        Priority::High => 0,
        Priority::Normal => 1,
        Priority::Low => 2,
    }
}

pub(super) fn get_priority(row: &SqliteRow) -> Result<Priority, LedgerError> {
    let number: i64 = row.try_get("priority")?;
    Priority::ALL
        .into_iter()
        .find(|priority| priority_number(*priority) == number)
        .ok_or_else(|| misfit("priority"))
}
