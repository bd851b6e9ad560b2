//! The engine against the oracle: the same instants, in order, from every starting point.

use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use strongroom_domain::calendar::{DstGap, DstOverlap, Every, Zone, due_between, next_due};
use strongroom_domain::schedule::Trigger;

use crate::expressions;
use crate::walker::{Walk, is_fixed};
use crate::world::{Chance, changes, cron, in_every_zone, soak};

/// Every policy.
const POLICIES: [(DstGap, DstOverlap); 6] = [
    (DstGap::Next, DstOverlap::First),
    (DstGap::Next, DstOverlap::Second),
    (DstGap::Next, DstOverlap::Both),
    (DstGap::Skip, DstOverlap::First),
    (DstGap::Skip, DstOverlap::Second),
    (DstGap::Skip, DstOverlap::Both),
];
/// Of whole minutes: below a day, and whole days.
const DISTANCES: [(&str, i64); 12] = [
    ("1m", 60),
    ("7m", 420),
    ("15m", 900),
    ("1h", 3600),
    ("90m", 5400),
    ("7h", 25_200),
    ("12h", 43_200),
    ("23h", 82_800),
    ("1d", 86_400),
    ("2d", 172_800),
    ("1w", 604_800),
    ("31d", 2_678_400),
];
/// How many of them each change or month is compared with, in turn.
const DISTANCES_IN_TURN: usize = 2;
/// The most due times compared in one stretch of time, from one anywhere in it on: a daily time in a year and more.
const MOST: usize = 500;
/// The texts of the list that every change of these years is compared with, always.
const ALWAYS: usize = 22;
/// How many more of the list each change or month is compared with, in turn.
const IN_TURN: usize = 4;
/// 2018-01-01.
const DENSE_FROM: i64 = 1_514_764_800;
const YEAR: i64 = 31_557_600;

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
) -> usize {
    let skipped = chance.index(expected.len().saturating_sub(MOST) + 1);
    let before = match skipped.checked_sub(1) {
        Some(place) => instant(expected[place]),
        None => instant(from - 1),
    };
    let expected_piece = &expected[skipped..expected.len().min(skipped + MOST)];
    let found: Vec<i64> = due_between(trigger, zone, before, instant(to - 1))
        .take(MOST)
        .map(|due| due.at.as_second())
        .collect();
    if found != expected_piece {
        let pairs = found.iter().zip(expected_piece);
        let place = pairs
            .take_while(|(found, expected)| found == expected)
            .count();
        let shown = |at: Option<&i64>| {
            at.map(|at| instant(*at).to_zoned(zone.time_zone().clone()).to_string())
        };
        panic!(
            "{what}, after {before}: number {place} is {:?}, expected {:?} ({} and {} in all)",
            shown(found.get(place)),
            shown(expected_piece.get(place)),
            found.len(),
            expected_piece.len()
        );
    }
    for _ in 0..2 {
        let after = instant(chance.between(from, to))
            + SignedDuration::from_millis(chance.between(-999, 999));
        let place = expected.partition_point(|due| instant(*due) <= after);
        let Some(next) = expected.get(place) else {
            continue;
        };
        let found = next_due(trigger, zone, after).map(|due| due.at);
        assert_eq!(found, Some(instant(*next)), "{what}, after {after}");
    }
    found.len()
}

fn compare_text(
    walk: &Walk,
    zone: &Zone,
    text: &str,
    policies: &[(DstGap, DstOverlap)],
    chance: &mut Chance,
) -> usize {
    let matched = walk.read(text);
    // No policy applies to what follows real time.
    let policies = if is_fixed(text) {
        policies
    } else {
        &policies[..1]
    };
    let compared = policies.iter().map(|(gap, overlap)| {
        let what = format!("{text} in {} with {gap:?}, {overlap:?}", zone.as_str());
        let trigger = cron(text, *gap, *overlap);
        let expected = matched.due(*gap, *overlap);
        compare(
            (walk.from, walk.to),
            &expected,
            &trigger,
            zone,
            chance,
            &what,
        )
    });
    compared.sum()
}

fn compare_distances(
    walk: &Walk,
    zone: &Zone,
    distances: &[(&str, i64)],
    chance: &mut Chance,
) -> usize {
    let compared = distances.iter().map(|(text, seconds)| {
        // The oracle counts from the first midnight it sees; the engine is compared from there on.
        let expected = walk.every(*seconds);
        let Some(first) = expected.first() else {
            return 0;
        };
        let trigger = Trigger::Every(Every::parse(text).unwrap());
        let what = format!("every {text} in {}", zone.as_str());
        compare((*first, walk.to), &expected, &trigger, zone, chance, &what)
    });
    compared.sum()
}

/// Some of the distances in turn, or all of them.
fn distances(turn: usize) -> Vec<(&'static str, i64)> {
    let few = if soak() {
        DISTANCES.len()
    } else {
        DISTANCES_IN_TURN
    };
    let in_turn = DISTANCES.into_iter().cycle().skip(turn % DISTANCES.len());
    in_turn.take(few).collect()
}

/// These texts, and some of the list in turn or all of it.
fn chosen(always: usize, turn: usize, texts: &[String]) -> Vec<&String> {
    let in_turn = if soak() { texts.len() } else { IN_TURN };
    let rest = texts.iter().cycle().skip(turn * IN_TURN % texts.len());
    let always = if soak() { 0 } else { always };
    texts
        .iter()
        .take(always)
        .chain(rest.take(in_turn))
        .collect()
}

fn told(what: &str, compared: &AtomicUsize) {
    let compared = compared.load(Ordering::Relaxed);
    assert!(compared > 0, "nothing was compared");
    eprintln!("{what}: {compared} due times agree with the walker");
}

#[test]
fn every_change_of_the_clocks_from_1970_to_2100_agrees_with_the_walker() {
    let (texts, _) = expressions::all();
    let compared = AtomicUsize::new(0);
    in_every_zone(|zone, chance| {
        // The last year: by the rule for all years to come, where the zone has one.
        let years = [("1970-01-02", "2101-01-01"), ("2111-01-01", "2112-01-01")];
        let found = years.iter().flat_map(|(from, to)| {
            changes(
                zone,
                &format!("{from}T00:00:00Z"),
                &format!("{to}T00:00:00Z"),
            )
        });
        for (turn, change) in found.chain([1_780_000_000]).enumerate() {
            let walk = Walk::new(zone, change - 8 * 3600, change + 28 * 3600, 60);
            let dense = (DENSE_FROM..DENSE_FROM + 14 * YEAR).contains(&change);
            for text in chosen(
                if dense { ALWAYS } else { 0 },
                turn + zone.as_str().len(),
                &texts,
            ) {
                // Every policy in the years that matter most, in the others one after the other.
                let in_turn = &POLICIES[chance.index(POLICIES.len())..][..1];
                let policies = if dense { &POLICIES } else { in_turn };
                let count = compare_text(&walk, zone, text, policies, chance);
                compared.fetch_add(count, Ordering::Relaxed);
            }
            let count = compare_distances(&walk, zone, &distances(turn), chance);
            compared.fetch_add(count, Ordering::Relaxed);
        }
    });
    told("changes of the clocks, 1970 to 2100", &compared);
}

#[test]
fn every_day_from_2018_to_2031_agrees_with_the_walker() {
    let (texts, _) = expressions::all();
    let compared = AtomicUsize::new(0);
    in_every_zone(|zone, chance| {
        for year in 0..14 {
            // The whole year, or a month of it.
            let (start, month) = (DENSE_FROM + year * YEAR, 31 * 86_400);
            let (from, length) = if soak() {
                (start, YEAR)
            } else {
                (start + chance.between(0, YEAR - month), month)
            };
            let walk = Walk::new(zone, from, from + length, 60);
            let turn = chance.index(texts.len());
            for (number, text) in chosen(0, turn, &texts).into_iter().enumerate() {
                let policy = POLICIES[(number + usize::try_from(year).unwrap()) % POLICIES.len()];
                let count = compare_text(&walk, zone, text, &[policy], chance);
                compared.fetch_add(count, Ordering::Relaxed);
            }
            let count = compare_distances(&walk, zone, &distances(turn), chance);
            compared.fetch_add(count, Ordering::Relaxed);
        }
    });
    told("every day, 2018 to 2031", &compared);
}

#[test]
fn changes_of_the_clocks_agree_to_the_second() {
    let distances = [
        ("1s", 1),
        ("45s", 45),
        ("1m30s", 90),
        ("97s", 97),
        ("1h1s", 3601),
    ];
    let compared = AtomicUsize::new(0);
    in_every_zone(|zone, chance| {
        let to = if soak() { "2032" } else { "2019" };
        let to = format!("{to}-06-01T00:00:00Z");
        for change in changes(zone, "2018-06-01T00:00:00Z", &to) {
            let walk = Walk::new(zone, change - 5000, change + 9000, 1);
            for text in expressions::WITH_SECONDS {
                let count = compare_text(&walk, zone, text, &POLICIES, chance);
                compared.fetch_add(count, Ordering::Relaxed);
            }
            let count = compare_distances(&walk, zone, &distances, chance);
            compared.fetch_add(count, Ordering::Relaxed);
        }
    });
    told("changes of the clocks to the second", &compared);
}
