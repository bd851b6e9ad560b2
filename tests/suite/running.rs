//! A host that runs while people edit files, replace plugins, pause, cancel and make up for the past: nothing is
//! restarted, nothing is lost, and what was refused is said.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use strongroom_tests::{Daemon, Host, eventually, guest};

const SOON: Duration = Duration::from_secs(60);

fn schedule(name: &str, when: &str, act: &str) -> String {
    format!(
        r#"
[[schedule]]
name = "{name}"
plugin = "misbehaving"
{when}
tenants = ["acme"]
config = {{ do = "{act}" }}

[schedule.grants.files.data]
path = "<data>"
access = "write"
"#
    )
}

/// A host whose only schedule runs every second.
fn host() -> Host {
    let host = Host::new().with_own_plugins();
    host.install("misbehaving", &guest("misbehaving"));
    host.schedule("often.toml", &schedule("often", "every = \"1s\"", "ok"));
    host
}

fn serving(host: &Host) -> Daemon {
    let mut daemon = host.serve();
    daemon.says("serving", SOON);
    daemon
}

fn rows(host: &Host, schedule: &str) -> Vec<Value> {
    let ran = host.run([
        "--json",
        "occurrences",
        "--schedule",
        schedule,
        "-n",
        "100000",
    ]);
    if ran.code == 0 {
        ran.json().as_array().unwrap().clone()
    } else {
        Vec::new()
    }
}

fn ended(host: &Host, schedule: &str, outcome: &str) -> usize {
    let rows = rows(host, schedule);
    rows.iter().filter(|row| row["outcome"] == outcome).count()
}

/// Waits for more runs that succeed from now on.
#[track_caller]
fn goes_on(host: &Host, schedule: &str) {
    let before = ended(host, schedule, "succeeded");
    eventually("it goes on", SOON, || {
        (ended(host, schedule, "succeeded") > before + 1).then_some(())
    });
}

fn status(host: &Host) -> Value {
    host.run(["--json", "status"]).ok().json()
}

#[track_caller]
fn notice(host: &Host, name: &str) -> String {
    eventually(&format!("the notice {name} stands"), SOON, || {
        let status = status(host);
        let notices = status["notices"].as_array().unwrap();
        let notice = notices.iter().find(|notice| notice["name"] == name)?;
        Some(notice["text"].as_str().unwrap().to_owned())
    })
}

#[track_caller]
fn no_notice(host: &Host) {
    eventually("no notice stands", SOON, || {
        status(host)["notices"]
            .as_array()
            .unwrap()
            .is_empty()
            .then_some(())
    });
}

/// Every due time of a schedule that runs every second has one outcome, from its first to its last.
#[track_caller]
fn without_a_hole(host: &Host, schedule: &str) {
    let mut seconds = BTreeMap::new();
    for row in rows(host, schedule) {
        let due: Timestamp = row["due"].as_str().unwrap().parse().unwrap();
        if due.subsec_nanosecond() == 0 {
            assert!(!row["outcome"].is_null(), "unfinished: {row}");
            assert!(
                seconds.insert(due.as_second(), row).is_none(),
                "twice: {due}"
            );
        }
    }
    let (first, last) = (
        seconds.keys().next().unwrap(),
        seconds.keys().last().unwrap(),
    );
    assert_eq!(
        (last - first) as usize + 1,
        seconds.len(),
        "a due time is without a record"
    );
}

#[test]
fn an_edit_is_taken_up_and_a_bad_one_changes_nothing() {
    let host = host();
    let daemon = serving(&host);
    goes_on(&host, "often");

    let path = host.schedule("second.toml", "[[schedule]]\nname = \"second\"\n");
    let text = notice(&host, "schedules");
    assert!(
        text.contains("second.toml:1:1") && text.contains("`plugin`"),
        "{text}"
    );
    goes_on(&host, "often");

    host.schedule("second.toml", &schedule("second", "every = \"1s\"", "ok"));
    goes_on(&host, "second");
    no_notice(&host);

    fs::remove_file(path).unwrap();
    eventually("the schedule that was removed comes to rest", SOON, || {
        let before = rows(&host, "second").len();
        goes_on(&host, "often");
        goes_on(&host, "often");
        (rows(&host, "second").len() == before).then_some(())
    });
    assert!(daemon.stop().success());
    without_a_hole(&host, "often");
    without_a_hole(&host, "second");
}

#[test]
fn a_file_that_was_emptied_stops_nothing() {
    let host = host();
    let daemon = serving(&host);
    goes_on(&host, "often");
    fs::write(host.schedules().join("often.toml"), "").unwrap();
    let text = notice(&host, "schedules");
    assert!(text.contains("no `[[schedule]]`"), "{text}");
    goes_on(&host, "often");
    assert!(daemon.stop().success());
    without_a_hole(&host, "often");
}

#[test]
fn a_signal_makes_it_look_at_once() {
    let host = host();
    let mut daemon = serving(&host);
    host.schedule("second.toml", &schedule("second", "every = \"1s\"", "ok"));
    daemon.signal(rustix::process::Signal::HUP);
    daemon.says("a new set of schedules and plugins is active", SOON);
    goes_on(&host, "second");
    assert!(daemon.stop().success());
}

/// The same plugin with another digest: a custom section at the end, which no engine looks at.
fn another_digest(component: &[u8]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    bytes.extend([0, 5, 4, b'n', b'o', b't', b'e']);
    bytes
}

fn states(host: &Host) -> BTreeMap<String, (String, String)> {
    let list = host.run(["--json", "plugin", "list"]).ok().json();
    let rows = list.as_array().unwrap().iter().map(|row| {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        (text("version"), (text("state"), text("reason")))
    });
    rows.collect()
}

fn count_in_state(host: &Host, state: &str) -> usize {
    let list = host.run(["--json", "plugin", "list"]).ok().json();
    list.as_array()
        .unwrap()
        .iter()
        .filter(|row| row["state"] == state)
        .count()
}

#[test]
fn a_replaced_plugin_file_becomes_active_after_its_probing_run() {
    let host = host();
    let daemon = serving(&host);
    goes_on(&host, "often");
    let bytes = fs::read(guest("misbehaving")).unwrap();
    fs::write(
        host.plugins().join("misbehaving.wasm"),
        another_digest(&bytes),
    )
    .unwrap();
    eventually(
        "the new digest is active, the old one replaced",
        SOON,
        || {
            (count_in_state(&host, "active") == 1 && count_in_state(&host, "replaced") == 1)
                .then_some(())
        },
    );
    goes_on(&host, "often");
    assert!(daemon.stop().success());
    without_a_hole(&host, "often");
}

#[test]
fn a_file_that_a_person_ran_once_does_not_become_active_beside_another() {
    let host = host();
    let daemon = serving(&host);
    goes_on(&host, "often");
    assert!(daemon.stop().success());
    let bytes = fs::read(guest("misbehaving")).unwrap();
    fs::write(
        host.plugins().join("misbehaving.wasm"),
        another_digest(&bytes),
    )
    .unwrap();
    let _ran = host.run(["once", "often"]).ok();
    let counts = ["active", "replaced"].map(|state| count_in_state(&host, state));
    assert_eq!(counts, [1, 1]);
}

#[test]
fn a_plugin_that_wants_more_waits_until_it_is_granted() {
    let host = host();
    let daemon = serving(&host);
    goes_on(&host, "often");
    host.install("misbehaving", &guest("greedy"));
    let text = notice(&host, "plugin:misbehaving.wasm");
    assert!(
        text.contains("wider grants wanted") && text.contains("`more`"),
        "{text}"
    );
    let states = states(&host);
    assert_eq!(states["9.0.0"].0, "refused", "{states:?}");
    assert!(
        states["9.0.0"].1.contains("wider grants wanted"),
        "{states:?}"
    );
    goes_on(&host, "often");

    // A restart changes nothing: the host has a copy of what is active.
    assert!(daemon.stop().success());
    let daemon = serving(&host);
    goes_on(&host, "often");
    assert_eq!(self::states(&host)["9.0.0"].0, "refused");

    let granted = schedule("often", "every = \"1s\"", "ok")
        + "\n[schedule.grants.files.more]\npath = \"<shelf>\"\naccess = \"read\"\n";
    host.schedule("often.toml", &granted);
    eventually("what is granted is active", SOON, || {
        (self::states(&host)["9.0.0"].0 == "active").then_some(())
    });
    no_notice(&host);
    goes_on(&host, "often");
    assert!(daemon.stop().success());
    without_a_hole(&host, "often");
}

#[test]
fn a_plugin_that_fails_its_probing_run_does_not_become_active() {
    let host = host();
    // Begins an operation, and so it does in a dry run: nobody may.
    host.schedule(
        "often.toml",
        &schedule("often", "every = \"1h\"", "running"),
    );
    let daemon = serving(&host);
    eventually("the plugin is active", SOON, || {
        (count_in_state(&host, "active") == 1).then_some(())
    });
    let bytes = fs::read(guest("misbehaving")).unwrap();
    fs::write(
        host.plugins().join("misbehaving.wasm"),
        another_digest(&bytes),
    )
    .unwrap();
    let text = notice(&host, "plugin:misbehaving.wasm");
    assert!(text.contains("it began something in a dry run"), "{text}");
    assert_eq!(
        (
            count_in_state(&host, "active"),
            count_in_state(&host, "refused")
        ),
        (1, 1)
    );
    assert!(daemon.stop().success());
}

#[test]
fn a_half_written_plugin_file_is_never_loaded() {
    let host = host();
    let daemon = serving(&host);
    goes_on(&host, "often");
    let whole = another_digest(&fs::read(guest("misbehaving")).unwrap());
    let path = host.plugins().join("misbehaving.wasm");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let text = notice(&host, "plugin:misbehaving.wasm");
    assert!(text.contains("misbehaving.wasm cannot be used"), "{text}");
    goes_on(&host, "often");
    fs::write(&path, &whole).unwrap();
    eventually("the whole file is active", SOON, || {
        (count_in_state(&host, "replaced") == 1).then_some(())
    });
    no_notice(&host);
    goes_on(&host, "often");
    assert!(daemon.stop().success());
    without_a_hole(&host, "often");
}

#[test]
fn a_pause_stops_what_is_due_and_is_on_record_with_person_and_reason() {
    let host = host();
    let daemon = serving(&host);
    goes_on(&host, "often");
    let _ = host
        .run(["pause", "often", "--reason", "the disk is being changed"])
        .ok();
    eventually("due times are paused", SOON, || {
        (ended(&host, "often", "paused") > 2).then_some(())
    });
    assert_eq!(status(&host)["paused"][0]["schedule"], "often");
    let next = host.run(["next", "-n", "1"]).ok();
    assert!(next.stdout.contains("the disk is being changed"), "{next}");
    let _ = host
        .run(["pause", "often", "--reason", "twice"])
        .ended_with(3);
    let range = [
        "--from",
        "2026-11-01T00:00Z",
        "--to",
        "2026-11-01T00:00:02Z",
    ];
    let backfill = host.run(["backfill", "often"].iter().chain(&range));
    let backfill = backfill.ended_with(3);
    assert!(
        backfill.stderr.contains("the disk is being changed"),
        "{backfill}"
    );
    let now = host.run(["once", "often"]).ended_with(3);
    assert!(now.stderr.contains("the disk is being changed"), "{now}");
    let _ = host.run(["once", "often", "--despite-pause"]).ok();

    let _ = host.run(["resume", "often", "--reason", "done"]).ok();
    goes_on(&host, "often");
    let paused = ended(&host, "often", "paused");
    goes_on(&host, "often");
    assert_eq!(ended(&host, "often", "paused"), paused);
    let twice = host
        .run(["resume", "often", "--reason", "again"])
        .ended_with(4);
    assert!(twice.stderr.contains("no pause"), "{twice}");
    assert!(daemon.stop().success());
    without_a_hole(&host, "often");
    let rows = rows(&host, "often");
    let reasons: Vec<&str> = rows
        .iter()
        .filter(|row| row["outcome"] == "paused")
        .map(|row| row["reason"].as_str().unwrap())
        .collect();
    assert!(
        reasons
            .iter()
            .all(|reason| reason.contains("the disk is being changed")),
        "{reasons:?}"
    );
}

#[test]
fn a_run_in_another_process_is_cancelled() {
    let host = host();
    host.schedule(
        "often.toml",
        &schedule("stuck", "every = \"1s\"", "sleep-for-ever"),
    );
    let daemon = serving(&host);
    let id = eventually("a run is under way", SOON, || {
        let rows = rows(&host, "stuck");
        let stuck = rows.iter().find(|row| row["outcome"].is_null())?;
        Some(stuck["id"].as_str().unwrap().to_owned())
    });
    eventually("it is claimed", SOON, || {
        let status = host.run(["status"]).ok();
        status.stdout.contains("1 under way").then_some(())
    });
    let _ = host.run(["cancel", &id[..13], "--reason", "it hangs"]).ok();
    eventually("it is cancelled", SOON, || {
        let rows = rows(&host, "stuck");
        let row = rows.iter().find(|row| row["id"] == id.as_str()).unwrap();
        (row["outcome"] == "cancelled").then(|| {
            assert!(
                row["reason"].as_str().unwrap().contains("it hangs"),
                "{row}"
            )
        })
    });
    let gone = host.run(["cancel", &id, "--reason", "again"]).ended_with(4);
    assert!(gone.stderr.contains("no unfinished occurrence"), "{gone}");
    drop(daemon);
}

#[test]
fn what_fails_is_told_once_from_the_record_and_counted() {
    let host = host();
    host.schedule(
        "fails.toml",
        &schedule(
            "fails",
            "every = \"1s\"\nretry = { attempts = 1 }",
            "failure",
        ),
    );
    let metrics = host.folder().join("strongroom.prom");
    let mut daemon =
        host.serve_with(host.command(["serve", "--metrics", metrics.to_str().unwrap()]));
    daemon.says("fails acme failed", SOON);
    goes_on(&host, "often");
    let measured = eventually("the metrics are written", SOON, || {
        let text = fs::read_to_string(&metrics).ok()?;
        text.contains(
            "strongroom_occurrences{schedule=\"fails\",tenant=\"acme\",outcome=\"failed\"}",
        )
        .then_some(text)
    });
    assert!(
        measured.contains(
            "strongroom_last_success_timestamp_seconds{schedule=\"often\",tenant=\"acme\"}"
        ),
        "{measured}"
    );
    assert!(measured.ends_with("# EOF\n"), "whole, or not there");
    assert!(daemon.stop().success());
    let log = fs::read_to_string(host.folder().join("serve.log")).unwrap();
    let failed: Vec<String> = rows(&host, "fails")
        .iter()
        .map(|row| row["due"].as_str().unwrap().to_owned())
        .collect();
    assert!(!failed.is_empty());
    for due in failed {
        let told = log
            .lines()
            .filter(|line| line.contains("\"alert\"") && line.contains(&due))
            .count();
        assert_eq!(told, 1, "{due} in\n{log}");
    }
    let shown = host.run(["metrics"]).ok().stdout;
    assert!(shown.contains("outcome=\"failed\""), "{shown}");
    let shown = host.run(["--json", "metrics"]).ok().json();
    let counted = shown["occurrences"].as_array().unwrap();
    let failed = |row: &&Value| row["schedule"] == "fails" && row["outcome"] == "failed";
    let failed = counted.iter().find(failed).expect("it failed");
    assert_eq!(failed["count"], ended(&host, "fails", "failed"), "{shown}");
    assert!(shown["written"].is_string(), "{shown}");
}

#[test]
fn an_event_makes_its_schedules_due() {
    let host = host();
    host.schedule(
        "often.toml",
        &schedule("export", "on = \"password-changed\"", "ok"),
    );
    let daemon = serving(&host);
    let raised = host
        .run(["--json", "raise", "password-changed"])
        .ok()
        .json();
    assert_eq!(
        (
            raised[0]["schedule"].as_str(),
            raised[0]["origin"]["kind"].as_str()
        ),
        (Some("export"), Some("event"))
    );
    eventually("the export has run", SOON, || {
        (ended(&host, "export", "succeeded") == 1).then_some(())
    });
    let unknown = host.run(["raise", "password-chnged"]).ended_with(4);
    assert!(unknown.stderr.contains("password-changed"), "{unknown}");
    let nobody = host
        .run(["raise", "password-changed", "--tenant", "globex"])
        .ended_with(4);
    assert!(nobody.stderr.contains("globex"), "{nobody}");
    assert!(daemon.stop().success());
}

#[test]
fn a_backfill_makes_up_for_the_past_and_costs_the_timetable_nothing() {
    let host = host();
    let range = [
        "--from",
        "2026-11-01T00:00Z",
        "--to",
        "2026-11-01T00:00:05Z",
    ];
    let backfill = |more: &[&str]| {
        let arguments = ["--json", "backfill", "often"]
            .iter()
            .chain(&range)
            .chain(more);
        host.run(arguments).ok().json()["backfill"]
            .as_array()
            .unwrap()
            .len()
    };
    let daemon = serving(&host);
    goes_on(&host, "often");
    assert_eq!(backfill(&["--dry-run"]), 5);
    assert_eq!(backfill(&[]), 5);
    assert_eq!(
        backfill(&[]),
        0,
        "what is under way or done is not planned again"
    );
    let covered = || -> Vec<String> {
        let rows = rows(&host, "often");
        let done = rows
            .iter()
            .filter(|row| !row["covers"].is_null() && row["outcome"] == "succeeded");
        done.map(|row| row["covers"].as_str().unwrap().to_owned())
            .collect()
    };
    eventually("the backfill is done", SOON, || {
        (covered().len() == 5).then_some(())
    });
    let mut covered = covered();
    covered.sort();
    let expected: Vec<String> = (0..5)
        .map(|second| format!("2026-11-01T00:00:0{second}.000Z"))
        .collect();
    assert_eq!(covered, expected);
    assert_eq!(backfill(&["--again"]), 5);
    goes_on(&host, "often");
    assert!(daemon.stop().success());
    assert_eq!(
        ended(&host, "often", "skipped-overlap"),
        0,
        "the timetable waits for nobody's backfill"
    );
}
