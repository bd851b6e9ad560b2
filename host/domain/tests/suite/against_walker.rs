//! The engine against the oracle: the same instants, in order, from every starting point.

use jiff::{SignedDuration, Timestamp};
use strongroom_domain::calendar::{DstGap, DstOverlap, Every, Zone, due_between, next_due};
use strongroom_domain::schedule::Trigger;

use crate::walker::Walk;
use crate::world::{Chance, changes, cron, in_every_zone};

/// Texts whose times lie where clocks change, and every way of writing them.
const TEXTS: [&str; 22] = [
    "30 2 * * *",
    "0 0 * * *",
    "30 1 * * *",
    "0 3 * * *",
    "15,45 0-3 * * *",
    "0 2,3 * * *",
    "5-10 2 * * *",
    "0-59 2 * * *",
    "45 1,2 * * SUN",
    "30 23 * * *",
    "0 23,0 * * *",
    "0 0 1 * *",
    "59 23 31 * *",
    "0 0 13 * FRI",
    "17 2 */2 * SUN",
    "0 4 * * SAT-MON",
    "*/15 * * * *",
    "0 * * * *",
    "*/20 1 * * *",
    "* 2 * * *",
    "0 */2 * * *",
    "7-59/13 0-3 1-7 * SUN",
];
/// Every policy; no civil time is in a gap and an overlap at once.
const POLICIES: [(DstGap, DstOverlap); 4] = [
    (DstGap::Next, DstOverlap::First),
    (DstGap::Skip, DstOverlap::Second),
    (DstGap::Next, DstOverlap::Both),
    (DstGap::Skip, DstOverlap::First),
];
const DISTANCES: [(&str, i64); 5] = [
    ("15m", 900),
    ("1h", 3600),
    ("7h", 25_200),
    ("90m", 5400),
    ("12h", 43_200),
];
/// The most due times compared in one stretch of time.
const MOST: usize = 3000;

fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Compares a whole stretch, then single questions from anywhere inside it, fractions of a second included.
fn compare(
    (from, to): (i64, i64),
    expected: &[i64],
    trigger: &Trigger,
    zone: &Zone,
    chance: &mut Chance,
    what: &str,
) {
    let before = instant(from - 1);
    let found: Vec<i64> = due_between(trigger, zone, before, instant(to - 1))
        .take(MOST)
        .map(|due| due.at.as_second())
        .collect();
    let expected_head = &expected[..expected.len().min(MOST)];
    if found != expected_head {
        let place = found
            .iter()
            .zip(expected_head)
            .take_while(|(found, expected)| found == expected)
            .count();
        let shown = |at: Option<&i64>| {
            at.map(|at| instant(*at).to_zoned(zone.time_zone().clone()).to_string())
        };
        panic!(
            "{what}: number {place} is {:?}, expected {:?} ({} and {} in all)",
            shown(found.get(place)),
            shown(expected_head.get(place)),
            found.len(),
            expected_head.len()
        );
    }
    for _ in 0..4 {
        let after = instant(chance.between(from, to))
            + SignedDuration::from_millis(chance.between(-999, 999));
        let Some(next) = expected.iter().find(|due| instant(**due) > after) else {
            continue;
        };
        let found = next_due(trigger, zone, after).map(|due| due.at);
        assert_eq!(found, Some(instant(*next)), "{what}, after {after}");
    }
}

fn compare_text(walk: &Walk, zone: &Zone, text: &str, chance: &mut Chance) {
    let matched = walk.read(text);
    for (gap, overlap) in POLICIES {
        let what = format!("{text} in {} with {gap:?}, {overlap:?}", zone.as_str());
        let trigger = cron(text, gap, overlap);
        compare(
            (walk.from, walk.to),
            &matched.due(gap, overlap),
            &trigger,
            zone,
            chance,
            &what,
        );
        let Trigger::Cron { cron, .. } = &trigger else {
            unreachable!()
        };
        if !cron.is_fixed() {
            // No policy applies.
            return;
        }
    }
}

fn compare_distances(walk: &Walk, zone: &Zone, chance: &mut Chance) {
    for (text, seconds) in DISTANCES {
        // The oracle counts from the first midnight it sees; the engine is compared from there on.
        let expected = walk.every(seconds);
        let Some(first) = expected.first() else {
            continue;
        };
        let trigger = Trigger::Every(Every::parse(text).unwrap());
        let what = format!("every {text} in {}", zone.as_str());
        compare((*first, walk.to), &expected, &trigger, zone, chance, &what);
    }
}

#[test]
fn every_change_of_the_clocks_from_2018_to_2031_agrees_with_the_walker() {
    in_every_zone(|zone, chance| {
        let mut around = changes(zone, "2018-01-01T00:00:00Z", "2032-01-01T00:00:00Z");
        // The day that does not exist in Apia, Newfoundland's changes at one minute past midnight.
        around.extend(changes(
            zone,
            "2010-09-01T00:00:00Z",
            "2012-01-01T00:00:00Z",
        ));
        // By the rule for all years to come, where it has one.
        around.extend(changes(
            zone,
            "2111-01-01T00:00:00Z",
            "2112-01-01T00:00:00Z",
        ));
        if around.is_empty() {
            around.push(1_780_000_000);
        }
        for change in around {
            let walk = Walk::new(zone, change - 20 * 3600, change + 20 * 3600, 60);
            for text in TEXTS {
                compare_text(&walk, zone, text, chance);
            }
            compare_distances(&walk, zone, chance);
        }
    });
}

#[test]
fn chance_texts_over_chance_months_agree_with_the_walker() {
    in_every_zone(|zone, chance| {
        for _ in 0..6 {
            // 2005 to 2031.
            let from = chance.between(1_104_537_600, 1_956_528_000);
            let walk = Walk::new(zone, from, from + 31 * 86_400, 60);
            for _ in 0..5 {
                compare_text(&walk, zone, &chance.cron_text(), chance);
            }
        }
    });
}

#[test]
fn changes_of_the_clocks_agree_to_the_second() {
    in_every_zone(|zone, chance| {
        for change in changes(zone, "2018-06-01T00:00:00Z", "2019-06-01T00:00:00Z") {
            let walk = Walk::new(zone, change - 5000, change + 9000, 1);
            for text in [
                "30 30 2 * * *",
                "0-59 59 0-3 * * *",
                "*/7 * * * * *",
                "59 59 * * * *",
                "10,50 0,15 1,2 * * *",
            ] {
                compare_text(&walk, zone, text, chance);
            }
        }
    });
}

#[test]
#[ignore = "takes minutes: every minute of fourteen years in every zone"]
fn every_minute_from_2018_to_2031_agrees_with_the_walker() {
    in_every_zone(|zone, chance| {
        for year in 2018..2032_i64 {
            let from = 1_514_764_800 + (year - 2018) * 31_557_600;
            let walk = Walk::new(zone, from, from + 31_557_600, 60);
            for text in TEXTS {
                compare_text(&walk, zone, text, chance);
            }
            for _ in 0..10 {
                compare_text(&walk, zone, &chance.cron_text(), chance);
            }
        }
    });
}
