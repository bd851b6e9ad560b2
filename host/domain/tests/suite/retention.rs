//! What stays on the shelf, by example, with the sentences that people read.

use strongroom_domain::calendar::Zone;
use strongroom_domain::retention::{Hold, Retention, ShelfItem, Verdict, Within, decide};
use uuid::Uuid;

use crate::world::at;

fn good(number: u128, taken_at: &str) -> ShelfItem {
    ShelfItem {
        id: Uuid::from_u128(number),
        taken_at: at(taken_at),
        good: true,
        hold: None,
    }
}

fn bad(number: u128, taken_at: &str) -> ShelfItem {
    ShelfItem {
        good: false,
        ..good(number, taken_at)
    }
}

fn held(item: ShelfItem, until: Option<&str>) -> ShelfItem {
    let hold = Hold {
        name: "audit".into(),
        reason: "asked by the auditor".into(),
        until: until.map(at),
    };
    ShelfItem {
        hold: Some(hold),
        ..item
    }
}

fn decided(shelf: &[ShelfItem], retention: &Retention, now: &str) -> Vec<Verdict> {
    decide(shelf, retention, &Zone::parse("-03:00").unwrap(), at(now))
}

/// The numbers of the copies that stay.
fn kept(shelf: &[ShelfItem], retention: &Retention, now: &str) -> Vec<u128> {
    let verdicts = decided(shelf, retention, now);
    verdicts
        .iter()
        .filter(|verdict| verdict.keep)
        .map(|verdict| verdict.id.as_u128())
        .collect()
}

fn within(text: &str) -> Retention {
    Retention {
        keep_within: Some(Within::parse(text).unwrap()),
        ..Retention::default()
    }
}

/// Daily copies at 03:00 -03:00, number 1 on the 1st of November 2026.
fn november(days: u128) -> Vec<ShelfItem> {
    (1..=days)
        .map(|day| good(day, &format!("2026-11-{day:02}T06:00:00Z")))
        .collect()
}

#[test]
fn p02_the_past_five_days_are_kept() {
    let shelf = november(10);
    assert_eq!(
        kept(&shelf, &within("5d"), "2026-11-10T06:05:00Z"),
        [6, 7, 8, 9, 10]
    );
    // A moment before the oldest reaches its age.
    assert_eq!(
        kept(&shelf, &within("5d"), "2026-11-10T05:59:59Z"),
        [5, 6, 7, 8, 9, 10]
    );
    let verdicts = decided(&shelf, &within("5d"), "2026-11-10T06:05:00Z");
    assert_eq!(
        verdicts[4].rules,
        ["dropped: older than keep-within 5d, no other rule keeps it"]
    );
    assert_eq!(
        verdicts[5].rules,
        ["kept by keep-within 5d (until 2026-11-11 03:00 -03:00)"]
    );
}

#[test]
fn the_last_good_copies_are_never_dropped() {
    let mut shelf = november(5);
    shelf.push(bad(6, "2026-11-06T06:00:00Z"));
    assert_eq!(kept(&shelf, &within("1d"), "2027-11-06T06:00:00Z"), [5]);
    let verdicts = decided(&shelf, &within("1d"), "2027-11-06T06:00:00Z");
    assert_eq!(
        verdicts[4].rules,
        ["kept by floor 1: among the newest good copies"]
    );
    assert_eq!(
        verdicts[5].rules,
        ["dropped: not good, and older than keep-within 1d"]
    );
    let floor = Retention {
        floor: 3,
        ..within("1d")
    };
    assert_eq!(kept(&shelf, &floor, "2027-11-06T06:00:00Z"), [3, 4, 5]);
}

#[test]
fn no_rule_keeps_everything() {
    let mut shelf = november(5);
    shelf.push(bad(6, "2026-11-06T06:00:00Z"));
    let zero = Retention {
        keep_last: Some(0),
        ..Retention::default()
    };
    for retention in [Retention::default(), zero] {
        assert_eq!(kept(&shelf, &retention, "2030-01-01T00:00:00Z").len(), 6);
    }
}

#[test]
fn periods_keep_their_last_good_copy_by_the_calendar_of_the_zone() {
    let shelf = [
        good(1, "2026-11-19T02:59:59Z"), // 18 November at -03:00
        good(2, "2026-11-19T03:00:00Z"), // 19 November at -03:00
        good(3, "2026-11-20T02:00:00Z"), // still the 19th
        bad(4, "2026-11-20T02:30:00Z"),
        good(5, "2026-11-20T12:00:00Z"),
    ];
    let daily = Retention {
        keep_daily: Some(3),
        ..Retention::default()
    };
    let verdicts = decided(&shelf, &daily, "2026-11-20T13:00:00Z");
    let keeps: Vec<bool> = verdicts.iter().map(|verdict| verdict.keep).collect();
    assert_eq!(keeps, [true, false, true, false, true]);
    assert_eq!(
        verdicts[2].rules,
        ["kept by keep-daily 3 (the last of 2026-11-19)"]
    );
    assert_eq!(verdicts[1].rules, ["dropped: no rule keeps it"]);
    assert_eq!(
        verdicts[3].rules,
        ["dropped: not good, and a newer good copy is there"]
    );
}

#[test]
fn generations_reach_back_by_week_month_and_year() {
    let shelf = [
        good(1, "2024-06-01T12:00:00Z"),
        good(2, "2025-12-28T12:00:00Z"), // 2025-W52
        good(3, "2026-01-01T12:00:00Z"), // 2026-W01
        good(4, "2026-01-04T12:00:00Z"), // 2026-W01
        good(5, "2026-02-10T12:00:00Z"),
    ];
    let now = "2026-02-10T13:00:00Z";
    let rules = |retention: Retention| kept(&shelf, &retention, now);
    assert_eq!(
        rules(Retention {
            keep_weekly: Some(3),
            ..Retention::default()
        }),
        [2, 4, 5]
    );
    assert_eq!(
        rules(Retention {
            keep_monthly: Some(2),
            ..Retention::default()
        }),
        [4, 5]
    );
    assert_eq!(
        rules(Retention {
            keep_yearly: Some(9),
            ..Retention::default()
        }),
        [1, 2, 5]
    );
    assert_eq!(
        rules(Retention {
            keep_last: Some(2),
            ..Retention::default()
        }),
        [4, 5]
    );
    assert_eq!(
        rules(Retention {
            keep_hourly: Some(1),
            ..Retention::default()
        }),
        [5]
    );
    let weekly = Retention {
        keep_weekly: Some(3),
        ..Retention::default()
    };
    let reasons = &decided(&shelf, &weekly, now)[3].rules;
    assert_eq!(reasons[0], "kept by keep-weekly 3 (the last of 2026-W01)");
}

#[test]
fn a_held_copy_stays_and_takes_nobodys_place() {
    let mut shelf = november(3);
    shelf.push(held(good(9, "2026-11-03T12:00:00Z"), None));
    let last = Retention {
        keep_last: Some(2),
        ..Retention::default()
    };
    assert_eq!(kept(&shelf, &last, "2026-11-04T00:00:00Z"), [2, 3, 9]);
    let verdicts = decided(&shelf, &last, "2026-11-04T00:00:00Z");
    assert_eq!(
        verdicts[3].rules[0],
        "kept by hold `audit`: asked by the auditor"
    );
}

#[test]
fn a_hold_ends_at_its_time() {
    let mut shelf = november(3);
    shelf[0] = held(shelf[0].clone(), Some("2026-12-01T06:00:00Z"));
    let last = Retention {
        keep_last: Some(1),
        ..Retention::default()
    };
    let before = decided(&shelf, &last, "2026-12-01T05:59:59Z");
    let reason = "kept by hold `audit`: asked by the auditor (until 2026-12-01 03:00 -03:00)";
    assert_eq!(
        (before[0].keep, before[0].rules[0].as_str()),
        (true, reason)
    );
    let after = decided(&shelf, &last, "2026-12-01T06:00:00Z");
    let reason = "dropped: no rule keeps it; hold `audit` ended 2026-12-01 03:00 -03:00";
    assert_eq!((after[0].keep, after[0].rules[0].as_str()), (false, reason));
}

#[test]
fn a_copy_from_the_future_stays_and_takes_nobodys_place() {
    let mut shelf = november(3);
    shelf.push(good(9, "2027-01-01T00:00:00Z"));
    let last = Retention {
        keep_last: Some(1),
        ..Retention::default()
    };
    assert_eq!(kept(&shelf, &last, "2026-11-04T00:00:00Z"), [3, 9]);
}

#[test]
fn what_is_not_good_stays_in_sight() {
    let shelf = [
        bad(1, "2026-11-01T06:00:00Z"),
        good(2, "2026-11-02T06:00:00Z"),
        bad(3, "2026-11-03T06:00:00Z"),
    ];
    let now = "2026-11-03T07:00:00Z";
    let last = Retention {
        keep_last: Some(5),
        ..Retention::default()
    };
    assert_eq!(kept(&shelf, &last, now), [2, 3]);
    assert_eq!(kept(&shelf, &within("5d"), now), [1, 2, 3]);
    let verdicts = decided(&shelf, &within("5d"), now);
    let reason = "kept: not good, in sight by keep-within 5d (until 2026-11-06 03:00 -03:00)";
    assert_eq!(verdicts[0].rules, [reason]);
}

#[test]
fn without_any_good_copy_the_newest_of_the_others_stays() {
    let shelf = [
        bad(1, "2026-11-01T06:00:00Z"),
        bad(2, "2026-11-02T06:00:00Z"),
    ];
    assert_eq!(kept(&shelf, &within("1d"), "2027-01-01T00:00:00Z"), [2]);
}

#[test]
fn a_copy_of_the_end_of_a_month_does_not_leave_before_an_older_one() {
    // One month on, both end on 28 February, the newer one at an earlier hour.
    let shelf = [
        good(1, "2027-01-30T18:00:00Z"),
        good(2, "2027-01-31T06:00:00Z"),
        good(3, "2027-02-28T06:00:00Z"),
    ];
    let month = within("1mo");
    assert_eq!(kept(&shelf, &month, "2027-02-28T12:00:00Z"), [1, 2, 3]);
    assert_eq!(kept(&shelf, &month, "2027-02-28T18:00:00Z"), [3]);
}
