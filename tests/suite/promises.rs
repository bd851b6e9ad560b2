//! The customer's promises, each through the command line, on real files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use strongroom_tests::{Host, compare_trees};

/// Daily at three, GMT-3, five days: the customer's own schedule, on this host's folders.
const DAILY: &str = r#"
[[schedule]]
name = "daily"
plugin = "local-snapshot"
cron = "0 3 * * *"
timezone = "-03:00"
tenants = ["acme"]

[schedule.retention]
keep-within = "5d"
floor = 1

[schedule.grants.files.data]
path = "<data>/{tenant}"
access = "read"

[schedule.grants.files.place]
path = "<shelf>"
access = "write"
"#;

/// Days published on the shelf of acme, oldest first.
fn shelf(host: &Host) -> Vec<String> {
    let entries = fs::read_dir(host.shelf().join("acme")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut days: Vec<String> = names
        .filter(|name| !name.starts_with('.') && name != "latest")
        .collect();
    days.sort();
    days
}

fn simulate(host: &Host, from: &str, to: &str) -> Value {
    let real = ["simulate", "--real", "--keep", "--from", from, "--to", to];
    host.run(["--json"].into_iter().chain(real)).ok().json()
}

fn snapshots(host: &Host) -> Vec<Value> {
    host.run(["--json", "snapshots", "list"])
        .ok()
        .json()
        .as_array()
        .unwrap()
        .clone()
}

/// Takes one snapshot of acme's data and returns its id and folder.
fn snapshot(host: &Host) -> (String, PathBuf) {
    let ran = host.run(["--json", "once", "daily"]).ok().json();
    assert_eq!(ran[0]["outcome"], "succeeded", "{ran}");
    let row = snapshots(host).pop().unwrap();
    let folder = host.shelf().join(row["reference"].as_str().unwrap());
    (row["id"].as_str().unwrap().to_owned(), folder)
}

#[test]
fn p01_a_snapshot_every_day_at_three_gmt_minus_three_whatever_the_hosts_zone() {
    for zone in ["UTC", "Asia/Tokyo", "America/New_York"] {
        let host = Host::new();
        host.schedule("daily.toml", DAILY);
        host.tree("acme").file("a.txt", "a");
        let mut command = host.command([
            "--json",
            "simulate",
            "--real",
            "--keep",
            "--from",
            "2026-03-06T00:00Z",
            "--to",
            "2026-03-10T00:00Z",
        ]);
        command.env("TZ", zone);
        let rows = host.finish(command).ok().json()["occurrences"].clone();
        let dues: Vec<&str> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["due"].as_str().unwrap())
            .collect();
        let expected: Vec<String> = (6..10)
            .map(|day| format!("2026-03-{day:02}T06:00:00.000Z"))
            .collect();
        assert_eq!(dues, expected, "{zone}");
        assert!(
            rows.as_array()
                .unwrap()
                .iter()
                .all(|row| row["outcome"] == "succeeded"),
            "{rows}"
        );
        assert_eq!(shelf(&host).len(), 4);
    }
}

#[test]
fn p02_the_past_five_days_are_kept_and_nothing_older() {
    let host = Host::new();
    host.schedule("daily.toml", DAILY);
    host.tree("acme").file("a.txt", "a");
    simulate(&host, "2026-11-01T00:00Z", "2026-11-12T00:00Z");
    let days = shelf(&host);
    // Five days back from the 11th at three o'clock: the 6th at three is no longer within them.
    assert_eq!(days.len(), 5);
    assert!(days.first().unwrap().starts_with("2026-11-07"), "{days:?}");
    assert!(days.last().unwrap().starts_with("2026-11-11"), "{days:?}");
    assert_eq!(
        days.len(),
        snapshots(&host).len(),
        "catalog and shelf agree"
    );
    let explained = host
        .run([
            "--json",
            "snapshots",
            "explain",
            "daily",
            "--at",
            "2026-11-11T07:00Z",
        ])
        .ok()
        .json();
    assert!(
        explained
            .as_array()
            .unwrap()
            .iter()
            .any(|verdict| verdict["keep"] == true),
        "{explained}"
    );
    let all = host
        .run(["--json", "snapshots", "list", "--all"])
        .ok()
        .json();
    let gone = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["state"] == "gone")
        .count();
    assert_eq!(gone + days.len(), 11, "what is gone stays on record");
}

#[test]
fn p02_a_held_snapshot_outlives_every_rule_until_it_is_released() {
    let host = Host::new();
    host.schedule("daily.toml", DAILY);
    host.tree("acme").file("a.txt", "a");
    simulate(&host, "2026-11-01T00:00Z", "2026-11-02T00:00Z");
    let id = snapshots(&host)[0]["id"].as_str().unwrap().to_owned();
    let _ = host
        .run([
            "snapshots",
            "hold",
            &id,
            "--name",
            "audit",
            "--reason",
            "case 7",
        ])
        .ok();
    simulate(&host, "2026-11-02T00:00Z", "2026-11-20T00:00Z");
    assert!(shelf(&host)[0].starts_with("2026-11-01"));
    let _ = host
        .run(["snapshots", "release", &id, "--name", "audit"])
        .ok();
    simulate(&host, "2026-11-20T00:00Z", "2026-11-21T00:00Z");
    assert!(!shelf(&host)[0].starts_with("2026-11-01"));
}

#[test]
fn p02_the_last_good_copy_is_never_deleted() {
    let host = Host::new();
    host.schedule("daily.toml", DAILY);
    let tree = host.tree("acme");
    tree.file("a.txt", "a");
    simulate(&host, "2026-11-01T00:00Z", "2026-11-02T00:00Z");
    // The source disappears: every later run fails, and the copy grows old.
    fs::remove_dir_all(tree.path()).unwrap();
    let ran = host.run([
        "simulate",
        "--real",
        "--keep",
        "--from",
        "2026-11-02T00:00Z",
        "--to",
        "2026-12-01T00:00Z",
    ]);
    assert_eq!(ran.code, 1, "{ran}");
    assert_eq!(shelf(&host).len(), 1);
    let explained = host
        .run([
            "--json",
            "snapshots",
            "explain",
            "--at",
            "2026-12-01T00:00Z",
        ])
        .ok()
        .json();
    assert_eq!(explained[0]["keep"], true, "{explained}");
}

#[test]
fn p04_a_restored_snapshot_is_identical_in_everything() {
    let host = Host::new();
    host.schedule("daily.toml", DAILY);
    let tree = host.tree("acme");
    tree.one_of_everything().maildir("mail");
    tree.owner("plain.txt", 1234, 5678).owner("pointer", 99, 98);
    let (id, _) = snapshot(&host);
    let to = host.folder().join("restored");
    let _ = host
        .run(["restore", &id, "--to", to.to_str().unwrap()])
        .ok();
    let differences = compare_trees(tree.path(), &to.join("data"));
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn p04_a_damaged_snapshot_names_the_damaged_file_and_restores_nothing() {
    let host = Host::new();
    host.schedule("daily.toml", DAILY);
    host.tree("acme")
        .file("a.txt", "good")
        .file("b.txt", "also good");
    let (id, folder) = snapshot(&host);
    let damaged = folder.join("data/b.txt");
    fs::set_permissions(&damaged, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&damaged, "ALSO GOOD").unwrap();
    let to = host.folder().join("restored");
    let ran = host
        .run(["restore", &id, "--to", to.to_str().unwrap()])
        .ended_with(1);
    assert!(
        ran.stderr.contains("b.txt") && !ran.stderr.contains("a.txt"),
        "{ran}"
    );
    assert!(
        !to.exists(),
        "the folder that was made for it is gone again"
    );
    let ran = host.run(["snapshots", "verify", &id]).ended_with(1);
    assert!(ran.stderr.contains("b.txt"), "{ran}");
    assert_eq!(snapshots(&host)[0]["state"], "damaged");
}

#[test]
fn p04_a_single_path_is_restored_alone() {
    let host = Host::new();
    host.schedule("daily.toml", DAILY);
    host.tree("acme")
        .file("keep/a.txt", "a")
        .file("other/b.txt", "b");
    let (id, _) = snapshot(&host);
    let to = host.folder().join("restored");
    let _ = host
        .run([
            "restore",
            &id,
            "--to",
            to.to_str().unwrap(),
            "--path",
            "data/keep",
        ])
        .ok();
    assert_eq!(fs::read_to_string(to.join("data/keep/a.txt")).unwrap(), "a");
    assert!(!to.join("data/other").exists());
}

/// Runs SQL with the real sqlite3 program and returns what it prints.
fn sqlite(database: &Path, sql: &str) -> String {
    let ran = Command::new("sqlite3")
        .arg(database)
        .arg(sql)
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

#[test]
fn p07_files_a_live_database_and_mail_come_back_item_by_item() {
    let host = Host::new();
    host.schedule("daily.toml", DAILY);
    let tree = host.tree("acme");
    tree.file("documents/contract.txt", "signed")
        .maildir("mail");
    let database = tree.join("app.db");
    sqlite(
        &database,
        "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1),(2);",
    );
    // A second connection keeps the journal alive, as a running application does: the rows below are only in the WAL.
    let mut application = Command::new("sqlite3")
        .arg(&database)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    {
        use std::io::{BufRead, BufReader, Write};
        let input = application.stdin.as_mut().unwrap();
        writeln!(
            input,
            "PRAGMA wal_autocheckpoint=0; INSERT INTO t VALUES(3); SELECT 'written';"
        )
        .unwrap();
        let mut lines = BufReader::new(application.stdout.as_mut().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "written"));
    }
    assert!(tree.join("app.db-wal").metadata().unwrap().len() > 0);
    let (id, folder) = snapshot(&host);
    application.kill().unwrap();
    application.wait().unwrap();
    assert!(
        !folder.join("data/app.db-wal").exists(),
        "the copy needs no journal"
    );
    let to = host.folder().join("restored");
    let _ = host
        .run(["restore", &id, "--to", to.to_str().unwrap()])
        .ok();
    let restored = to.join("data/app.db");
    assert_eq!(
        sqlite(&restored, "PRAGMA integrity_check; SELECT sum(x) FROM t;"),
        "ok\n6"
    );
    assert_eq!(
        fs::read_to_string(to.join("data/documents/contract.txt")).unwrap(),
        "signed"
    );
    let differences = compare_trees(&tree.join("mail"), &to.join("data/mail"));
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn p07_a_database_that_changes_only_in_its_journal_is_copied_anew() {
    let host = Host::new();
    host.schedule("daily.toml", DAILY);
    let database = host.tree("acme").join("app.db");
    sqlite(
        &database,
        "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1);",
    );
    simulate(&host, "2026-11-01T00:00Z", "2026-11-02T00:00Z");
    sqlite(&database, "INSERT INTO t VALUES(41);");
    simulate(&host, "2026-11-02T00:00Z", "2026-11-03T00:00Z");
    let newest = host.shelf().join("acme/latest/data/app.db");
    let copy = host.folder().join("copy.db");
    fs::copy(&newest, &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(sqlite(&copy, "SELECT sum(x) FROM t;"), "42");
}

#[test]
fn p09_the_owner_browses_and_checks_a_snapshot_with_ordinary_tools() {
    let host = Host::new();
    host.schedule("daily.toml", DAILY);
    let tree = host.tree("acme");
    tree.one_of_everything();
    simulate(&host, "2026-11-01T00:00Z", "2026-11-02T00:00Z");
    tree.file("new.txt", "of the second day");
    simulate(&host, "2026-11-02T00:00Z", "2026-11-03T00:00Z");
    let latest = host.shelf().join("acme/latest");
    let first = host.shelf().join("acme").join(&shelf(&host)[0]);
    assert!(latest.symlink_metadata().unwrap().is_symlink());
    assert_eq!(
        fs::read_to_string(latest.join("data/new.txt")).unwrap(),
        "of the second day"
    );
    assert!(!first.join("data/new.txt").exists());
    for day in [&first, &latest] {
        let checked = Command::new("sha256sum")
            .args(["--check", "--quiet", "--strict", "SHA256SUMS"])
            .current_dir(day)
            .output()
            .unwrap();
        assert!(
            checked.status.success(),
            "{}",
            String::from_utf8_lossy(&checked.stderr)
        );
    }
    // Unchanged files are there once on the disk; nothing in a snapshot can be written.
    use std::os::unix::fs::MetadataExt;
    let inode = |day: &Path| day.join("data/binary.bin").metadata().unwrap().ino();
    assert_eq!(inode(&first), inode(&latest));
    assert_eq!(
        latest.join("data/plain.txt").metadata().unwrap().mode() & 0o222,
        0
    );
    // An ordinary copy is the data.
    let copied = Command::new("cp")
        .arg("-r")
        .arg(latest.join("data"))
        .arg(host.folder().join("copied"))
        .status()
        .unwrap();
    assert!(copied.success());
    assert_eq!(
        fs::read(host.folder().join("copied/new.txt")).unwrap(),
        b"of the second day"
    );
}

#[test]
fn p09_latest_moves_only_after_a_success() {
    let host = Host::new();
    host.schedule("daily.toml", DAILY);
    let tree = host.tree("acme");
    tree.file("a.txt", "a");
    simulate(&host, "2026-11-01T00:00Z", "2026-11-02T00:00Z");
    let before = fs::read_link(host.shelf().join("acme/latest")).unwrap();
    fs::rename(tree.path(), host.data().join("moved-away")).unwrap();
    let ran = host.run([
        "simulate",
        "--real",
        "--keep",
        "--from",
        "2026-11-02T00:00Z",
        "--to",
        "2026-11-03T00:00Z",
    ]);
    assert_eq!(ran.code, 1, "{ran}");
    assert_eq!(
        fs::read_link(host.shelf().join("acme/latest")).unwrap(),
        before
    );
    assert_eq!(shelf(&host).len(), 1);
}
