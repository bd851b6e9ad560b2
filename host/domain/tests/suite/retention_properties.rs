//! What stays on the shelf, whatever the shelf: properties over random shelves, rules and moments.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use strongroom_domain::calendar::Zone;
use strongroom_domain::retention::{Hold, Retention, ShelfItem, Verdict, Within, decide};
use uuid::Uuid;

use crate::world::{ZONES, zone};

/// Somewhere in 2026; shelves reach some months around it.
const NOW: i64 = 1_792_000_000;

prop_compose! {
    fn hold()(ends in prop::option::of(-30_i64..30)) -> Hold {
        let until = ends.map(|days| Timestamp::from_second(NOW + days * 86_400).unwrap());
        Hold { name: "audit".into(), reason: "asked for".into(), until }
    }
}

prop_compose! {
    // Hours rather than seconds, so that copies share moments and periods often.
    fn item()(hours in -4000_i64..100, good in prop::bool::weighted(0.8), hold in prop::option::weighted(0.1, hold()))
        -> (i64, bool, Option<Hold>)
    {
        (hours, good, hold)
    }
}

fn shelf() -> impl Strategy<Value = Vec<ShelfItem>> {
    let items = prop::collection::vec(item(), 0..40);
    items.prop_map(|items| {
        let item = |(number, (hours, good, hold))| {
            let taken_at = Timestamp::from_second(NOW + hours * 3600).unwrap();
            ShelfItem {
                id: Uuid::from_u128(number),
                taken_at,
                good,
                hold,
            }
        };
        (1..).zip(items).map(item).collect()
    })
}

fn count() -> impl Strategy<Value = Option<u32>> {
    prop::option::weighted(0.3, 0_u32..8)
}

prop_compose! {
    fn retention()(
        within in prop::option::of(prop::sample::select(vec!["12h", "5d", "2w", "1mo", "3mo", "1mo3d"])),
        keep_last in count(),
        keep_hourly in count(),
        keep_daily in count(),
        keep_weekly in count(),
        keep_monthly in count(),
        keep_yearly in count(),
        floor in 0_u32..5,
    ) -> Retention {
        let keep_within = within.map(|text| Within::parse(text).unwrap());
        Retention { keep_within, keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly, floor }
    }
}

fn any_zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(&ZONES[..]).prop_map(zone)
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn counts(item: &ShelfItem) -> bool {
    item.good && item.taken_at <= now()
}

fn is_held(item: &ShelfItem) -> bool {
    item.hold
        .as_ref()
        .is_some_and(|hold| hold.until.is_none_or(|until| now() < until))
}

fn dropped(verdicts: &[Verdict]) -> BTreeSet<Uuid> {
    verdicts
        .iter()
        .filter(|verdict| !verdict.keep)
        .map(|verdict| verdict.id)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_copy_gets_one_verdict_with_a_reason(shelf in shelf(), retention in retention(), zone in any_zone()) {
        let verdicts = decide(&shelf, &retention, &zone, now());
        let ids = |all: &[Uuid]| all.to_vec();
        prop_assert_eq!(
            ids(&shelf.iter().map(|item| item.id).collect::<Vec<_>>()),
            ids(&verdicts.iter().map(|verdict| verdict.id).collect::<Vec<_>>())
        );
        for verdict in &verdicts {
            prop_assert!(!verdict.rules.is_empty());
            let prefix = if verdict.keep { "kept" } else { "dropped" };
            prop_assert!(verdict.rules.iter().all(|rule| rule.starts_with(prefix)), "{verdict:?}");
        }
    }

    #[test]
    fn the_newest_good_copies_up_to_the_floor_stay(shelf in shelf(), retention in retention(), zone in any_zone()) {
        let dropped = dropped(&decide(&shelf, &retention, &zone, now()));
        let mut good: Vec<_> = shelf.iter().filter(|item| counts(item)).collect();
        good.sort_by_key(|item| std::cmp::Reverse((item.taken_at, item.id)));
        for item in good.iter().take(retention.floor as usize) {
            prop_assert!(!dropped.contains(&item.id));
        }
    }

    #[test]
    fn a_held_copy_and_one_from_the_future_stay(shelf in shelf(), retention in retention(), zone in any_zone()) {
        let dropped = dropped(&decide(&shelf, &retention, &zone, now()));
        for item in &shelf {
            prop_assert!(!(dropped.contains(&item.id) && (is_held(item) || item.taken_at > now())));
        }
    }

    #[test]
    fn deciding_again_without_the_dropped_drops_nothing(shelf in shelf(), retention in retention(), zone in any_zone()) {
        let first = dropped(&decide(&shelf, &retention, &zone, now()));
        let left: Vec<_> = shelf.into_iter().filter(|item| !first.contains(&item.id)).collect();
        prop_assert_eq!(dropped(&decide(&left, &retention, &zone, now())), BTreeSet::new());
    }

    #[test]
    fn by_age_or_number_no_newer_copy_goes_before_an_older_one(
        shelf in shelf(), retention in retention(), zone in any_zone(),
    ) {
        let ordered = Retention {
            keep_hourly: None, keep_daily: None, keep_weekly: None, keep_monthly: None, keep_yearly: None, ..retention
        };
        let dropped = dropped(&decide(&shelf, &ordered, &zone, now()));
        let plain: Vec<_> = shelf.iter().filter(|item| counts(item) && !is_held(item)).collect();
        for newer in plain.iter().filter(|item| dropped.contains(&item.id)) {
            for older in plain.iter().filter(|older| older.taken_at < newer.taken_at) {
                prop_assert!(dropped.contains(&older.id), "{newer:?} goes, {older:?} stays");
            }
        }
    }

    #[test]
    fn in_each_day_only_the_last_copy_stays_by_days(shelf in shelf(), days in 1_u32..8, zone in any_zone()) {
        let retention = Retention { keep_daily: Some(days), floor: 0, ..Retention::default() };
        let dropped = dropped(&decide(&shelf, &retention, &zone, now()));
        let plain: Vec<_> = shelf.iter().filter(|item| counts(item) && !is_held(item)).collect();
        let day = |item: &ShelfItem| zone.time_zone().to_datetime(item.taken_at).date();
        // Plainly: the last copy of each of the latest days that have one.
        let all_days: BTreeSet<_> = plain.iter().map(|item| day(item)).collect();
        let mut expected = BTreeSet::new();
        for latest in all_days.iter().rev().take(days as usize) {
            let of_day = plain.iter().filter(|item| day(item) == *latest);
            expected.insert(of_day.max_by_key(|item| (item.taken_at, item.id)).unwrap().id);
        }
        let stay: BTreeSet<_> = plain.iter().map(|item| item.id).filter(|id| !dropped.contains(id)).collect();
        prop_assert_eq!(stay, expected);
    }

    #[test]
    fn one_more_rule_never_drops_more(shelf in shelf(), retention in retention(), more in 1_u32..9, zone in any_zone()) {
        prop_assume!(retention.has_rules());
        let wider = Retention { keep_daily: Some(retention.keep_daily.unwrap_or(0) + more), ..retention.clone() };
        let before = dropped(&decide(&shelf, &retention, &zone, now()));
        let after = dropped(&decide(&shelf, &wider, &zone, now()));
        prop_assert!(after.is_subset(&before));
    }

    #[test]
    fn what_is_not_good_takes_nobodys_place(shelf in shelf(), retention in retention(), zone in any_zone()) {
        let all = dropped(&decide(&shelf, &retention, &zone, now()));
        let good: Vec<_> = shelf.iter().filter(|item| item.good).cloned().collect();
        let without = dropped(&decide(&good, &retention, &zone, now()));
        let all_good: BTreeSet<_> = good.iter().map(|item| item.id).filter(|id| all.contains(id)).collect();
        prop_assert_eq!(all_good, without);
    }
}
