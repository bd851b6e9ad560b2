//! The ages of shelves, from the record alone: whether a host runs or not.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use strongroom_domain::json_time;
use strongroom_domain::preview::length;
use strongroom_ledger::ShelfAge;

use crate::words::utc;

/// That a shelf that was too old is so no longer.
pub const NO_LONGER: &str = "the newest good snapshot is no longer too old";

/// One shelf that is too old, in a line.
#[must_use]
pub fn sentence(shelf: &ShelfAge, now: Timestamp) -> String {
    format!("{} {}: {}", shelf.schedule, shelf.tenant, said(shelf, now))
}

/// What is wrong with a shelf that is too old.
pub(crate) fn said(shelf: &ShelfAge, now: Timestamp) -> String {
    let age = length(whole_minutes(shelf.age.at(now)));
    let most = length(shelf.age.most);
    match shelf.age.newest {
        Some(_) => format!("the newest good snapshot is {age} old, and may be {most}"),
        None => format!(
            "no good snapshot since {}, {age} ago; one may be {most} old",
            utc(shelf.age.since)
        ),
    }
}

pub(crate) fn value(shelf: &ShelfAge, now: Timestamp) -> Value {
    json!({
        "schedule": shelf.schedule, "tenant": shelf.tenant, "newest": shelf.age.newest.map(json_time::text),
        "since": json_time::text(shelf.age.since), "age_seconds": shelf.age.at(now).as_secs(),
        "max_age_seconds": shelf.age.most.as_secs(), "too_old": shelf.age.is_too_old(now),
        "told": shelf.alerted.map(json_time::text),
    })
}

/// Nobody reads seconds of a day.
fn whole_minutes(age: Duration) -> Duration {
    let seconds = age.as_secs();
    Duration::from_secs(if seconds < 60 {
        seconds
    } else {
        seconds - seconds % 60
    })
}
