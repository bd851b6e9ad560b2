//! What will happen in these months: the whole engine on a simulated clock, without a plugin, with written replies,
//! with real plugins, and with a host that is down.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use strongroom_tests::{Host, Ran};

/// Half past two does not exist in New York on 2026-03-08.
const NIGHTLY: &str = r#"
[[schedule]]
name = "nightly"
plugin = "some-provider"
cron = "30 2 * * *"
timezone = "America/New_York"
tenants = ["acme", "globex"]

[schedule.retention]
keep-within = "5d"
"#;

const TELL: &str = r#"
[[schedule]]
name = "tell"
plugin = "tell"
every = "1h"
tenants = ["acme"]
timeout = "6h"
"#;

fn simulate(host: &Host, from: &str, to: &str, more: &[&str]) -> Ran {
    let typed = ["--json", "simulate", "--from", from, "--to", to];
    host.run(typed.iter().chain(more))
}

fn cassette(host: &Host, text: &str) -> String {
    let file = host.folder().join("cassette.toml");
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Due time and outcome of every occurrence of a tenant, in order of due times.
fn outcomes(report: &Value, tenant: &str) -> Vec<(String, String)> {
    let rows = report["occurrences"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["tenant"] == tenant);
    let text = |value: &Value| value.as_str().unwrap_or("unfinished").to_owned();
    rows.map(|row| (text(&row["due"]), text(&row["outcome"])))
        .collect()
}

fn count(report: &Value, outcome: &str) -> usize {
    let rows = report["occurrences"].as_array().unwrap().iter();
    rows.filter(|row| row["outcome"] == outcome).count()
}

#[test]
fn a_year_needs_no_plugin_and_leaves_nothing_behind() {
    // Nothing is lent to it: what is in its state folder afterwards was made by the simulation.
    let host = Host::within(&std::env::temp_dir()).with_own_plugins();
    host.schedule("nightly.toml", NIGHTLY);
    let ran = simulate(&host, "2026-01-01", "2027-01-01", &[]).ok();
    let report = ran.json();
    assert_eq!(count(&report, "succeeded"), 2 * 365);
    assert_eq!(report["messages"].as_array().unwrap().len(), 0);
    for shelf in report["shelves"].as_array().unwrap() {
        assert_eq!(shelf["months"].as_array().unwrap().len(), 13, "{shelf}");
        assert_eq!(shelf["months"][6]["good"], 5, "{shelf}");
        assert_eq!(shelf["lowest"]["good"], 5, "{shelf}");
        assert_eq!(shelf["only_floor_at"], Value::Null, "{shelf}");
    }
    let march = &report["schedules"][0]["calendar"][3];
    assert_eq!(march["month"], "2026-03");
    assert_eq!(march["days"], "o".repeat(31));
    assert_eq!(march["clocks_change"], serde_json::json!([8]));
    assert_eq!(fs::read_dir(host.state()).map_or(0, Iterator::count), 0);
    let left = fs::read_dir(host.folder()).unwrap().flatten();
    let left = left.filter(|entry| entry.file_name().to_string_lossy().contains("simulation"));
    assert_eq!(left.count(), 0, "the temporary ledger is gone");
}

#[test]
fn an_outage_over_the_change_of_the_clocks_gives_every_due_time_one_outcome() {
    let host = Host::new();
    host.schedule("nightly.toml", NIGHTLY);
    let down = ["--down", "2026-03-07T07:00Z/50h"];
    let report = simulate(&host, "2026-03-05", "2026-03-12", &down)
        .ended_with(1)
        .json();
    // 02:30 is 07:30Z in winter and 06:30Z in summer; on the 8th it is at 07:00Z, the end of the gap.
    let expected = [
        ("2026-03-05T07:30:00.000Z", "succeeded"),
        ("2026-03-06T07:30:00.000Z", "succeeded"),
        ("2026-03-07T07:30:00.000Z", "missed"),
        ("2026-03-08T07:00:00.000Z", "missed"),
        // Within twelve hours of the end of the outage.
        ("2026-03-09T06:30:00.000Z", "succeeded"),
        ("2026-03-10T06:30:00.000Z", "succeeded"),
        ("2026-03-11T06:30:00.000Z", "succeeded"),
    ];
    for tenant in ["acme", "globex"] {
        let found = outcomes(&report, tenant);
        let found: Vec<_> = found.iter().map(|(d, o)| (&**d, &**o)).collect();
        assert_eq!(found, expected, "{tenant}");
    }
    let messages = report["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 4);
    assert!(
        messages
            .iter()
            .all(|message| message["at"] == "2026-03-09T09:00:00.000Z")
    );
    let days = &report["schedules"][0]["calendar"][0]["days"];
    // The 5th at midnight UTC is still the 4th there.
    assert_eq!(days.as_str().unwrap().trim(), ".oommooo", "{report}");
}

#[test]
fn a_host_killed_in_the_middle_of_a_run_takes_it_up_again() {
    let host = Host::new();
    host.schedule("nightly.toml", NIGHTLY);
    let slow = cassette(
        &host,
        "[[reply]]\ncall = \"create\"\ntakes = \"20m\"\ndone = []\n",
    );
    let more = ["--cassette", &slow, "--down", "2026-01-02T07:40Z/10m"];
    let report = simulate(&host, "2026-01-01T12:00Z", "2026-01-03", &more)
        .ok()
        .json();
    for row in report["occurrences"].as_array().unwrap() {
        assert_eq!(row["due"], "2026-01-02T07:30:00.000Z");
        assert_eq!(row["ended_at"], "2026-01-02T08:10:00.000Z", "{row}");
    }
    assert_eq!(count(&report, "succeeded"), 2);
}

#[test]
fn failures_are_tried_again_and_end_as_the_cassette_says() {
    let host = Host::new();
    host.schedule("nightly.toml", NIGHTLY);
    let text = r#"
# On the 2nd: throttled twice, then good.
[[reply]]
tenant = "acme"
call = "create"
due = "2026-01-02T07:30:00Z"
times = 2
failure = { kind = "throttled", detail = "slowly, {tenant}", retry-after = "10m" }

# From the 3rd on the provider refuses for two days.
[[reply]]
call = "create"
since = "2026-01-03T00:00:00Z"
until = "2026-01-05T00:00:00Z"
failure = { kind = "denied", detail = "no {tenant} here" }

# It works on it for an hour.
[[reply]]
call = "create"
running = { poll-after = "20m", percent = 5, note = "copying" }

[[reply]]
tenant = "globex"
call = "poll"
nth = 2
trap = "out of bounds"
"#;
    let file = cassette(&host, text);
    let report = simulate(&host, "2026-01-01", "2026-01-07", &["--cassette", &file])
        .ended_with(1)
        .json();
    let rows = report["occurrences"].as_array().unwrap();
    let row = |tenant: &str, day: &str| {
        let due = format!("{day}T07:30:00.000Z");
        let mut found = rows
            .iter()
            .filter(|row| row["tenant"] == tenant && row["due"] == due.as_str());
        found.next().unwrap().clone()
    };
    assert_eq!(
        row("acme", "2026-01-01")["ended_at"],
        "2026-01-01T07:50:00.000Z"
    );
    let throttled = row("acme", "2026-01-02");
    assert_eq!(throttled["attempts"], 3, "{throttled}");
    for day in ["2026-01-03", "2026-01-04"] {
        let denied = row("globex", day);
        assert_eq!(denied["outcome"], "failed");
        assert_eq!(denied["reason"], "denied: no globex here");
    }
    assert_eq!(
        row("globex", "2026-01-02")["attempts"],
        2,
        "a crash is tried once more"
    );
    assert_eq!(count(&report, "failed"), 4);
    assert_eq!(report["messages"].as_array().unwrap().len(), 4);
}

#[test]
fn a_run_that_takes_too_long_shows_each_kind_of_overlap() {
    let slow = "[[reply]]\ncall = \"run\"\nnth = 2\ntakes = \"90m\"\ndone = []\n";
    let expected = [
        (
            "skip",
            vec![
                "succeeded",
                "succeeded",
                "skipped-overlap",
                "succeeded",
                "succeeded",
            ],
        ),
        ("queue", vec!["succeeded"; 5]),
        (
            "replace",
            vec![
                "succeeded",
                "superseded",
                "succeeded",
                "succeeded",
                "succeeded",
            ],
        ),
        ("allow", vec!["succeeded"; 5]),
    ];
    for (overlap, expected) in expected {
        let host = Host::new();
        host.schedule("tell.toml", &format!("{TELL}overlap = \"{overlap}\"\n"));
        let file = cassette(&host, slow);
        let ran = simulate(
            &host,
            "2026-01-01T00:30Z",
            "2026-01-01T05:30Z",
            &["--cassette", &file],
        );
        let report = ran.json();
        let found: Vec<String> = outcomes(&report, "acme")
            .into_iter()
            .map(|(_, o)| o)
            .collect();
        assert_eq!(found, expected, "{overlap}");
        let third = &report["occurrences"][2]["ended_at"];
        match overlap {
            "queue" => assert_eq!(third, "2026-01-01T03:30:00.000Z"),
            "allow" => assert_eq!(third, "2026-01-01T03:00:00.000Z"),
            _ => {}
        }
    }
}

#[test]
fn a_shelf_that_only_the_floor_keeps_is_warned_of() {
    let host = Host::new();
    host.schedule("nightly.toml", NIGHTLY);
    let text = "[[reply]]\ntenant = \"acme\"\nsince = \"2026-01-10T00:00:00Z\"\ncall = \"create\"\n\
                failure = { kind = \"invalid\" }\n";
    let file = cassette(&host, text);
    let typed = ["simulate", "--from", "2026-01-01", "--to", "2026-01-20"];
    let ran = host
        .run(typed.iter().chain(&["--cassette", &*file]))
        .ended_with(1);
    for expected in [
        "  2026-01  ooooooooo",
        "28 succeeded, 10 failed",
        "2026-01-10 07:30Z  nightly acme  failed: invalid: as the cassette says",
        "2026-01-10 07:30Z ALERT nightly acme failed: invalid",
        "warning: nightly acme: at 2026-01-14 07:30:00Z every copy left was older",
    ] {
        assert!(ran.stdout.contains(expected), "{expected}\n{ran}");
    }
    assert!(!ran.stdout.contains("warning: nightly globex"), "{ran}");
}

#[test]
fn what_was_recorded_comes_again_when_it_is_played() {
    let host = Host::new();
    let text = r#"
[[schedule]]
name = "daily"
plugin = "local-snapshot"
cron = "0 3 * * *"
tenants = ["acme", "globex"]
retention = { keep-last = 2 }
grants.files.data = { path = "<data>/{tenant}", access = "read" }
grants.files.place = { path = "<shelf>", access = "write" }
"#;
    host.schedule("daily.toml", text);
    host.tree("acme").file("a.txt", "a");
    // Globex has no data: its runs fail.
    let file = host.folder().join("recorded.toml");
    let file = file.to_str().unwrap();
    let real = simulate(
        &host,
        "2026-01-01",
        "2026-01-06",
        &["--real", "--record", file],
    )
    .ended_with(1)
    .json();
    let played = simulate(&host, "2026-01-01", "2026-01-06", &["--cassette", file])
        .ended_with(1)
        .json();
    let comparable = |report: &Value| -> BTreeMap<(String, String), (Value, Value)> {
        let rows = report["occurrences"].as_array().unwrap().iter();
        let key = |row: &Value| (row["tenant"].to_string(), row["due"].to_string());
        rows.map(|row| (key(row), (row["outcome"].clone(), row["reason"].clone())))
            .collect()
    };
    assert_eq!(comparable(&real), comparable(&played));
    assert_eq!(count(&real, "succeeded"), 5);
    assert_eq!(real["shelves"][0]["months"], played["shelves"][0]["months"]);
    let recorded = fs::read_to_string(file).unwrap();
    assert!(
        !recorded.contains("2026-01-0"),
        "times became places:\n{recorded}"
    );
    let months = simulate(&host, "2026-01-01", "2026-04-01", &["--cassette", file])
        .ended_with(1)
        .json();
    assert_eq!(count(&months, "succeeded"), 90);
    assert_eq!(count(&months, "failed"), 90);
    assert_eq!(months["shelves"][0]["months"][2]["good"], 2);
}

#[test]
fn what_is_only_assumed_never_goes_into_a_ledger_that_exists() {
    let host = Host::new();
    host.schedule("nightly.toml", NIGHTLY);
    let _ = simulate(&host, "2026-01-01", "2026-01-03", &["--keep"]).ok();
    let kept = host.run(["--json", "occurrences"]).ok().json();
    assert_eq!(kept.as_array().unwrap().len(), 4);
    let ran = simulate(&host, "2026-01-03", "2026-01-05", &["--keep"]).ended_with(2);
    assert!(ran.stdout.contains("--keep"), "{ran}");
}

/// An alarm that a shelf became too old is a message too, and so is its end.
#[test]
fn a_shelf_that_becomes_too_old_in_an_outage_is_among_the_messages() {
    let host = Host::new();
    host.schedule(
        "daily.toml",
        "[[schedule]]\nname = \"daily\"\nplugin = \"provider\"\ncron = \"0 3 * * *\"\ntenants = [\"acme\"]\n\
         max-age = \"30h\"\nretention = { keep-within = \"5d\" }\n",
    );
    let down = ["--down", "2026-03-07T12:00Z/40h"];
    let report = simulate(&host, "2026-03-05", "2026-03-12", &down)
        .ended_with(1)
        .json();
    let messages = report["messages"].as_array().unwrap();
    let ages: Vec<_> = messages
        .iter()
        .filter(|one| one["too_old"].is_boolean())
        .collect();
    assert_eq!(ages.len(), 2, "{messages:?}");
    assert_eq!(ages[0]["at"], "2026-03-09T04:00:00.000Z");
    assert_eq!(ages[0]["too_old"], true);
    assert_eq!(ages[0]["newest"], "2026-03-07T03:00:00.000Z");
    assert_eq!(ages[0]["max_age_seconds"], 30 * 3600);
    assert_eq!(ages[1]["too_old"], false);
    let typed = ["simulate", "--from", "2026-03-05", "--to", "2026-03-12"];
    let shown = host.run(typed.iter().chain(&down)).ended_with(1).stdout;
    assert!(
        shown.contains("ALERT daily acme the newest good snapshot is 2d1h old, and may be 1d6h"),
        "{shown}"
    );
    assert!(
        shown.contains("OK    daily acme the newest good snapshot is no longer too old"),
        "{shown}"
    );
}

#[test]
fn a_simulation_that_is_interrupted_shows_no_half_of_it() {
    let host = Host::new();
    host.schedule("nightly.toml", NIGHTLY);
    let mut command = host.command(["simulate", "--from", "2026-01-01", "--to", "2400-01-01"]);
    let mut child = command
        .env("STRONGROOM_LOG", "info")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let began = log.by_ref().map_while(Result::ok);
    assert_eq!(began.take(3).count(), 3);
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).unwrap();
    let rest: Vec<String> = log.map_while(Result::ok).collect();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = |line: &String| line.contains("the simulation was interrupted at 20");
    assert!(rest.iter().any(said), "{:?}", rest.last());
}
