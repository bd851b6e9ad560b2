//! The ages of shelves, from the record alone: whether a host runs or not.

use jiff::Timestamp;
use serde_json::{Value, json};
use strongroom_domain::preview::length;
use strongroom_ledger::ShelfAge;

use crate::print;

/// That a shelf that was too old is so no longer.
pub(crate) const NO_LONGER: &str = "the newest good snapshot is no longer too old";

/// One shelf that is too old, in a line.
pub(crate) fn sentence(shelf: &ShelfAge, now: Timestamp) -> String {
    format!("{} {}: {}", shelf.schedule, shelf.tenant, said(shelf, now))
}

/// What is wrong with a shelf that is too old.
pub(super) fn said(shelf: &ShelfAge, now: Timestamp) -> String {
    let age = length(whole_minutes(shelf.age.at(now)));
    let most = length(shelf.age.most);
    match shelf.age.newest {
        Some(_) => format!("the newest good snapshot is {age} old, and may be {most}"),
        None => format!(
            "no good snapshot since {}, {age} ago; one may be {most} old",
            print::utc(shelf.age.since)
        ),
    }
}

pub(super) fn value(shelf: &ShelfAge, now: Timestamp) -> Value {
    json!({
        "schedule": shelf.schedule, "tenant": shelf.tenant, "newest": shelf.age.newest, "since": shelf.age.since,
        "age_seconds": shelf.age.at(now).as_secs(), "max_age_seconds": shelf.age.most.as_secs(),
        "too_old": shelf.age.is_too_old(now), "told": shelf.alerted,
    })
}

/// Nobody reads seconds of a day.
fn whole_minutes(age: std::time::Duration) -> std::time::Duration {
    let seconds = age.as_secs();
    std::time::Duration::from_secs(if seconds < 60 {
        seconds
    } else {
        seconds - seconds % 60
    })
}
