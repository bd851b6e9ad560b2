//! Shelves in a swap, kept by the real engine on a simulated clock: whose snapshots are whose, and what runs out when.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use strongroom_domain::retry::Failure;
use strongroom_domain::{Outcome, ScheduleName};
use strongroom_ledger::{OpenMode, SnapshotFilter, SnapshotRow};
use strongroom_orchestrator::SHELVES_NOTICE;
use strongroom_sandbox::call::CallResult;

use crate::simulated_host::{SimulatedHost, done};

fn entry(name: &str, plugin: &str, rest: &str) -> String {
    format!("[[schedule]]\nname = \"{name}\"\nplugin = \"{plugin}\"\n{rest}\n")
}

const HOURLY: &str = "every = \"1h\"\ntenants = [\"acme\"]";
const KEEP_THREE: &str = "[schedule.retention]\nkeep-last = 3";

fn primary(name: &str, plugin: &str) -> String {
    entry(name, plugin, &format!("{HOURLY}\n{KEEP_THREE}"))
}

fn beside(name: &str, plugin: &str, part: &str) -> String {
    entry(name, plugin, &format!("{part}\n{KEEP_THREE}"))
}

fn host(schedules: &str) -> SimulatedHost {
    SimulatedHost::new("2026-11-20T00:30Z", schedules, |_, _| {
        (Duration::ZERO, done(&[]))
    })
}

async fn catalog(host: &SimulatedHost) -> Vec<SnapshotRow> {
    let ledger = host.ledger(OpenMode::Reader).await;
    let all = SnapshotFilter {
        gone: true,
        ..SnapshotFilter::default()
    };
    let rows = ledger.snapshots(all).await.unwrap();
    ledger.close().await;
    rows
}

/// The hours on each shelf, by schedule and plugin.
async fn shelves(host: &SimulatedHost) -> BTreeMap<String, Vec<String>> {
    let mut shelves: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in catalog(host).await {
        if row.gone_at.is_none() {
            let hour = row.taken_at.strftime("%H").to_string();
            let shelf = format!("{} {}", row.schedule, row.plugin);
            shelves.entry(shelf).or_default().push(hour);
        }
    }
    shelves
}

fn expected(shelves: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let owned = |hours: &[&str]| hours.iter().map(|hour| (*hour).to_owned()).collect();
    let shelves = shelves.iter();
    shelves
        .map(|(shelf, hours)| ((*shelf).to_owned(), owned(hours)))
        .collect()
}

async fn notice(host: &SimulatedHost) -> Option<String> {
    let ledger = host.ledger(OpenMode::Reader).await;
    let notices = ledger.notices().await.unwrap();
    ledger.close().await;
    let found = notices.into_iter().find(|one| one.name == SHELVES_NOTICE);
    found.map(|one| one.text)
}

/// How often each plugin deleted for each schedule.
fn deleted(host: &SimulatedHost) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for call in host.called(&["delete"]) {
        *counts.entry((call.schedule, call.plugin)).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn snapshots_of_another_plugin_are_left_alone_until_an_entry_of_that_plugin_keeps_them() {
    let mut host = host(&primary("daily", "old"));
    host.run("2026-11-20T04:30Z").await;
    host.edit(&primary("daily", "new"));
    host.run("2026-11-20T09:30Z").await;
    let both = [
        ("daily new", &["07", "08", "09"][..]),
        ("daily old", &["02", "03", "04"][..]),
    ];
    assert_eq!(shelves(&host).await, expected(&both));
    let text = notice(&host).await.expect("a notice stands");
    for words in [
        "3 snapshots made by `old` for `daily`, which uses `new` now: no entry reaches it",
        "`succeeded-by = \"daily\"`",
    ] {
        assert!(text.contains(words), "{text}");
    }
    let by = |schedule: &str, plugin: &str| (schedule.to_owned(), plugin.to_owned());
    let seen = deleted(&host);
    assert_eq!(
        seen,
        [(by("daily", "old"), 1), (by("daily", "new"), 2)].into()
    );

    // Now the old provider has an entry of its own: what it made is on that shelf, and runs out by its rules.
    let text = primary("daily", "new") + &beside("daily-old", "old", "succeeded-by = \"daily\"");
    host.edit(&text);
    host.run("2026-11-20T10:30Z").await;
    assert_eq!(
        shelves(&host).await,
        expected(&[("daily new", &["08", "09", "10"])])
    );
    assert_eq!(deleted(&host)[&by("daily-old", "old")], 3);
    assert_eq!(notice(&host).await, None);
}

#[tokio::test]
async fn a_wrong_plugin_is_never_asked_about_a_snapshot_of_another_one() {
    let mut host = host(&primary("daily", "old"));
    host.run("2026-11-20T02:30Z").await;
    host.edit(&primary("daily", "new"));
    host.run("2026-11-20T08:30Z").await;
    let states: Vec<_> = catalog(&host)
        .await
        .into_iter()
        .filter(|row| row.plugin.as_str() == "old")
        .map(|row| (row.state.to_string(), row.last_error))
        .collect();
    assert_eq!(states, vec![("assumed".to_owned(), None); 2]);
    let made = host.called(&["create"]);
    let asked = |plugin: &str| {
        let calls = host.called(&["get"]);
        calls.into_iter().filter(|one| one.plugin == plugin).count()
    };
    // Read back once after each creation, and once before and after each deletion.
    assert_eq!((made.len(), asked("old"), asked("new")), (8, 2, 6 + 2 * 3));
}

#[tokio::test]
async fn a_shadow_runs_at_the_same_due_times_and_is_marked_and_the_primary_is_not() {
    let text = primary("daily", "old") + &beside("daily-new", "new", "shadow-of = \"daily\"");
    let host = SimulatedHost::new("2026-11-20T00:30Z", &text, |schedule, call| {
        let failure = Failure::invalid("no such zone");
        match (schedule, call) {
            ("daily-new", "delete") => (Duration::ZERO, CallResult::Failed(failure)),
            _ => (Duration::ZERO, done(&[])),
        }
    });
    host.run("2026-11-20T03:30Z").await;
    let daily = Some(ScheduleName::new("daily").unwrap());
    let marks: Vec<_> = host
        .rows()
        .await
        .into_iter()
        .map(|row| {
            assert_eq!(row.outcome, Some(Outcome::Succeeded));
            (row.due.strftime("%H").to_string(), row.shadow_of)
        })
        .collect();
    let hours = ["01", "02", "03"].map(str::to_owned);
    let both = hours
        .into_iter()
        .flat_map(|hour| [(hour.clone(), None), (hour, daily.clone())]);
    assert_eq!(marks, both.collect::<Vec<_>>());
    let ledger = host.ledger(OpenMode::Reader).await;
    let tally: Vec<_> = ledger
        .tally()
        .await
        .unwrap()
        .into_iter()
        .map(|one| (one.schedule.to_string(), one.shadow, one.count))
        .collect();
    assert_eq!(
        tally,
        [
            ("daily".to_owned(), false, 3),
            ("daily-new".to_owned(), true, 3)
        ]
    );
    let rows = ledger.snapshots(SnapshotFilter::default()).await.unwrap();
    let rehearsed = rows.iter().filter(|row| row.shadow_of.is_some());
    assert_eq!((rows.len(), rehearsed.count()), (6, 3));
}

fn rehearsing() -> String {
    primary("daily", "old") + &beside("daily-new", "new", "shadow-of = \"daily\"")
}

fn swapped() -> String {
    primary("daily-new", "new") + &beside("daily", "old", "succeeded-by = \"daily-new\"")
}

#[tokio::test]
async fn after_a_cut_over_no_due_time_is_lost_and_the_old_shelf_runs_out_one_by_one() {
    let mut host = host(&rehearsing());
    host.run("2026-11-20T04:30Z").await;
    host.edit(&swapped());
    let old: [&[&str]; 4] = [&["02", "03", "04"], &["03", "04"], &["04"], &[]];
    let new: [&[&str]; 4] = [
        &["02", "03", "04"],
        &["03", "04", "05"],
        &["04", "05", "06"],
        &["05", "06", "07"],
    ];
    for (hour, (old, new)) in (4..8).zip(old.into_iter().zip(new)) {
        host.run(&format!("2026-11-20T0{hour}:40Z")).await;
        let mut wanted = vec![("daily old", old), ("daily-new new", new)];
        wanted.retain(|(_, hours)| !hours.is_empty());
        assert_eq!(shelves(&host).await, expected(&wanted), "at {hour}");
    }
    let promised: Vec<String> = host
        .rows()
        .await
        .into_iter()
        .filter(|row| row.shadow_of.is_none())
        .map(|row| format!("{} {}", row.due.strftime("%H"), row.schedule))
        .collect();
    let before = (1..5).map(|hour| format!("0{hour} daily"));
    let after = (5..8).map(|hour| format!("0{hour} daily-new"));
    assert_eq!(promised, before.chain(after).collect::<Vec<_>>());
    let wrong = host.called(&["delete"]).into_iter().any(|call| {
        let own = if call.schedule == "daily" {
            "old"
        } else {
            "new"
        };
        call.plugin != own
    });
    assert!(!wrong, "each deletes through its own plugin only");
}

#[tokio::test]
async fn the_old_shelf_is_not_touched_while_the_new_provider_fails() {
    let rules = "[schedule.retention]\nkeep-within = \"2h\"\nfloor = 0";
    let old = |part: &str| entry("daily", "old", &format!("{part}\n{rules}"));
    let rehearsing = old(HOURLY) + &beside("daily-new", "new", "shadow-of = \"daily\"");
    let mut host = SimulatedHost::new("2026-11-20T00:30Z", &rehearsing, |schedule, call| {
        let no = Failure::invalid("no");
        let fails = schedule == "daily-new" && call == "run";
        (
            Duration::ZERO,
            if fails {
                CallResult::Failed(no)
            } else {
                done(&[])
            },
        )
    });
    host.run("2026-11-20T03:30Z").await;
    assert_eq!(shelves(&host).await["daily old"], ["02", "03"]);
    // The new one is a task that fails: it never has a copy.
    let failing = entry("daily-new", "task", HOURLY) + &old("succeeded-by = \"daily-new\"");
    host.edit(&failing);
    host.run("2026-11-20T12:30Z").await;
    assert_eq!(shelves(&host).await["daily old"], ["02", "03"]);
    // It works again: with its first good copy the old ones are too old.
    host.edit(&swapped().replace(
        "succeeded-by = \"daily-new\"\n[schedule.retention]\nkeep-last = 3",
        &format!("succeeded-by = \"daily-new\"\n{rules}"),
    ));
    host.run("2026-11-20T13:30Z").await;
    assert!(!shelves(&host).await.contains_key("daily old"));
}

#[tokio::test]
async fn a_return_makes_the_old_one_primary_again_and_both_shelves_stay() {
    let mut host = host(&rehearsing());
    host.run("2026-11-20T03:30Z").await;
    host.edit(&swapped());
    host.run("2026-11-20T04:30Z").await;
    host.edit(&rehearsing());
    host.run("2026-11-20T05:30Z").await;
    assert_eq!(
        shelves(&host).await,
        expected(&[
            ("daily old", &["02", "03", "05"]),
            ("daily-new new", &["03", "04", "05"])
        ])
    );
    let last: Vec<_> = host.rows().await.into_iter().rev().take(2).collect();
    let parts: Vec<_> = last
        .iter()
        .map(|row| (row.schedule.as_str(), row.shadow_of.is_some()))
        .collect();
    assert_eq!(parts, [("daily-new", true), ("daily", false)]);
}

/// What was promised and came of it: `HH schedule outcome`.
async fn promised(host: &SimulatedHost) -> Vec<String> {
    let rows = host.rows().await.into_iter();
    let rows = rows.filter(|row| row.shadow_of.is_none());
    rows.map(|row| {
        let outcome = row.outcome.map_or("unfinished", Outcome::as_str);
        format!("{} {} {outcome}", row.due.strftime("%H"), row.schedule)
    })
    .collect()
}

#[tokio::test]
async fn a_cut_over_and_a_return_while_no_host_runs_lose_no_due_time_and_count_none_twice() {
    let mut host = host(&rehearsing());
    host.run("2026-11-20T02:30Z").await;
    let outage = SignedDuration::from_hours(3);
    host.clock.set(outage);
    host.edit(&swapped());
    host.run("2026-11-20T06:30Z").await;
    host.clock.set(outage);
    host.edit(&rehearsing());
    host.run("2026-11-20T10:30Z").await;
    assert_eq!(
        promised(&host).await,
        [
            "01 daily succeeded",
            "02 daily succeeded",
            "03 daily-new missed",
            "04 daily-new missed",
            "05 daily-new succeeded",
            "06 daily-new succeeded",
            "07 daily missed",
            "08 daily missed",
            "09 daily succeeded",
            "10 daily succeeded",
        ]
    );
}

#[tokio::test]
async fn a_shadow_of_a_follower_follows_too_and_what_was_succeeded_does_not() {
    let first = entry("first", "task", HOURLY);
    let follows = "after = \"first\"\ntenants = [\"acme\"]";
    let text = first
        + &entry("daily", "old", follows)
        + &entry("shadow", "new", "shadow-of = \"daily\"")
        + &entry("past", "older", "succeeded-by = \"daily\"");
    let host = host(&text);
    host.run("2026-11-20T01:30Z").await;
    assert_eq!(
        host.record().await,
        [
            "daily acme 01:00 succeeded",
            "first acme 01:00 succeeded",
            "shadow acme 01:00 succeeded"
        ]
    );
}
