//! What a schedule says about time, kept by the real engine: limits, priorities, overlap, followers, blackouts, and a
//! clock that jumps.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use strongroom_domain::Outcome;
use strongroom_ledger::{OpenMode, Origin, SnapshotFilter};
use strongroom_orchestrator::{CLOCK_NOTICE, Clock, untimed};

use crate::simulated_host::{Called, SimulatedHost, at, done, goes_on};

const MINUTE: Duration = Duration::from_secs(60);

fn schedule(name: &str, rest: &str) -> String {
    format!("[[schedule]]\nname = \"{name}\"\nplugin = \"task\"\ntenants = [\"acme\"]\n{rest}\n")
}

/// The most calls that were going on at the same time.
fn most_at_once(called: &[Called]) -> usize {
    let at_once = |one: &Called| {
        called
            .iter()
            .filter(|other| other.from <= one.from && one.from < other.to)
            .count()
    };
    called.iter().map(at_once).max().unwrap_or(0)
}

#[tokio::test]
async fn an_account_is_never_used_more_often_at_once_than_its_limit() {
    let mut text = "[[limit]]\naccount = \"gcp\"\nat-once = 2\n".to_owned();
    for name in ["a", "b", "c", "d", "e"] {
        text += &schedule(name, "cron = \"0 3 * * *\"\naccount = \"gcp\"");
    }
    text += &schedule("free", "cron = \"0 3 * * *\"");
    let host = SimulatedHost::new("2026-11-20T00:00Z", &text, |_, _| (10 * MINUTE, done(&[])));
    host.run("2026-11-20T12:00Z").await;
    let mut limited = host.called(&["run"]);
    limited.retain(|one| one.schedule != "free");
    assert_eq!((limited.len(), most_at_once(&limited)), (5, 2));
    assert_eq!(
        host.called(&["run"])
            .iter()
            .filter(|one| one.from == at("2026-11-20T03:00Z"))
            .count(),
        3
    );
    let record = host.record().await;
    assert!(
        record.iter().all(|line| line.ends_with("03:00 succeeded")),
        "{record:?}"
    );
}

#[tokio::test]
async fn an_operation_at_the_provider_counts_and_its_polls_do_not_wait() {
    let mut text = "[[limit]]\nplugin = \"task\"\nat-once = 1\n".to_owned();
    text += &schedule("a", "cron = \"0 3 * * *\"");
    text += &schedule("b", "cron = \"0 3 * * *\"");
    let host = SimulatedHost::new("2026-11-20T00:00Z", &text, |_, call| match call {
        "run" => (Duration::ZERO, goes_on(10 * MINUTE)),
        _ => (Duration::ZERO, done(&[])),
    });
    host.run("2026-11-20T12:00Z").await;
    let begun: Vec<String> = host
        .called(&["run", "poll"])
        .iter()
        .map(|one| format!("{} {}", one.call, one.from.strftime("%H:%M")))
        .collect();
    assert_eq!(
        begun,
        ["run 03:00", "poll 03:10", "run 03:10", "poll 03:20"]
    );
}

#[tokio::test]
async fn the_higher_priority_goes_first() {
    let mut text = String::new();
    for (name, priority) in [("a", "low"), ("b", "normal"), ("c", "high"), ("d", "high")] {
        text += &schedule(
            name,
            &format!("cron = \"0 3 * * *\"\npriority = \"{priority}\""),
        );
    }
    let mut host = SimulatedHost::new("2026-11-20T00:00Z", &text, |_, _| (MINUTE, done(&[])));
    host.concurrency = 1;
    host.run("2026-11-20T12:00Z").await;
    let order: Vec<String> = host
        .called(&["run"])
        .into_iter()
        .map(|one| one.schedule)
        .collect();
    assert!(
        order == ["c", "d", "b", "a"] || order == ["d", "c", "b", "a"],
        "{order:?}"
    );
}

#[tokio::test]
async fn what_does_not_get_its_turn_in_time_is_missed_and_not_forgotten() {
    let mut text = schedule(
        "long",
        "cron = \"0 3 * * *\"\npriority = \"high\"\ntimeout = \"5h\"",
    );
    text += &schedule("late", "cron = \"0 3 * * *\"\nmissed-within = \"1h\"");
    let mut host = SimulatedHost::new("2026-11-20T00:00Z", &text, |_, _| (120 * MINUTE, done(&[])));
    host.concurrency = 1;
    host.run("2026-11-20T12:00Z").await;
    assert_eq!(
        host.record().await,
        ["late acme 03:00 missed", "long acme 03:00 succeeded"]
    );
    let late = host.rows().await.remove(0);
    assert!(late.reason.unwrap().contains("turn did not come"));
}

async fn overlapping(overlap: &str) -> (Vec<String>, Vec<Called>) {
    let host = overlapped(overlap).await;
    (host.record().await, host.called(&["run"]))
}

async fn overlapped(overlap: &str) -> SimulatedHost {
    let text = schedule(
        "often",
        &format!("every = \"30m\"\noverlap = \"{overlap}\""),
    );
    let host = SimulatedHost::new("2026-11-20T03:10Z", &text, |_, _| (40 * MINUTE, done(&[])));
    host.run("2026-11-20T05:10Z").await;
    host
}

#[tokio::test]
async fn overlap_skip_leaves_a_due_time_out() {
    let (record, _) = overlapping("skip").await;
    let expected = [
        "succeeded",
        "skipped-overlap",
        "succeeded",
        "skipped-overlap",
    ];
    assert_eq!(
        record
            .iter()
            .map(|line| line.rsplit(' ').next().unwrap())
            .collect::<Vec<_>>(),
        expected
    );
}

#[tokio::test]
async fn overlap_queue_runs_one_after_the_other() {
    let (record, called) = overlapping("queue").await;
    assert!(
        record.iter().all(|line| line.ends_with("succeeded")),
        "{record:?}"
    );
    assert_eq!((record.len(), most_at_once(&called)), (4, 1));
}

#[tokio::test]
async fn overlap_replace_ends_the_run_before() {
    let host = overlapped("replace").await;
    let (record, called) = (host.record().await, host.called(&["run"]));
    let expected = ["superseded", "superseded", "superseded", "succeeded"];
    assert_eq!(
        record
            .iter()
            .map(|line| line.rsplit(' ').next().unwrap())
            .collect::<Vec<_>>(),
        expected
    );
    // Those that were replaced were given up in the middle: only the last one answered.
    assert_eq!(called.len(), 1);
    // They were tried all the same, until their turn was taken.
    let rows = host.rows().await;
    assert!(rows.iter().all(|row| row.attempts == 1), "{rows:?}");
    let ledger = host.ledger(OpenMode::Reader).await;
    let attempts = ledger.attempts(rows[0].id).await.unwrap();
    ledger.close().await;
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].ending, "superseded");
    assert_eq!(attempts[0].ended_at, rows[0].ended_at.unwrap());
}

#[tokio::test]
async fn overlap_allow_runs_both() {
    let (record, called) = overlapping("allow").await;
    assert!(
        record.iter().all(|line| line.ends_with("succeeded")),
        "{record:?}"
    );
    assert_eq!((record.len(), most_at_once(&called)), (4, 2));
}

#[tokio::test]
async fn a_follower_runs_once_after_each_end_that_counts() {
    let mut text = schedule("nightly", "cron = \"0 3 * * *\"\nretry = { attempts = 1 }");
    text += &schedule("report", "after = \"nightly\"");
    text += &schedule("alarm", "after = \"nightly\"\nafter-outcome = [\"failed\"]");
    text += &schedule("archive", "after = \"report\"");
    let host = SimulatedHost::new("2026-11-20T00:00Z", &text, |schedule, _| {
        let takes = if schedule == "nightly" {
            15 * MINUTE
        } else {
            MINUTE
        };
        (takes, done(&[]))
    });
    host.run("2026-11-21T12:00Z").await;
    assert_eq!(
        host.record().await,
        [
            "nightly acme 03:00 succeeded",
            "report acme 03:15 succeeded",
            "archive acme 03:16 succeeded",
            "nightly acme 03:00 succeeded",
            "report acme 03:15 succeeded",
            "archive acme 03:16 succeeded",
        ]
    );
    let failing = SimulatedHost::new("2026-11-20T00:00Z", &text, |schedule, _| {
        let failure = strongroom_domain::retry::Failure::invalid("no");
        let ending = if schedule == "nightly" {
            strongroom_sandbox::call::CallResult::Failed(failure)
        } else {
            done(&[])
        };
        (MINUTE, ending)
    });
    failing.run("2026-11-20T12:00Z").await;
    assert_eq!(
        failing.record().await,
        ["nightly acme 03:00 failed", "alarm acme 03:01 succeeded"]
    );
}

#[tokio::test]
async fn nothing_begins_in_a_blackout_even_if_it_was_due_before() {
    let mut text = schedule(
        "at-nine",
        "cron = \"0 9 * * *\"\n[schedule.blackout]\nhours = [\"mon-fri 08:00-18:00\"]",
    );
    text += &schedule(
        "waits",
        "cron = \"50 7 * * *\"\npriority = \"low\"\n[schedule.blackout]\nhours = [\"mon-fri 08:00-18:00\"]",
    );
    text += &schedule("long", "cron = \"50 7 * * *\"\npriority = \"high\"");
    let mut host = SimulatedHost::new("2026-11-20T00:00Z", &text, |_, _| (30 * MINUTE, done(&[])));
    host.concurrency = 1;
    // Friday and Saturday.
    host.run("2026-11-21T12:00Z").await;
    assert_eq!(
        host.record().await,
        [
            "long acme 07:50 succeeded",
            "waits acme 07:50 skipped-blackout",
            "at-nine acme 09:00 skipped-blackout",
            "long acme 07:50 succeeded",
            "waits acme 07:50 succeeded",
            "at-nine acme 09:00 succeeded",
        ]
    );
}

const HOURLY: &str = "[[schedule]]\nname = \"hourly\"\nplugin = \"shelf\"\nevery = \"1h\"\ntenants = [\"acme\"]\n\
                      missed = \"latest\"\n[schedule.retention]\nkeep-last = 2\n";

#[tokio::test]
async fn a_clock_that_is_set_back_runs_no_due_time_twice_and_nothing_is_deleted_until_a_person_confirms()
 {
    let host = SimulatedHost::new("2026-11-20T00:30Z", HOURLY, |_, _| {
        (Duration::ZERO, done(&[]))
    });
    let clock = host.clock.clone();
    let set_back = async {
        clock.sleep_until(at("2026-11-20T05:30Z")).await;
        clock.set(-SignedDuration::from_hours(3));
        // 02:30 again; 03:00 to 05:00 come a second time.
        clock.sleep_until(at("2026-11-20T08:30Z")).await;
    };
    host.run_while("2026-11-20T08:30Z", set_back).await;
    let rows = host.rows().await;
    assert_eq!(rows.len(), 8, "01:00 to 08:00, each once");
    assert!(
        rows.iter()
            .all(|row| row.outcome == Some(Outcome::Succeeded))
    );
    assert_eq!(host.called(&["create"]).len(), 8);
    // keep-last = 2: by 05:00 three of five are gone; then the clock was in doubt, and nothing more was deleted.
    assert_eq!(host.called(&["delete"]).len(), 3);
    let ledger = host.ledger(OpenMode::Visitor).await;
    let notices = ledger.notices().await.unwrap();
    assert!(
        notices[0].text.contains("was set back by 3h"),
        "{notices:?}"
    );
    assert!(
        ledger
            .remove_notice(CLOCK_NOTICE, "ana", "checked", host.clock.now())
            .await
            .unwrap()
    );
    ledger.close().await;

    host.run("2026-11-20T09:30Z").await;
    assert_eq!(host.called(&["delete"]).len(), 7, "of nine, two are kept");
}

#[tokio::test]
async fn a_time_service_gone_wrong_for_a_moment_uses_up_no_due_times() {
    let host = SimulatedHost::new("2026-11-20T00:30Z", HOURLY, |_, _| {
        (Duration::ZERO, done(&[]))
    });
    let clock = host.clock.clone();
    let glitch = async {
        clock.sleep_until(at("2026-11-20T02:59:50Z")).await;
        clock.set(SignedDuration::from_hours(48));
        let wrong = clock.now();
        clock
            .sleep_until(wrong.checked_add(Duration::from_secs(30)).unwrap())
            .await;
        clock.set(-SignedDuration::from_hours(48));
        clock.sleep_until(at("2026-11-20T06:30Z")).await;
    };
    host.run_while("2026-11-20T06:30Z", glitch).await;
    let record = host.record().await;
    let expected: Vec<String> = (1..=6)
        .map(|hour| format!("hourly acme 0{hour}:00 succeeded"))
        .collect();
    assert_eq!(record, expected);
}

#[tokio::test]
async fn a_host_that_starts_with_its_clock_behind_the_record_deletes_nothing() {
    let host = SimulatedHost::new("2026-11-20T00:30Z", HOURLY, |_, _| {
        (Duration::ZERO, done(&[]))
    });
    host.run("2026-11-20T04:30Z").await;
    let deleted = host.called(&["delete"]).len();
    host.clock.set(-SignedDuration::from_hours(3));
    host.run("2026-11-20T06:30Z").await;
    assert_eq!(host.called(&["delete"]).len(), deleted);
    let rows = host.rows().await;
    assert_eq!(rows.len(), 6);
    assert_eq!(host.called(&["create"]).len(), 6);
}

#[tokio::test]
async fn a_start_looks_at_the_shelf_of_every_schedule_but_at_few_at_the_same_time() {
    let schedules = |keep: u32| -> String {
        let one = |number| {
            HOURLY
                .replace("\"hourly\"", &format!("\"hourly-{number}\""))
                .replace("keep-last = 2", &format!("keep-last = {keep}"))
        };
        (0..150).map(one).collect()
    };
    let mut host = SimulatedHost::new("2026-11-20T00:30Z", &schedules(5), |_, call| {
        let deletes = call == "delete";
        (if deletes { MINUTE } else { Duration::ZERO }, done(&[]))
    });
    host.run("2026-11-20T02:30Z").await;
    assert_eq!(host.called(&["delete"]).len(), 0);
    host.edit(&schedules(1));
    host.run("2026-11-20T02:45Z").await;
    let deleted = host.called(&["delete"]);
    assert_eq!(deleted.len(), 150, "of two of each, one is kept");
    assert_eq!(most_at_once(&deleted), 64);
}

#[tokio::test]
async fn an_attempt_at_which_the_host_itself_fails_ends_as_unknown_and_the_next_one_runs() {
    let text = schedule("a", "cron = \"0 3 * * *\"");
    let failed = AtomicBool::new(false);
    let host = SimulatedHost::new("2026-11-20T00:00Z", &text, move |_, _| {
        assert!(failed.swap(true, Ordering::Relaxed), "made to fail");
        (MINUTE, done(&[]))
    });
    host.run("2026-11-21T12:00Z").await;
    assert_eq!(
        host.record().await,
        ["a acme 03:00 unknown", "a acme 03:00 succeeded"]
    );
    let rows = host.rows().await;
    assert!(
        rows[0]
            .reason
            .as_ref()
            .unwrap()
            .contains("bug in strongroom (made to fail)"),
        "{:?}",
        rows[0].reason
    );
    assert_eq!(rows[0].attempts, 1);
}

#[tokio::test]
async fn retention_at_which_the_host_itself_fails_begins_again_after_the_next_success() {
    let text = "[[schedule]]\nname = \"a\"\nplugin = \"shelf\"\ntenants = [\"acme\"]\ncron = \"0 3 * * *\"\n\
                retention = { keep-last = 1 }\n";
    let failed = AtomicBool::new(false);
    let host = SimulatedHost::new("2026-11-20T00:00Z", text, move |_, call| {
        let first = call == "delete" && !failed.swap(true, Ordering::Relaxed);
        assert!(!first, "made to fail");
        (Duration::ZERO, done(&[]))
    });
    host.run("2026-11-22T12:00Z").await;
    assert_eq!(host.record().await.len(), 3);
    assert_eq!(
        host.called(&["delete"]).len(),
        2,
        "both old ones, after the third success"
    );
}

#[tokio::test]
async fn what_ends_without_having_begun_makes_room_behind_a_limit_at_once() {
    let mut text = "[[limit]]\naccount = \"gcp\"\nat-once = 1\n".to_owned();
    for name in ["a", "b", "c", "d", "e", "f"] {
        let rest =
            "cron = \"40 7 * * *\"\naccount = \"gcp\"\nblackout = { hours = [\"08:00-18:00\"] }";
        text += &schedule(name, rest);
    }
    let host = SimulatedHost::new("2026-11-20T00:00Z", &text, |_, _| (15 * MINUTE, done(&[])));
    host.run("2026-11-20T23:00Z").await;
    let record = host.record().await;
    let skipped = |line: &&String| line.ends_with("skipped-blackout");
    // Two begin before eight, and whatever waits then is skipped as the second of them ends.
    assert_eq!(record.iter().filter(skipped).count(), 4, "{record:?}");
    let rows = host.rows().await;
    let by = at("2026-11-20T08:10Z");
    assert!(
        rows.iter().all(|row| row.ended_at.unwrap() <= by),
        "{rows:?}"
    );
}

/// What is made up for later is not as old as the due time that it makes up for.
#[tokio::test]
async fn a_snapshot_that_makes_up_for_a_due_time_says_when_it_was_taken() {
    let text = "[[schedule]]\nname = \"a\"\nplugin = \"shelf\"\ntenants = [\"acme\"]\ncron = \"0 3 * * *\"\n";
    let host = SimulatedHost::new("2026-11-20T12:00Z", text, |_, _| {
        (Duration::ZERO, done(&[]))
    });
    let schedule = host.prepared("a").schedule;
    let (asked, missed) = (at("2026-11-20T12:00Z"), at("2026-11-18T03:00Z"));
    let ledger = host.ledger(OpenMode::Scratch).await;
    let plan = strongroom_ledger::Plan {
        occurrences: vec![strongroom_ledger::NewOccurrence {
            makes_up_for: Some(missed),
            ..untimed(
                &schedule,
                &schedule.tenants[0],
                asked,
                Origin::Backfill("ana".into()),
            )
        }],
        watermarks: Vec::new(),
    };
    ledger.plan(plan, asked).await.unwrap();
    ledger.close().await;
    host.run("2026-11-20T13:00Z").await;
    let ledger = host.ledger(OpenMode::Reader).await;
    let snapshots = ledger.snapshots(SnapshotFilter::default()).await.unwrap();
    ledger.close().await;
    assert_eq!(snapshots.len(), 1);
    assert_eq!(snapshots[0].taken_at, asked);
}
