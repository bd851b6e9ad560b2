//! Previews whose numbers were counted by hand; blackouts, events and followers built directly.

use std::time::Duration;

use super::*;
use crate::blackout::{Blackout, Period};
use crate::calendar::{Cron, DstGap, DstOverlap, Every, Zone};
use crate::grants::Grants;
use crate::retry::RetryPolicy;
use crate::schedule::{After, Missed, Overlap, Priority, defaults};
use crate::{EventName, Outcome, PluginName};

fn cron(text: &str) -> Trigger {
    Trigger::Cron {
        cron: Cron::parse(text).unwrap().into(),
        gap: DstGap::Next,
        overlap: DstOverlap::First,
    }
}

fn schedule(name: &str, trigger: Trigger, zone: &str) -> Schedule {
    Schedule {
        name: ScheduleName::new(name).unwrap(),
        plugin: PluginName::new("p").unwrap(),
        trigger,
        zone: Zone::parse(zone).unwrap(),
        tenants: vec![TenantName::new("acme").unwrap()],
        spread: Duration::ZERO,
        blackout: Blackout::default(),
        priority: Priority::Normal,
        account: None,
        overlap: Overlap::Skip,
        missed: Missed::Latest,
        missed_within: Duration::from_secs(12 * 3600),
        timeout: defaults::TIMEOUT,
        retry: RetryPolicy::default(),
        role: None,
        snapshots: Default::default(),
        config: "{}".into(),
        grants: Grants::default().into(),
        memory: defaults::MEMORY,
        enabled: true,
    }
}

/// From 12:00 at -03:00 on Saturday 2026-11-21, so many days.
fn seen(old: &[&Schedule], new: &[&Schedule], days: i64) -> Preview {
    seen_from("2026-11-21T12:00:00-03:00", old, new, days)
}

fn seen_from(from: &str, old: &[&Schedule], new: &[&Schedule], days: i64) -> Preview {
    let from: Timestamp = from.parse().unwrap();
    let until = from
        .checked_add(jiff::SignedDuration::from_hours(24 * days))
        .unwrap();
    preview(old, new, Horizon { from, until }, 3)
}

fn kinds(preview: &Preview) -> Vec<WarningKind> {
    preview
        .warnings
        .iter()
        .map(|warning| warning.kind)
        .collect()
}

#[test]
fn a_daily_run_that_moves_is_one_move() {
    let (old, new) = (
        schedule("daily", cron("0 3 * * *"), "-03:00"),
        schedule("daily", cron("0 10 * * *"), "-03:00"),
    );
    // At 12:00 both times of today are over: 400 days are 400 runs, the first of them tomorrow.
    let found = seen(&[&old], &[&new], 400);
    let runs = &found.schedules[0].runs;
    assert_eq!(
        (found.totals.moved, found.totals.added, found.totals.removed),
        (400, 0, 0)
    );
    assert_eq!(runs.moved.len(), 1);
    assert_eq!(
        runs.moved[0].runs.first,
        Some("2026-11-22T13:00:00Z".parse().unwrap())
    );
    assert_eq!(runs.moved[0].runs.examples.len(), 3);
    assert_eq!(found.warnings, []);
    // At 08:00 today's new time is to come: the last day's run moves too, although its new time is beyond the end.
    let found = seen_from("2026-11-21T08:00:00-03:00", &[&old], &[&new], 400);
    assert_eq!(
        (found.totals.moved, found.totals.added, found.totals.removed),
        (400, 1, 0)
    );
    assert_eq!(kinds(&found), [WarningKind::TodayTwice]);
}

#[test]
fn runs_are_paired_in_the_order_of_a_day() {
    let (old, new) = (
        schedule("s", cron("0 3,15,20 * * *"), "UTC"),
        schedule("s", cron("0 4,15 * * *"), "UTC"),
    );
    // Each day: 3 becomes 4, 15 stays, 20 is gone.
    let found = seen_from("2026-11-21T00:00:00Z", &[&old], &[&new], 10);
    let totals = Totals {
        unchanged: 10,
        moved: 10,
        added: 0,
        removed: 10,
        in_blackout: 0,
    };
    assert_eq!(found.totals, totals);
    assert_eq!(
        found.schedules[0].runs.removed.time,
        Some(jiff::civil::time(20, 0, 0, 0))
    );
}

#[test]
fn an_edit_that_loses_todays_run_is_warned_of_in_one_direction_only() {
    let at = |hour: u8| schedule("daily", cron(&format!("0 {hour} * * *")), "-03:00");
    // It is 12:00.
    for (old, new, expected) in [
        (15, 10, vec![WarningKind::TodayWithoutRun]),
        (3, 15, vec![WarningKind::TodayTwice]),
        (3, 10, vec![]),
        (15, 18, vec![]),
        (15, 15, vec![]),
    ] {
        let found = seen(&[&at(old)], &[&at(new)], 5);
        assert_eq!(kinds(&found), expected, "{old} to {new}");
    }
    let hourly = schedule(
        "daily",
        Trigger::Every(Every::parse("1h").unwrap()),
        "-03:00",
    );
    assert_eq!(
        kinds(&seen(&[&hourly], &[&at(10)], 5)),
        [],
        "it has run today"
    );
    let sundays = schedule("daily", cron("0 3 * * 0"), "-03:00");
    let found = seen(&[&at(15)], &[&sundays], 5);
    assert_eq!(kinds(&found), [WarningKind::TodayWithoutRun]);
    assert!(
        found.warnings[0].message.contains("none today"),
        "{:?}",
        found.warnings
    );
}

#[test]
fn a_run_in_a_blackout_is_removed_and_says_why() {
    let old = schedule("daily", cron("0 3 * * *"), "-03:00");
    let mut new = old.clone();
    new.blackout.periods = vec![Period::Days {
        first: jiff::civil::date(2026, 12, 24),
        last: jiff::civil::date(2026, 12, 25),
        name: "Christmas".into(),
    }]
    .into();
    let found = seen(&[&old], &[&new], 60);
    let totals = Totals {
        unchanged: 58,
        moved: 0,
        added: 0,
        removed: 2,
        in_blackout: 2,
    };
    assert_eq!(found.totals, totals);
    let removed = &found.schedules[0].runs.removed;
    assert_eq!(removed.examples[0].blackout.as_deref(), Some("Christmas"));
    let back = seen(&[&new], &[&old], 60);
    assert_eq!((back.totals.added, back.totals.in_blackout), (2, 0));
    assert_eq!(
        found.schedules[0].changes[0],
        "`blackout` changes from none to `Christmas` (2026-12-24 to 2026-12-25)"
    );
    new.trigger = cron("0 3 25 12 *");
    let found = seen(&[], &[&new], 60);
    assert_eq!(kinds(&found), [WarningKind::NeverRuns]);
}

#[test]
fn events_and_followers_have_no_runs_but_their_changes_are_told() {
    let after = |name: &str| {
        Trigger::After(After {
            schedule: ScheduleName::new(name).unwrap(),
            outcomes: vec![Outcome::Succeeded],
        })
    };
    let event = Trigger::Event(EventName::new("customer-left").unwrap());
    let old = schedule("report", after("nightly"), "UTC");
    let same = seen(&[&old], &[&old], 30);
    assert_eq!((same.schedules.len(), same.unchanged_schedules), (0, 1));
    let found = seen(&[&old], &[&schedule("report", event, "UTC")], 30);
    assert_eq!(found.totals, Totals::default());
    assert_eq!(
        found.schedules[0].changes,
        ["when it is due: when `nightly` ends (succeeded) becomes on event `customer-left`"]
    );
    assert_eq!(found.warnings, []);
}

#[test]
fn disabling_removes_every_run() {
    let old = schedule("daily", cron("0 3 * * *"), "-03:00");
    let mut new = old.clone();
    new.enabled = false;
    let found = seen(&[&old], &[&new], 30);
    assert_eq!(found.totals.removed, 30);
    assert_eq!(found.warnings, []);
}

#[test]
fn a_schedule_with_another_name_looks_renamed() {
    let (old, new) = (
        schedule("nightly", cron("0 3 * * *"), "-03:00"),
        schedule("daily", cron("0 3 * * *"), "-03:00"),
    );
    let found = seen(&[&old], &[&new], 30);
    assert_eq!(
        found.renamed,
        [Renamed {
            from: old.name,
            to: new.name
        }]
    );
    assert_eq!((found.totals.added, found.totals.removed), (30, 30));
}

#[test]
fn a_skipped_civil_time_is_warned_of() {
    let mut new = schedule("ny", cron("30 2 * * *"), "America/New_York");
    if let Trigger::Cron { gap, .. } = &mut new.trigger {
        *gap = DstGap::Skip;
    }
    let found = seen(&[], &[&new], 400);
    assert_eq!(kinds(&found), [WarningKind::TimeMissing]);
    let message = &found.warnings[0].message;
    assert!(
        message.contains("02:30 does not exist on 2027-03-14; it does not run then"),
        "{message}"
    );
}

#[test]
fn schedules_of_a_tenant_that_meet_are_told_once() {
    let one = schedule("one", cron("0 3 * * *"), "-03:00");
    // 03:04 of the same zone on Sundays, and 06:05 UTC, which is five minutes later: not less than five.
    let close = schedule("close", cron("4 3 * * 0"), "-03:00");
    let apart = schedule("apart", cron("5 6 * * *"), "UTC");
    let mut other = schedule("other", cron("0 3 * * *"), "-03:00");
    other.tenants = vec![TenantName::new("globex").unwrap()];
    let found = seen(&[], &[&one, &close, &apart, &other], 14);
    // `apart` and `close` are one minute apart on two Sundays; so are `one` and `close`, four minutes.
    let told: Vec<_> = found
        .warnings
        .iter()
        .map(|w| {
            (
                w.schedule.as_str(),
                w.other.as_ref().unwrap().as_str(),
                w.count,
            )
        })
        .collect();
    assert_eq!(told, [("close", "apart", 2), ("one", "close", 2)]);
    assert_eq!(
        found.warnings[1].at,
        Some("2026-11-22T06:00:00Z".parse().unwrap())
    );
    // The same timetable for the same tenant: every run of the two meets.
    let mut twin = one.clone();
    twin.name = ScheduleName::new("twin").unwrap();
    let found = seen(&[&one], &[&one, &twin], 14);
    assert_eq!((found.warnings.len(), found.warnings[0].count), (1, 14));
    assert!(!found.warnings[0].before);
    assert!(seen(&[&one, &twin], &[&one, &twin], 14).warnings[0].before);
}

#[test]
fn too_many_due_times_end_the_comparison_and_say_so() {
    let every = |text: &str| schedule("often", Trigger::Every(Every::parse(text).unwrap()), "UTC");
    let found = seen_from(
        "2026-11-21T00:00:00Z",
        &[&every("2m")],
        &[&every("1m")],
        400,
    );
    // The 110 000th due time of the two is the 110 000th minute.
    let until: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    let until = until
        .checked_add(jiff::SignedDuration::from_mins(110_001))
        .unwrap();
    assert_eq!(found.schedules[0].runs.compared_until, Some(until));
    assert_eq!(
        (found.totals.unchanged, found.totals.added),
        (55_000, 55_000)
    );
    assert_eq!(kinds(&found), [WarningKind::TooMany]);
}

#[test]
fn schedules_that_are_due_too_often_are_compared_for_a_while_and_that_is_said() {
    let every = |name: &str| schedule(name, Trigger::Every(Every::parse("1s").unwrap()), "UTC");
    let (one, other) = (every("one"), every("other"));
    let found = seen(&[], &[&one, &other], 1);
    let told: Vec<_> = found
        .warnings
        .iter()
        .filter(|warning| warning.message.contains("compared with each other"))
        .collect();
    assert_eq!((told.len(), told[0].kind), (1, WarningKind::TooMany));
    assert!(told[0].at.unwrap() < found.horizon.until);
    let again = seen(&[&one, &other], &[&one, &other], 1);
    assert!(again.warnings.iter().all(|warning| warning.before));
}

#[test]
fn lengths_are_written_as_in_files() {
    for text in ["30m", "2h30m", "1d12h", "250ms", "1m1s"] {
        assert_eq!(length(crate::calendar::parse_duration(text).unwrap()), text);
    }
    assert_eq!(length(Duration::ZERO), "none");
}
