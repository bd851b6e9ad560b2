//! Rare dates, far years, the ends of representable time, and what a question costs.

use std::hint::black_box;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use strongroom_domain::calendar::{DstGap, DstOverlap, Every, due_between, next_due};
use strongroom_domain::schedule::Trigger;

use crate::expressions;
use crate::world::{Chance, ZONES, at, cron, in_every_zone, zone};

fn dates(text: &str, from: &str, to: &str) -> Vec<(i16, i8, i8)> {
    let (trigger, utc) = (cron(text, DstGap::Next, DstOverlap::First), zone("UTC"));
    let due = due_between(&trigger, &utc, at(from), at(to));
    due.map(|due| utc.time_zone().to_datetime(due.at).date())
        .map(|date| (date.year(), date.month(), date.day()))
        .collect()
}

#[test]
fn leap_days_come_exactly_in_leap_years_to_2400_and_in_every_zone() {
    let leap = |year: &i16| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let expected: Vec<(i16, i8, i8)> = (1970..=2400)
        .filter(leap)
        .map(|year| (year, 2, 29))
        .collect();
    assert_eq!(
        dates("0 0 29 2 *", "1970-01-01T00:00:00Z", "2401-01-01T00:00:00Z"),
        expected
    );
    for year in [2100, 2200, 2300] {
        assert!(!expected.contains(&(year, 2, 29)));
    }
    in_every_zone(|zone, _| {
        let trigger = cron("30 12 29 2 *", DstGap::Next, DstOverlap::First);
        let from = at("1970-01-01T00:00:00Z");
        let due = due_between(&trigger, zone, from, at("2401-01-01T00:00:00Z"));
        let years: Vec<(i16, i8, i8)> = due
            .map(|due| zone.time_zone().to_datetime(due.at).date())
            .map(|date| (date.year(), date.month(), date.day()))
            .collect();
        assert_eq!(years, expected, "{}", zone.as_str());
    });
}

#[test]
fn a_31st_comes_in_seven_months_of_every_year_to_2400() {
    let expected: Vec<(i16, i8, i8)> = (1970..=2400)
        .flat_map(|year| [1, 3, 5, 7, 8, 10, 12].map(|month| (year, month, 31)))
        .collect();
    assert_eq!(
        dates("0 0 31 * *", "1970-01-01T00:00:00Z", "2401-01-01T00:00:00Z"),
        expected
    );
}

/// Every kind of trigger.
fn triggers() -> Vec<Trigger> {
    let mut all: Vec<Trigger> = ["1s", "7h", "12h", "1d", "2w", "366d"]
        .map(|text| Trigger::Every(Every::parse(text).unwrap()))
        .into();
    all.extend([Trigger::At(Timestamp::MIN), Trigger::At(Timestamp::MAX)]);
    for text in [
        "* * * * *",
        "0 0 29 2 *",
        "0 0 */28 2 MON",
        "59 59 23 31 12 *",
        "30 2 * * SUN",
        "*/30 1 * * *",
    ] {
        for overlap in [DstOverlap::First, DstOverlap::Second, DstOverlap::Both] {
            all.push(cron(text, DstGap::Next, overlap));
            all.push(cron(text, DstGap::Skip, overlap));
        }
    }
    all
}

#[test]
fn nothing_breaks_at_the_ends_of_representable_time() {
    let distances = [0, 1, 59, 3600, 50_000, 86_400, 200_000, 40_000_000];
    let mut last = 0;
    for name in
        ZONES
            .into_iter()
            .chain(["-03:00", "+14:00", "-25:59:59", "+25:59:59", "Etc/GMT+12"])
    {
        let Ok(zone) = strongroom_domain::calendar::Zone::parse(name) else {
            // An offset that the reader refuses.
            continue;
        };
        for trigger in triggers() {
            for seconds in distances {
                let by = SignedDuration::from_secs(seconds);
                let near_start = Timestamp::MIN.checked_add(by).unwrap();
                let near_end = Timestamp::MAX.checked_sub(by).unwrap();
                for after in [near_start, near_end] {
                    let mut cursor = after;
                    for _ in 0..3 {
                        let Some(due) = next_due(&trigger, &zone, cursor) else {
                            break;
                        };
                        assert!(due.at > cursor, "{trigger:?} in {name} after {cursor}");
                        cursor = due.at;
                        last += usize::from(after == near_end);
                    }
                }
            }
        }
    }
    assert!(
        last > 1000,
        "hardly anything is due near the end of time: {last}"
    );
}

#[test]
#[ignore = "measures, in the long form of the tests"]
#[expect(
    clippy::disallowed_methods,
    reason = "what a question costs is a matter of the real clock"
)]
fn what_a_question_costs() {
    let (texts, _) = expressions::all();
    let mut chance = Chance(7);
    let (mut all, mut asked) = (Duration::ZERO, 0_u32);
    let mut slowest = (Duration::ZERO, String::new());
    for name in ZONES {
        let zone = zone(name);
        for text in &texts {
            let trigger = cron(text, DstGap::Next, DstOverlap::Both);
            for (low, high) in [(0, 4_102_444_800), (4_102_444_800, 40_000_000_000)] {
                let after = Timestamp::from_second(chance.between(low, high)).unwrap();
                // The best of three: what the machine does besides is not the question's cost.
                let took = (0..3).map(|_| {
                    let began = Instant::now();
                    black_box(next_due(&trigger, &zone, after));
                    began.elapsed()
                });
                let took = took.min().unwrap();
                (all, asked) = (all + took, asked + 1);
                if took > slowest.0 {
                    slowest = (took, format!("{text} in {name} after {after}"));
                }
            }
        }
    }
    let (took, what) = slowest;
    eprintln!(
        "{asked} questions: {:?} on average, at most {took:?} ({what})",
        all / asked
    );
    assert!(took < Duration::from_millis(200), "{what} takes {took:?}");
}
