//! The commands as a person or a script uses them.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use strongroom_tests::{Host, eventually, guest};

const EVERY_SECOND: &str = r#"
[[schedule]]
name = "often"
plugin = "misbehaving"
every = "1s"
tenants = ["acme"]
config = { do = "ok" }

[schedule.grants.files.data]
path = "<data>"
access = "write"
"#;

fn host() -> Host {
    let host = Host::new().with_own_plugins();
    host.install("misbehaving", &guest("misbehaving"));
    host.schedule("often.toml", EVERY_SECOND);
    host
}

fn ended(host: &Host) -> Vec<Value> {
    let ran = host.run(["--json", "occurrences", "-n", "1000"]);
    if ran.code != 0 {
        return Vec::new();
    }
    let rows = ran.json();
    rows.as_array()
        .unwrap()
        .iter()
        .filter(|row| !row["outcome"].is_null())
        .cloned()
        .collect()
}

#[test]
fn a_daemon_runs_what_is_due_and_stops_cleanly_on_sigterm() {
    let host = host();
    let mut daemon = host.serve();
    daemon.says("serving", Duration::from_secs(60));
    eventually("three runs have ended", Duration::from_secs(60), || {
        (ended(&host).len() >= 3).then_some(())
    });
    assert!(daemon.stop().success());
    let rows = host
        .run(["--json", "occurrences", "-n", "1000"])
        .ok()
        .json();
    for row in rows.as_array().unwrap() {
        assert_eq!(
            row["outcome"], "succeeded",
            "nothing is left in the middle: {row}"
        );
    }
}

#[test]
fn a_run_now_beside_a_running_daemon_disturbs_nothing() {
    let host = host();
    let mut daemon = host.serve();
    daemon.says("serving", Duration::from_secs(60));
    eventually("a run has ended", Duration::from_secs(60), || {
        (!ended(&host).is_empty()).then_some(())
    });
    let ran = host.run(["--json", "once", "often"]);
    let outcome = ran.json()[0]["outcome"].clone();
    assert!(
        outcome == "succeeded" || outcome == "skipped-overlap",
        "{ran}"
    );
    let before = ended(&host).len();
    eventually("the timetable goes on", Duration::from_secs(60), || {
        (ended(&host).len() > before + 1).then_some(())
    });
    assert!(daemon.stop().success());
    let export = host.folder().join("audit");
    let _ = host.run(["audit", "export", export.to_str().unwrap()]).ok();
    let _ = host.run(["audit", "verify", export.to_str().unwrap()]).ok();
}

#[test]
fn a_daemon_that_was_killed_is_taken_over_and_the_due_times_between_are_on_record() {
    let host = host();
    let mut daemon = host.serve();
    daemon.says("serving", Duration::from_secs(60));
    eventually("a run has ended", Duration::from_secs(60), || {
        (!ended(&host).is_empty()).then_some(())
    });
    daemon.crash();
    let before = ended(&host).len();
    let mut next = host.serve();
    next.says("serving", Duration::from_secs(60));
    eventually("it goes on", Duration::from_secs(90), || {
        (ended(&host).len() > before + 2).then_some(())
    });
    assert!(next.stop().success());
    let mut dues: Vec<String> = ended(&host)
        .iter()
        .map(|row| row["due"].as_str().unwrap().to_owned())
        .collect();
    let all = dues.len();
    dues.sort();
    dues.dedup();
    assert_eq!(dues.len(), all, "no due time has two outcomes");
    let first: jiff::Timestamp = dues[0].parse().unwrap();
    let last: jiff::Timestamp = dues[all - 1].parse().unwrap();
    assert_eq!(
        (last.as_second() - first.as_second()) as usize + 1,
        all,
        "no due time is without one"
    );
}

#[test]
fn a_run_that_a_person_stops_is_cancelled_and_on_record() {
    let host = host();
    host.schedule(
        "often.toml",
        &EVERY_SECOND.replace("do = \"ok\"", "do = \"spin\""),
    );
    let mut run = host.serve_with(host.command(["once", "often"]));
    eventually("it is under way", Duration::from_secs(60), || {
        let ran = host.run(["--json", "occurrences", "--unfinished"]);
        (ran.code == 0 && !ran.json().as_array().unwrap().is_empty()).then_some(())
    });
    run.signal(rustix::process::Signal::INT);
    assert_eq!(run.ends(Duration::from_secs(30)).code(), Some(1));
    assert_eq!(ended(&host)[0]["outcome"], "cancelled");
}

#[test]
fn a_dry_run_changes_and_records_nothing() {
    let host = Host::new();
    host.tree("acme").file("a.txt", "a");
    let text = "[[schedule]]\nname = \"daily\"\nplugin = \"local-snapshot\"\ncron = \"0 3 * * *\"\ntenants = [\"acme\"]\n\
                [schedule.retention]\nkeep-last = 3\n\
                [schedule.grants.files]\ndata = { path = \"<data>/{tenant}\", access = \"read\" }\nplace = { path = \"<shelf>\", access = \"write\" }\n";
    host.schedule("daily.toml", text);
    let ran = host.run(["once", "daily", "--dry-run"]).ok();
    assert!(ran.stdout.contains("nothing was changed"), "{ran}");
    assert_eq!(fs::read_dir(host.shelf()).unwrap().count(), 0);
    let ran = host.run(["--json", "occurrences"]);
    assert!(
        ran.code == 4 || ran.json().as_array().unwrap().is_empty(),
        "{ran}"
    );
}

#[test]
fn everything_that_reads_also_speaks_json() {
    let host = host();
    let _ = host.run(["once", "often"]).ok();
    let plugin = guest("misbehaving");
    for command in [
        vec!["check"],
        vec!["next", "-n", "2"],
        vec!["occurrences"],
        vec!["snapshots", "list"],
        vec!["snapshots", "explain"],
        vec!["plugin", "inspect", plugin.to_str().unwrap()],
        vec!["doctor"],
        vec!["schema"],
    ] {
        let mut words = vec!["--json"];
        words.extend(&command);
        let value = host.run(&words).ok().json();
        assert!(
            value.is_object() || value.is_array(),
            "{command:?}: {value}"
        );
    }
    let ran = host.run(["--json", "once", "unknown"]).ended_with(4);
    assert_eq!(ran.json()["exit_code"], 4, "{ran}");
}

#[test]
fn help_and_completions_know_every_command() {
    let host = host();
    let help = host.run(["--help"]).ok().stdout;
    let completions = host.run(["completions", "bash"]).ok().stdout;
    for command in [
        "check",
        "next",
        "once",
        "serve",
        "simulate",
        "occurrences",
        "snapshots",
        "restore",
        "plugin",
        "audit",
        "schema",
        "doctor",
    ] {
        assert!(
            help.contains(command) && completions.contains(command),
            "{command}"
        );
    }
    assert!(help.contains("Exit codes"));
    let _ = host.run(["no-such-command"]).ended_with(2);
}
