//! Due times by name: the cases that people ask about.

use std::process::Command;

use jiff::Timestamp;
use strongroom_domain::calendar::{DstGap, DstOverlap, Every, due_between, next_due};
use strongroom_domain::schedule::Trigger;

use crate::world::{at, cron, zone};

/// Set in a run of a test that plays a host of another zone.
const ON_ANOTHER_HOST: &str = "STRONGROOM_TEST_ON_ANOTHER_HOST";

/// Local date, time and offset of the first due times after a moment.
fn times(trigger: &Trigger, name: &str, after: &str, count: usize) -> Vec<String> {
    let zone = zone(name);
    let due = due_between(trigger, &zone, at(after), Timestamp::MAX).take(count);
    due.map(|due| {
        due.at
            .to_zoned(zone.time_zone().clone())
            .strftime("%m-%d %H:%M %:z")
            .to_string()
    })
    .collect()
}

/// Like [`times`], with the default policies.
fn plain(text: &str, name: &str, after: &str, count: usize) -> Vec<String> {
    times(
        &cron(text, DstGap::default(), DstOverlap::default()),
        name,
        after,
        count,
    )
}

/// Only dates, in UTC.
fn dates(text: &str, after: &str, count: usize) -> Vec<String> {
    let trigger = cron(text, DstGap::default(), DstOverlap::default());
    let utc = zone("UTC");
    let due = due_between(&trigger, &utc, at(after), Timestamp::MAX).take(count);
    due.map(|due| due.at.strftime("%Y-%m-%d").to_string())
        .collect()
}

fn note(trigger: &Trigger, name: &str, after: &str) -> String {
    let due = next_due(trigger, &zone(name), at(after)).unwrap();
    due.note.map_or_else(String::new, |note| note.to_string())
}

#[test]
fn p01_daily_snapshot_at_three_gmt_minus_three_is_six_utc_whatever_the_hosts_zone() {
    for name in ["-03:00", "Etc/GMT+3", "America/Sao_Paulo"] {
        let zone = zone(name);
        let trigger = cron("0 3 * * *", DstGap::default(), DstOverlap::default());
        let (from, to) = (at("2026-11-20T12:00:00Z"), at("2027-11-20T12:00:00Z"));
        let due: Vec<Timestamp> = due_between(&trigger, &zone, from, to)
            .map(|due| due.at)
            .collect();
        assert_eq!(due.len(), 365);
        assert_eq!(due[0], at("2026-11-21T06:00:00Z"));
        assert!(
            due.iter()
                .all(|at| at.strftime("%H:%M:%S").to_string() == "06:00:00"),
            "{name}"
        );
    }
    // The same again on hosts of other zones: this test, run by itself.
    if std::env::var_os(ON_ANOTHER_HOST).is_none() {
        for hosts_zone in ["Asia/Tokyo", "Pacific/Chatham", "America/New_York"] {
            let test = "due_times::p01_daily_snapshot_at_three_gmt_minus_three_is_six_utc_whatever_the_hosts_zone";
            let mut again = Command::new(std::env::current_exe().unwrap());
            again
                .args(["--exact", test])
                .env("TZ", hosts_zone)
                .env(ON_ANOTHER_HOST, "yes");
            let output = again.output().unwrap();
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(
                output.status.success() && told.contains("1 passed"),
                "{hosts_zone}: {told}"
            );
        }
    }
}

#[test]
fn a_due_time_is_strictly_after_and_the_end_is_included() {
    let trigger = cron("0 3 * * *", DstGap::default(), DstOverlap::default());
    let utc = zone("UTC");
    let (from, to) = (at("2026-11-20T03:00:00Z"), at("2026-11-22T03:00:00Z"));
    let due: Vec<_> = due_between(&trigger, &utc, from, to)
        .map(|due| due.at)
        .collect();
    assert_eq!(due, [at("2026-11-21T03:00:00Z"), to]);
    let just_before = at("2026-11-20T02:59:59.999999999Z");
    assert_eq!(next_due(&trigger, &utc, just_before).unwrap().at, from);
}

#[test]
fn a_time_in_a_gap_runs_at_its_end_or_not_at_all() {
    let after = "2026-03-07T12:00:00Z";
    assert_eq!(
        plain("30 2 * * *", "America/New_York", after, 2),
        ["03-08 03:00 -04:00", "03-09 02:30 -04:00"]
    );
    let skip = cron("30 2 * * *", DstGap::Skip, DstOverlap::First);
    assert_eq!(
        times(&skip, "America/New_York", after, 2),
        ["03-09 02:30 -04:00", "03-10 02:30 -04:00"]
    );
    let next = cron("30 2 * * *", DstGap::Next, DstOverlap::First);
    assert_eq!(
        note(&next, "America/New_York", after),
        "02:30 does not exist on 2026-03-08; runs at the end of the gap"
    );
    // All the times of one gap run once.
    assert_eq!(
        plain("0,30 2,3 * * *", "America/New_York", after, 3),
        [
            "03-08 03:00 -04:00",
            "03-08 03:30 -04:00",
            "03-09 02:00 -04:00"
        ]
    );
}

#[test]
fn a_time_that_happens_twice_runs_first_second_or_both() {
    let after = "2026-10-31T12:00:00Z";
    for (overlap, expected) in [
        (
            DstOverlap::First,
            vec!["11-01 01:30 -04:00", "11-02 01:30 -05:00"],
        ),
        (
            DstOverlap::Second,
            vec!["11-01 01:30 -05:00", "11-02 01:30 -05:00"],
        ),
        (
            DstOverlap::Both,
            vec![
                "11-01 01:30 -04:00",
                "11-01 01:30 -05:00",
                "11-02 01:30 -05:00",
            ],
        ),
    ] {
        let trigger = cron("30 1 * * *", DstGap::Next, overlap);
        assert_eq!(
            times(&trigger, "America/New_York", after, expected.len()),
            expected
        );
        let first = note(&trigger, "America/New_York", after);
        let which = if overlap == DstOverlap::Second {
            "second"
        } else {
            "first"
        };
        assert_eq!(
            first,
            format!("01:30 happens twice on 2026-11-01; this is the {which}")
        );
    }
    // Asked between the two.
    let both = cron("30 1 * * *", DstGap::Next, DstOverlap::Both);
    assert_eq!(
        times(&both, "America/New_York", "2026-11-01T05:45:00Z", 1),
        ["11-01 01:30 -05:00"]
    );
    let first = cron("30 1 * * *", DstGap::Next, DstOverlap::First);
    assert_eq!(
        times(&first, "America/New_York", "2026-11-01T06:10:00Z", 1),
        ["11-02 01:30 -05:00"]
    );
}

#[test]
fn a_list_of_fixed_times_runs_both_passes_in_the_order_of_real_time() {
    let both = cron("0,30 1 * * *", DstGap::Next, DstOverlap::Both);
    assert_eq!(
        times(&both, "America/New_York", "2026-11-01T04:00:00Z", 4),
        [
            "11-01 01:00 -04:00",
            "11-01 01:30 -04:00",
            "11-01 01:00 -05:00",
            "11-01 01:30 -05:00"
        ]
    );
}

#[test]
fn every_real_quarter_of_an_hour_runs_through_an_overlap() {
    let trigger = cron("*/15 * * * *", DstGap::Next, DstOverlap::First);
    let new_york = zone("America/New_York");
    let (from, to) = (at("2026-11-01T04:00:00Z"), at("2026-11-01T08:00:00Z"));
    let due: Vec<i64> = due_between(&trigger, &new_york, from, to)
        .map(|due| due.at.as_second())
        .collect();
    assert_eq!(due.len(), 16);
    assert!(due.windows(2).all(|pair| pair[1] - pair[0] == 900));
    assert_eq!(
        note(&trigger, "America/New_York", "2026-11-01T06:00:00Z"),
        "01:15 happens twice on 2026-11-01; this is the second"
    );
}

#[test]
fn sao_paulo_2018_lost_its_midnight() {
    let after = "2018-11-03T12:00:00Z";
    assert_eq!(
        plain("@daily", "America/Sao_Paulo", after, 2),
        ["11-04 01:00 -02:00", "11-05 00:00 -02:00"]
    );
    assert_eq!(
        plain("0 0,1 * * *", "America/Sao_Paulo", after, 3),
        [
            "11-04 01:00 -02:00",
            "11-05 00:00 -02:00",
            "11-05 01:00 -02:00"
        ]
    );
    assert_eq!(
        plain("@hourly", "America/Sao_Paulo", "2018-11-04T01:30:00Z", 3),
        [
            "11-03 23:00 -03:00",
            "11-04 01:00 -02:00",
            "11-04 02:00 -02:00"
        ]
    );
}

#[test]
fn apia_2011_lost_a_day() {
    let after = "2011-12-29T12:00:00Z";
    assert_eq!(
        plain("0 3 * * *", "Pacific/Apia", after, 4),
        [
            "12-29 03:00 -10:00",
            "12-31 00:00 +14:00",
            "12-31 03:00 +14:00",
            "01-01 03:00 +14:00"
        ]
    );
    let skip = cron("0 3 * * *", DstGap::Skip, DstOverlap::First);
    assert_eq!(
        times(&skip, "Pacific/Apia", after, 2),
        ["12-29 03:00 -10:00", "12-31 03:00 +14:00"]
    );
    // A yearly time on the lost day is not lost, and runs once.
    assert_eq!(
        plain("0,30 3 30 12 *", "Pacific/Apia", after, 2),
        ["12-31 00:00 +14:00", "12-30 03:00 +14:00"]
    );
}

#[test]
fn lord_howe_moves_by_half_an_hour() {
    assert_eq!(
        plain(
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-03T00:00:00Z",
            2
        ),
        ["10-04 02:30 +11:00", "10-05 02:15 +11:00"]
    );
    let both = cron("45 1 * * *", DstGap::Next, DstOverlap::Both);
    assert_eq!(
        times(&both, "Australia/Lord_Howe", "2026-04-04T10:00:00Z", 3),
        [
            "04-05 01:45 +11:00",
            "04-05 01:45 +10:30",
            "04-06 01:45 +10:30"
        ]
    );
}

#[test]
fn leap_days_and_the_ends_of_months() {
    assert_eq!(
        dates("0 0 29 2 *", "2026-01-01T00:00:00Z", 3),
        ["2028-02-29", "2032-02-29", "2036-02-29"]
    );
    assert_eq!(
        dates("0 0 29 2 *", "2096-03-01T00:00:00Z", 2),
        ["2104-02-29", "2108-02-29"]
    );
    assert_eq!(
        dates("0 0 31 * *", "2026-01-01T00:00:00Z", 4),
        ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"]
    );
    assert_eq!(
        dates("0 0 29 * *", "2027-01-29T00:00:00Z", 2),
        ["2027-03-29", "2027-04-29"]
    );
}

#[test]
fn day_of_month_or_day_of_week_unless_one_begins_with_a_star() {
    // Friday or the 13th.
    assert_eq!(
        dates("0 0 13 * FRI", "2026-02-01T00:00:00Z", 6),
        [
            "2026-02-06",
            "2026-02-13",
            "2026-02-20",
            "2026-02-27",
            "2026-03-06",
            "2026-03-13"
        ]
    );
    assert_eq!(
        dates("0 0 15 * MON", "2026-07-07T00:00:00Z", 3),
        ["2026-07-13", "2026-07-15", "2026-07-20"]
    );
    // Sundays on odd days: `*/2` begins with a star.
    assert_eq!(
        dates("0 0 */2 * SUN", "2026-11-01T00:00:00Z", 3),
        ["2026-11-15", "2026-11-29", "2026-12-13"]
    );
}

#[test]
fn sunday_is_zero_and_seven_and_days_wrap_over_the_week() {
    for text in ["0 0 * * 0", "0 0 * * 7", "0 0 * * SUN", "@weekly"] {
        assert_eq!(
            dates(text, "2026-11-20T00:00:00Z", 2),
            ["2026-11-22", "2026-11-29"],
            "{text}"
        );
    }
    assert_eq!(
        dates("0 0 * * 1-5", "2026-11-20T00:00:00Z", 5),
        [
            "2026-11-23",
            "2026-11-24",
            "2026-11-25",
            "2026-11-26",
            "2026-11-27"
        ]
    );
    assert_eq!(
        dates("0 0 * * FRI-MON", "2026-11-19T00:00:00Z", 5),
        [
            "2026-11-20",
            "2026-11-21",
            "2026-11-22",
            "2026-11-23",
            "2026-11-27"
        ]
    );
}

#[test]
fn years_have_no_end_that_matters() {
    assert_eq!(
        dates("@yearly", "2099-06-01T00:00:00Z", 4),
        ["2100-01-01", "2101-01-01", "2102-01-01", "2103-01-01"]
    );
    assert_eq!(
        dates("0 0 * * MON", "2100-12-28T00:00:00Z", 2),
        ["2101-01-03", "2101-01-10"]
    );
    assert_eq!(
        plain("30 2 * * *", "America/New_York", "2150-03-07T12:00:00Z", 1),
        ["03-08 03:00 -04:00"]
    );
    assert_eq!(dates("@daily", "9999-12-30T21:00:00Z", 5).len(), 0);
}

#[test]
fn six_fields_begin_with_seconds() {
    let trigger = cron("30 0 3 * * *", DstGap::Next, DstOverlap::First);
    let due = next_due(&trigger, &zone("UTC"), at("2026-11-20T03:00:00Z")).unwrap();
    assert_eq!(due.at, at("2026-11-20T03:00:30Z"));
}

#[test]
fn at_is_due_once_and_every_is_anchored_to_midnight() {
    let once = Trigger::At(at("2026-12-01T03:00:00-03:00"));
    assert_eq!(
        times(&once, "-03:00", "2026-11-20T00:00:00Z", 5),
        ["12-01 03:00 -03:00"]
    );
    assert_eq!(times(&once, "-03:00", "2026-12-01T06:00:00Z", 5).len(), 0);
    let every = Trigger::Every(Every::parse("6h").unwrap());
    assert_eq!(
        times(&every, "-03:00", "2026-11-20T05:12:34Z", 3),
        [
            "11-20 06:00 -03:00",
            "11-20 12:00 -03:00",
            "11-20 18:00 -03:00"
        ]
    );
}
