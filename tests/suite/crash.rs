//! A host that is killed at any point: every due time still has one outcome, and nothing partial looks complete.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use strongroom_tests::{Host, eventually};

const HOURLY: &str = r#"
[[schedule]]
name = "hourly"
plugin = "local-snapshot"
every = "1h"
tenants = ["acme", "globex"]

[schedule.retention]
keep-last = 3

[schedule.grants.files.data]
path = "<data>/{tenant}"
access = "read"

[schedule.grants.files.place]
path = "<shelf>"
access = "write"
"#;

const SIMULATE: [&str; 7] = [
    "simulate",
    "--real",
    "--keep",
    "--from",
    "2026-11-01T00:30Z",
    "--to",
    "2026-11-01T12:30Z",
];

fn host() -> Host {
    let host = Host::new();
    host.schedule("hourly.toml", HOURLY);
    for tenant in ["acme", "globex"] {
        let tree = host.tree(tenant);
        for number in 0..200 {
            tree.file(
                format!("folder-{}/file-{number}", number % 7),
                vec![b'x'; 20_000],
            );
        }
    }
    host
}

/// What must be true after a crash and another start, wherever it was.
fn whole(host: &Host) {
    let ran = host.run(SIMULATE).ok();
    let rows = host
        .run(["--json", "occurrences", "-n", "1000"])
        .ok()
        .json();
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in rows.as_array().unwrap() {
        assert_eq!(row["outcome"], "succeeded", "{row}\n{ran}");
        let key = (row["tenant"].to_string(), row["due"].to_string());
        *counts.entry(key).or_default() += 1;
    }
    assert_eq!(counts.len(), 24, "twelve hours of two tenants\n{ran}");
    assert!(counts.values().all(|count| *count == 1));
    for tenant in ["acme", "globex"] {
        let names: Vec<String> = fs::read_dir(host.shelf().join(tenant))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(
            !names
                .iter()
                .any(|name| name.starts_with('.') && name != ".index"),
            "left over: {names:?}"
        );
        let listed = host
            .run(["--json", "snapshots", "list", "--tenant", tenant])
            .ok()
            .json();
        assert_eq!(listed.as_array().unwrap().len(), 3, "{listed}");
        assert_eq!(
            names.len(),
            5,
            "three snapshots, `latest` and the plugin's index: {names:?}"
        );
    }
    let export = host.folder().join("audit");
    let _ = host.run(["audit", "export", export.to_str().unwrap()]).ok();
    let _ = host.run(["audit", "verify", export.to_str().unwrap()]).ok();
}

#[test]
fn a_host_killed_after_any_outcome_closes_every_due_time_honestly() {
    for lines in [1, 2, 5, 12, 23] {
        let host = host();
        let mut command = host.command(SIMULATE);
        let mut child = command
            .env("STRONGROOM_LOG", "info")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let ended = |line: &String| line.contains("\"message\":\"succeeded\"");
        let ended = log.lines().map_while(Result::ok).filter(ended);
        assert_eq!(ended.take(lines).count(), lines);
        child.kill().unwrap();
        child.wait().unwrap();
        whole(&host);
    }
}

#[test]
fn a_host_killed_in_the_middle_of_a_snapshot_takes_it_again_and_publishes_nothing_partial() {
    let host = host();
    let mut command = host.command(SIMULATE);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let shelf = host.shelf().join("acme");
    eventually("a snapshot is being made", Duration::from_secs(60), || {
        let entries = fs::read_dir(&shelf).ok()?;
        entries
            .flatten()
            .find(|entry| entry.file_name().to_string_lossy().starts_with(".partial"))
            .map(|_| ())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    whole(&host);
}
