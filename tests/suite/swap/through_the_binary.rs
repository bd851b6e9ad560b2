//! P06 through the command line: one host runs all the while, and the provider changes under it.
//!
//! The second provider is the first one under another name: the file differs in that name only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use strongroom_tests::{Daemon, Host, compare_trees, eventually, holds_for, plugin};

const SOON: Duration = Duration::from_secs(90);

/// Every two seconds: the name and place of each are its own.
fn entry(name: &str, plugin: &str, place: &str, rest: &str) -> String {
    format!(
        r#"[[schedule]]
name = "{name}"
plugin = "{plugin}"
{rest}

[schedule.retention]
keep-last = 3

[schedule.grants.files.data]
path = "<data>/{{tenant}}"
access = "read"

[schedule.grants.files.place]
path = "<shelf>/{place}"
access = "write"

"#
    )
}

const OFTEN: &str = "every = \"2s\" # often, for the test\ntenants = [\"acme\"]";

fn host() -> Host {
    let host = Host::new().with_own_plugins();
    host.install("local-snapshot", &plugin("local-snapshot"));
    host.tree("acme")
        .file("a.txt", "one")
        .file("b/c.txt", "two");
    for folder in ["shelf/old", "shelf/new"] {
        fs::create_dir_all(host.folder().join(folder)).unwrap();
    }
    host
}

/// Drops the second provider's file into the plugins folder.
fn drop_in_the_other(host: &Host) {
    let mut bytes = fs::read(plugin("local-snapshot")).unwrap();
    let (name, other) = (b"local-snapshot", b"other-snapshot");
    let places: Vec<usize> = bytes
        .windows(name.len())
        .enumerate()
        .filter_map(|(at, found)| (found == name).then_some(at))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + name.len()].copy_from_slice(other);
    }
    let file = host.folder().join("other.wasm");
    fs::write(&file, bytes).unwrap();
    host.install("other-snapshot", &file);
}

fn rehearsing(host: &Host) {
    host.schedule(
        "daily.toml",
        &entry("daily", "local-snapshot", "old", OFTEN),
    );
    let shadow = entry(
        "daily-new",
        "other-snapshot",
        "new",
        "shadow-of = \"daily\" # rehearsed",
    );
    host.schedule("daily-new.toml", &shadow);
}

fn rows(host: &Host, schedule: &str) -> Vec<Value> {
    let ran = host.run([
        "--json",
        "occurrences",
        "--schedule",
        schedule,
        "-n",
        "10000",
    ]);
    if ran.code == 0 {
        ran.json().as_array().unwrap().clone()
    } else {
        Vec::new()
    }
}

/// Runs that succeeded, as a shadow or for the promise.
fn succeeded(host: &Host, schedule: &str, shadow: bool) -> usize {
    let counts =
        |row: &&Value| row["outcome"] == "succeeded" && row["shadow_of"].is_null() != shadow;
    rows(host, schedule).iter().filter(counts).count()
}

#[track_caller]
fn goes_on(host: &Host, schedule: &str, shadow: bool) {
    let before = succeeded(host, schedule, shadow);
    eventually(&format!("{schedule} goes on"), SOON, || {
        (succeeded(host, schedule, shadow) > before + 1).then_some(())
    });
}

fn snapshots(host: &Host, schedule: &str) -> Vec<Value> {
    let list = ["--json", "snapshots", "list", "--schedule", schedule];
    host.run(list).ok().json().as_array().unwrap().clone()
}

fn served(host: &Host) -> Daemon {
    let mut daemon = host.serve();
    daemon.says("serving", SOON);
    daemon
}

fn text(host: &Host, name: &str) -> String {
    fs::read_to_string(host.schedules().join(name)).unwrap()
}

/// The audit log's entries that hold this word, from its verified export.
fn audited(host: &Host, word: &str) -> Vec<String> {
    let export = host.folder().join(format!("audit-{word}"));
    let folder = export.to_str().unwrap();
    let _ = host.run(["audit", "export", folder]).ok();
    let _ = host.run(["audit", "verify", folder]).ok();
    let mut found = Vec::new();
    bundles(&export.join("tile/entries"), &mut |mut bytes: &[u8]| {
        // Each entry stands behind its length.
        while let [high, low, rest @ ..] = bytes {
            let (entry, after) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
            found.push(String::from_utf8(entry.to_vec()).unwrap());
            bytes = after;
        }
    });
    assert!(!found.is_empty());
    found.retain(|entry| entry.contains(word));
    found
}

fn bundles(folder: &Path, read: &mut dyn FnMut(&[u8])) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bundles(&path, read);
        } else {
            read(&fs::read(&path).unwrap());
        }
    }
}

#[test]
fn p06_a_provider_is_rehearsed_cut_over_and_returned_to_while_one_host_runs() {
    let host = host();
    drop_in_the_other(&host);
    rehearsing(&host);
    let mut daemon = served(&host);
    goes_on(&host, "daily", false);
    goes_on(&host, "daily-new", true);
    let report = host.run(["swap", "report", "daily", "--days", "1"]).ok();
    assert!(
        report.stdout.ends_with("A cut-over is advised.\n"),
        "{}",
        report.stdout
    );
    let longer = host.run(["--json", "swap", "report", "daily"]).ok().json();
    assert_eq!(longer["advised"], false);
    assert_eq!(longer["against"].as_array().unwrap().len(), 1, "{longer}");
    assert_eq!(longer["shadow"]["provider"]["missing"], 0, "{longer}");

    let done = host.run([
        "swap",
        "cut-over",
        "daily",
        "--reason",
        "the rehearsal went well",
    ]);
    assert!(
        done.ok()
            .stdout
            .contains("`daily-new` keeps the promise from now on")
    );
    assert!(text(&host, "daily.toml").contains("succeeded-by = \"daily-new\""));
    assert!(text(&host, "daily-new.toml").contains("every = \"2s\" # often, for the test"));
    goes_on(&host, "daily-new", false);
    let old = rows(&host, "daily").len();
    goes_on(&host, "daily-new", false);
    assert_eq!(
        rows(&host, "daily").len(),
        old,
        "the old one makes nothing new"
    );
    let refused = host.run(["once", "daily"]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("`daily-new` took its place"),
        "{}",
        refused.stderr
    );

    // Its shelf has run out by `keep-last`, over the copies of both.
    eventually("the old shelf runs out", SOON, || {
        snapshots(&host, "daily").is_empty().then_some(())
    });
    assert!(!snapshots(&host, "daily-new").is_empty());

    let _ = host
        .run(["swap", "back", "daily", "--reason", "prices"])
        .ok();
    goes_on(&host, "daily", false);
    goes_on(&host, "daily-new", true);
    assert!(daemon.runs());
    assert!(daemon.stop().success());
    every_due_time_was_kept_once(&host);
    for (kind, reason) in [
        ("swap-cut-over", "the rehearsal went well"),
        ("swap-back", "prices"),
    ] {
        let entries = audited(&host, kind);
        assert_eq!(entries.len(), 2, "intended and done: {entries:?}");
        assert!(
            entries.iter().all(|entry| entry.contains(reason)),
            "{entries:?}"
        );
    }
}

/// Of the promise: each due time has exactly one outcome that counts, whoever made it.
#[track_caller]
fn every_due_time_was_kept_once(host: &Host) {
    let mut dues: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for schedule in ["daily", "daily-new"] {
        for row in rows(host, schedule) {
            if row["shadow_of"].is_null() {
                let due: Timestamp = row["due"].as_str().unwrap().parse().unwrap();
                let what = format!("{schedule} {}", row["outcome"]);
                dues.entry(due.as_second()).or_default().push(what);
            }
        }
    }
    let seconds: Vec<i64> = dues.keys().copied().collect();
    let steps: BTreeSet<i64> = seconds.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(
        steps,
        BTreeSet::from([2]),
        "no due time is without a record: {dues:?}"
    );
    let twice: Vec<_> = dues.values().filter(|what| what.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn a_cut_over_is_refused_before_the_shadow_has_a_copy_of_every_tenant_unless_somebody_says_why() {
    let host = host();
    drop_in_the_other(&host);
    rehearsing(&host);
    let _ = host.run(["once", "daily"]).ok();
    let before = text(&host, "daily.toml");
    let refused = host.run(["swap", "cut-over", "daily", "--reason", "now"]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    for words in [
        "`daily-new` cannot take the place of `daily` yet",
        "has not succeeded once for `acme` in 7 days",
        "has no good snapshot of `acme`",
        "--despite",
    ] {
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    assert_eq!(text(&host, "daily.toml"), before);
    assert!(audited(&host, "swap-").is_empty());
    let forced = [
        "swap",
        "cut-over",
        "daily",
        "--reason",
        "now",
        "--despite",
        "the old one burns",
    ];
    let _ = host.run(forced).ok();
    assert!(text(&host, "daily.toml").contains("succeeded-by"));
    let entries = audited(&host, "swap-cut-over");
    assert!(
        entries
            .iter()
            .all(|entry| entry.contains("the old one burns"))
    );
    // Without a shadow there is nothing to cut over to.
    let none = host.run(["swap", "cut-over", "daily-new", "--reason", "again"]);
    assert_eq!(none.code, 4, "{}", none.stderr);
    assert!(
        none.stderr.contains("`daily-new` has no shadow"),
        "{}",
        none.stderr
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story")]
fn p06_a_dropped_file_and_an_edited_line_swap_the_provider_of_a_running_host_and_nothing_is_lost() {
    let host = host();
    let one = entry("daily", "local-snapshot", "old", OFTEN);
    host.schedule("daily.toml", &one);
    let mut daemon = served(&host);
    goes_on(&host, "daily", false);
    drop_in_the_other(&host);
    let other = entry("daily", "other-snapshot", "new", OFTEN);
    host.schedule("daily.toml", &other);
    eventually("the other provider takes snapshots", SOON, || {
        let made = snapshots(&host, "daily");
        let theirs = made.iter().filter(|row| row["plugin"] == "other-snapshot");
        (theirs.count() >= 3).then_some(())
    });
    let old = |host: &Host| -> Vec<Value> {
        let mut made = snapshots(host, "daily");
        made.retain(|row| row["plugin"] == "local-snapshot");
        made
    };
    let left = old(&host);
    // What the last run before the edit would have dropped may be left, too.
    assert!(!left.is_empty() && left.len() <= 4, "{left:?}");
    goes_on(&host, "daily", false);
    assert_eq!(
        old(&host),
        left,
        "the other provider's retention leaves them alone"
    );
    assert!(left.iter().all(|row| row["state"] == "assumed"), "{left:?}");
    let status = host.run(["status"]).ok().stdout;
    assert!(
        status.contains("made by `local-snapshot` for `daily`"),
        "{status}"
    );
    let explained = host.run(["snapshots", "explain", "daily"]).ok().stdout;
    assert!(explained.contains("it is left alone"), "{explained}");

    // Nobody can restore them until the old provider has an entry of its own.
    let id = left[0]["id"].as_str().unwrap();
    let to = host.folder().join("back");
    let to = to.to_str().unwrap();
    for command in [
        vec!["restore", id, "--to", to],
        vec!["snapshots", "verify", id],
    ] {
        let refused = host.run(command);
        assert_eq!(refused.code, 4, "{}", refused.stderr);
        assert!(
            refused.stderr.contains("succeeded-by = \"daily\""),
            "{}",
            refused.stderr
        );
    }
    let _ = host
        .run([
            "snapshots",
            "hold",
            id,
            "--name",
            "legal",
            "--reason",
            "asked for",
        ])
        .ok();
    let kept = entry(
        "daily-old",
        "local-snapshot",
        "old",
        "succeeded-by = \"daily\"",
    );
    host.schedule("daily-old.toml", &kept);
    let _ = host.run(["snapshots", "verify", id]).ok();
    let _ = host.run(["restore", id, "--to", to]).ok();
    let differences = compare_trees(&host.data().join("acme"), &PathBuf::from(to).join("data"));
    assert!(differences.is_empty(), "{differences:#?}");
    // What is not held runs out now, through the plugin that made it.
    eventually("only the held one is left", SOON, || {
        let left = old(&host);
        (left.len() == 1 && left[0]["id"] == id).then_some(())
    });
    eventually("the notice is gone", SOON, || {
        let status = host.run(["status"]).ok().stdout;
        (!status.contains("no entry reaches it")).then_some(())
    });
    assert!(daemon.runs());
    assert!(daemon.stop().success());
}

#[test]
fn a_shadow_that_fails_breaks_no_promise_and_is_told_as_a_shadow() {
    let host = host();
    drop_in_the_other(&host);
    rehearsing(&host);
    let failing =
        text(&host, "daily-new.toml").replace("/data/{tenant}", "/data/{tenant}-is-not-here");
    fs::write(host.schedules().join("daily-new.toml"), failing).unwrap();
    let mut daemon = served(&host);
    daemon.says("shadow of daily", SOON);
    goes_on(&host, "daily", false);
    let status = host.run(["--json", "status"]).ok().json();
    assert_eq!(
        status["alerts_last_24h"].as_array().unwrap().len(),
        0,
        "{status}"
    );
    assert!(
        !status["shadow_alerts_last_24h"]
            .as_array()
            .unwrap()
            .is_empty(),
        "{status}"
    );
    let metrics = host.run(["metrics"]).ok().stdout;
    let of_shadow = |line: &&str| line.contains("daily-new") && !line.starts_with('#');
    assert!(metrics.lines().any(|line| of_shadow(&line)), "{metrics}");
    assert!(
        metrics
            .lines()
            .filter(of_shadow)
            .all(|line| line.starts_with("strongroom_shadow_")),
        "{metrics}"
    );
    let report = host
        .run(["swap", "report", "daily", "--days", "1"])
        .ok()
        .stdout;
    assert!(report.contains("A cut-over is not advised"), "{report}");
    assert!(holds_for(Duration::from_secs(1), || daemon.runs()));
    assert!(daemon.stop().success());
}
