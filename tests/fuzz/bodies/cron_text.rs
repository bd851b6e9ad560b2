//! What must hold for every cron text, zone and moment: the body of the fuzz target and of a property in the suite.
//!
//! The text has three lines: cron, zone, seconds since 1970. What is missing is UTC and 2026.

use jiff::{SignedDuration, Timestamp};
use strongroom_domain::calendar::{Cron, DstGap, DstOverlap, Every, Zone, next_due};
use strongroom_domain::schedule::Trigger;

/// Due times asked for in a row.
const IN_A_ROW: usize = 4;

/// Panics where a promise is broken.
pub(crate) fn check(text: &str) {
    let mut lines = text.split('\n');
    let written = lines.next().unwrap_or_default();
    let zone = lines.next().map(Zone::parse);
    if let Some(Err(error)) = &zone {
        assert!(!error.to_string().is_empty(), "a silent error of the zone");
    }
    let zone = zone.and_then(Result::ok);
    let Some(zone) = zone.or_else(|| Zone::parse("UTC").ok()) else {
        return;
    };
    let asked = lines.next().and_then(|second| second.parse().ok());
    let second = asked.unwrap_or(1_790_000_000_i64);
    let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let Ok(after) = Timestamp::from_second(second.clamp(first, last)) else {
        return;
    };
    if let Ok(every) = Every::parse(written) {
        follow(&Trigger::Every(every), &zone, after);
    }
    match Cron::parse(written) {
        Ok(cron) => {
            assert_eq!(cron.as_str(), written);
            for gap in [DstGap::Next, DstGap::Skip] {
                for overlap in [DstOverlap::First, DstOverlap::Second, DstOverlap::Both] {
                    let cron = cron.clone();
                    follow(
                        &Trigger::Cron {
                            cron: cron.into(),
                            gap,
                            overlap,
                        },
                        &zone,
                        after,
                    );
                }
            }
        }
        Err(error) => {
            assert!(!error.message.is_empty(), "a silent error: {written:?}");
            let span = error.span.clone();
            assert!(
                written.get(span).is_some(),
                "the error {error:?} points beside {written:?}"
            );
        }
    }
}

/// Due times increase, and each is the next one until the very moment before it.
fn follow(trigger: &Trigger, zone: &Zone, after: Timestamp) {
    let mut cursor = after;
    for _ in 0..IN_A_ROW {
        let Some(due) = next_due(trigger, zone, cursor) else {
            return;
        };
        assert!(
            due.at > cursor,
            "{trigger:?} turns back from {cursor} to {}",
            due.at
        );
        if let Ok(just_before) = due.at.checked_sub(SignedDuration::from_nanos(1)) {
            let again = next_due(trigger, zone, just_before.max(cursor));
            assert_eq!(
                again,
                Some(due),
                "{trigger:?} from {cursor} and from {just_before}"
            );
        }
        cursor = due.at;
    }
}
