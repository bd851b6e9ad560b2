//! Drills and reconciliation of a real shelf, through the command line.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;
use strongroom_tests::{Host, guest};

const DRILLED: &str = r#"
[[schedule]]
name = "daily"
plugin = "local-snapshot"
cron = "0 3 * * *"
tenants = ["acme"]

[schedule.grants.files.data]
path = "<data>/{tenant}"
access = "read"

[schedule.grants.files.place]
path = "<shelf>"
access = "write"

[[schedule]]
name = "drill"
drill-of = "daily"
cron = "0 12 * * SUN"
tenants = ["acme"]
"#;

fn host() -> Host {
    let host = Host::new();
    host.schedule("daily.toml", DRILLED);
    let _ = host
        .tree("acme")
        .file("a.txt", "the first")
        .file("mail/b.txt", "the second");
    fs::hard_link(
        host.data().join("acme/a.txt"),
        host.data().join("acme/linked.txt"),
    )
    .unwrap();
    let _ = host.run(["once", "daily"]).ok();
    host
}

/// The newest snapshot and its folder.
fn newest(host: &Host) -> (Value, PathBuf) {
    let rows = host.run(["--json", "snapshots", "list"]).ok().json();
    let row = rows.as_array().unwrap().last().unwrap().clone();
    let folder = host.shelf().join(row["reference"].as_str().unwrap());
    (row, folder)
}

fn state(host: &Host) -> String {
    newest(host).0["state"].as_str().unwrap().to_owned()
}

#[test]
fn p04_a_drill_compares_every_byte_and_keeps_its_verdict() {
    let host = host();
    assert_eq!(state(&host), "assumed");
    let ran = host.run(["--json", "once", "drill"]).ok().json();
    assert_eq!(ran[0]["outcome"], "succeeded", "{ran}");
    let (row, folder) = newest(&host);
    assert_eq!(row["state"], "verified");
    let rows = host
        .run(["--json", "occurrences", "--schedule", "drill"])
        .ok()
        .json();
    let told = |kind: &str| {
        let pairs = rows[0]["evidence"].as_array().unwrap();
        let found = pairs.iter().find(|pair| pair[0] == kind);
        found.map(|pair| pair[1].as_str().unwrap().to_owned())
    };
    assert_eq!(told("drilled").as_deref(), row["id"].as_str());
    assert_eq!(told("checked").as_deref(), Some("bytes"));
    assert_eq!(told("agreeing").as_deref(), Some("1"));
    // One byte, of the same length.
    let file = folder.join("data/mail/b.txt");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&file, "the secont").unwrap();
    let _ = host.run(["once", "drill"]).ended_with(1);
    assert_eq!(state(&host), "damaged");
    let reason = host
        .run(["--json", "occurrences", "--schedule", "drill"])
        .ok()
        .json();
    assert!(reason.to_string().contains("mail/b.txt"), "{reason}");
    // A damaged one is not drilled again: there is nothing good.
    let ran = host.run(["once", "drill"]).ended_with(1);
    assert!(ran.to_string().contains("no good snapshot"), "{ran}");
}

#[test]
fn p04_a_drill_asked_for_by_hand_is_the_same() {
    let host = host();
    let (row, _) = newest(&host);
    let id = row["id"].as_str().unwrap();
    let ran = host.run(["snapshots", "verify", id]).ok();
    assert!(
        ran.stdout.contains("every byte is as it was recorded"),
        "{}",
        ran.stdout
    );
    assert_eq!(state(&host), "verified");
    let would = host.run(["--json", "once", "drill", "--dry-run"]).ok();
    assert!(would.stdout.contains(id), "{}", would.stdout);
}

#[test]
fn s5_a_shelf_that_does_not_agree_with_the_catalog_is_told() {
    let host = host();
    let _ = host.run(["snapshots", "reconcile"]).ok();
    let (row, folder) = newest(&host);
    // Somebody takes it away by hand, and a folder of an unknown run appears.
    let away = host.folder().join("away");
    fs::rename(&folder, &away).unwrap();
    let ran = host.run(["snapshots", "reconcile", "daily"]).ended_with(1);
    assert!(
        ran.stdout.contains("daily acme: 0 agree, 1 missing"),
        "{}",
        ran.stdout
    );
    assert_eq!(state(&host), "missing");
    let status = host.run(["status"]).ok();
    assert!(
        status.stdout.contains("reconcile:daily/acme") && status.stdout.contains("1 missing"),
        "{}",
        status.stdout
    );
    fs::rename(&away, &folder).unwrap();
    let found = host.run(["--json", "snapshots", "reconcile"]).ok().json();
    assert_eq!(
        (&found[0]["agrees"], &found[0]["found"]["agreeing"]),
        (&true.into(), &1.into())
    );
    assert_eq!(state(&host), "assumed");
    assert!(!host.run(["status"]).ok().stdout.contains("reconcile:"));
    assert_eq!(row["id"], newest(&host).0["id"]);
}

#[test]
fn a_wrong_wish_to_reconcile_is_explained() {
    let host = host();
    for (arguments, code, expected) in [
        (vec!["nobody"], 4, "there is no schedule `nobody`"),
        (vec!["drill"], 2, "schedule `drill` makes no snapshots"),
        (
            vec!["--tenant", "globex"],
            4,
            "no schedule makes snapshots of a tenant `globex`",
        ),
    ] {
        let all = ["snapshots", "reconcile"].into_iter().chain(arguments);
        let ran = host.run(all).ended_with(code);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
}

#[test]
fn a_drill_of_a_task_or_of_a_plugin_that_cannot_verify_is_refused() {
    let task = |plugin: &str, rest: &str| {
        format!(
            "[[schedule]]\nname = \"makes\"\nplugin = \"{plugin}\"\ncron = \"0 3 * * *\"\ntenants = [\"acme\"]\n{rest}\n\
             [[schedule]]\nname = \"drill\"\ndrill-of = \"makes\"\ncron = \"0 12 * * *\"\ntenants = [\"acme\"]\n"
        )
    };
    let host = Host::new().with_own_plugins();
    host.install("misbehaving", &guest("misbehaving"));
    host.schedule(
        "a.toml",
        &task("misbehaving", "config = { do = \"print\" }"),
    );
    let ran = host.run(["check"]).ended_with(2);
    assert!(
        ran.stderr
            .contains("keeps no snapshots: there is nothing to drill")
            || ran.stderr.contains("does not offer `verify`"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("drill-of"), "{}", ran.stderr);
}

#[test]
fn a_simulation_drills_too_and_a_cassette_can_let_it_fail() {
    let host = Host::new();
    host.schedule("daily.toml", DRILLED);
    let cassette = host.folder().join("replies.toml");
    fs::write(
        &cassette,
        "[[reply]]\ncall = \"verify\"\nsince = \"2026-11-08T00:00:00Z\"\nuntil = \"2026-11-09T00:00:00Z\"\n\
         failure = { kind = \"corrupt\", detail = \"data/mail\" }\n",
    )
    .unwrap();
    let span = [
        "--json",
        "simulate",
        "--from",
        "2026-11-01T00:00Z",
        "--to",
        "2026-11-16T00:00Z",
    ];
    let drills = |rows: &Value| -> Vec<String> {
        let rows = rows["occurrences"].as_array().unwrap();
        let drills = rows.iter().filter(|row| row["schedule"] == "drill");
        drills
            .map(|row| row["outcome"].as_str().unwrap().to_owned())
            .collect()
    };
    let rows = host.run(span).ok().json();
    assert_eq!(drills(&rows), ["succeeded"; 3]);
    let with = span
        .into_iter()
        .chain(["--cassette", cassette.to_str().unwrap()]);
    let rows = host.run(with).ended_with(1).json();
    assert_eq!(drills(&rows), ["succeeded", "failed", "succeeded"]);
}
