//! Every wrong file, grant and place: one clear message, an exit code, and ledger and shelf as they were.

use std::fs;
use std::path::Path;

use strongroom_tests::{Host, Ran, golden, guest, left_out, plugin, repository};

const GOOD: &str = r#"[[schedule]]
name = "daily"
plugin = "local-snapshot"
cron = "0 3 * * *"
timezone = "-03:00"
tenants = ["acme"]

[schedule.retention]
keep-within = "5d"

[schedule.grants.files.data]
path = "../data/{tenant}"
access = "read"

[schedule.grants.files.place]
path = "../shelf"
access = "write"
"#;

fn host() -> Host {
    let host = Host::new().with_own_plugins();
    host.install("local-snapshot", &plugin("local-snapshot"));
    host.tree("acme").file("a.txt", "a");
    host
}

/// Compares what a person sees and the exit code with the golden pair, and asserts that nothing was left behind.
fn seen(host: &Host, name: &str, ran: &Ran) {
    let text = format!(
        "exit code {}\n{}{}",
        ran.code,
        host.tidy(&ran.stdout),
        host.tidy(&ran.stderr)
    );
    golden(format!("commands/{name}.txt"), &text);
    assert!(
        !host.state().join("ledger.sqlite").exists(),
        "a refused command leaves no ledger"
    );
    assert_eq!(
        fs::read_dir(host.shelf()).unwrap().count(),
        0,
        "and nothing on the shelf"
    );
}

/// Checks a schedule file that is the good one with a text replaced.
fn edited(name: &str, from: &str, to: &str) {
    let host = host();
    assert!(GOOD.contains(from));
    host.schedule("daily.toml", &GOOD.replace(from, to));
    seen(&host, name, &host.run(["check"]));
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    edited("unknown-key", "timezone =", "timezome =");
}

#[test]
fn a_bad_cron_is_shown_at_the_wrong_field() {
    edited("bad-cron", "0 3 * * *", "0 25 * * *");
}

#[test]
fn a_zone_that_does_not_exist_is_refused() {
    edited("unknown-zone", "-03:00", "America/Sao_Paolo");
}

#[test]
fn a_missing_plugin_is_named_with_those_that_are_there() {
    edited("missing-plugin", "\"local-snapshot\"", "\"gcp-snapshot\"");
}

/// Checks a schedule of the guest that imports everything and wants nothing.
fn of_the_modest(grants: &str) -> (Host, Ran) {
    let host = host();
    host.install("modest", &guest("modest"));
    let text =
        "[[schedule]]\nname = \"x\"\nplugin = \"modest\"\nevery = \"1h\"\ntenants = [\"acme\"]\n";
    host.schedule("x.toml", &format!("{text}{grants}"));
    let ran = host.run(["check"]);
    (host, ran)
}

#[test]
fn a_grant_that_is_not_wanted_is_refused() {
    let (host, ran) = of_the_modest("[schedule.grants]\nstate = true\n");
    seen(&host, "grant-not-wanted", &ran);
}

#[test]
fn a_grant_that_is_never_imported_is_refused() {
    edited(
        "grant-not-imported",
        "[schedule.grants.files.data]",
        "[schedule.grants]\nstate = true\n\n[schedule.grants.files.data]",
    );
}

#[test]
fn what_is_imported_and_not_wanted_needs_no_grant() {
    let (_, ran) = of_the_modest("");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn a_plugin_that_wants_more_than_is_granted_is_refused() {
    let place = "[schedule.grants.files.place]\npath = \"../shelf\"\naccess = \"write\"\n";
    edited("grant-missing", place, "");
}

#[test]
fn a_grant_that_is_too_narrow_is_refused() {
    edited(
        "grant-too-narrow",
        "access = \"write\"",
        "access = \"read\"",
    );
}

#[test]
fn a_place_inside_its_own_source_is_refused() {
    edited(
        "place-in-source",
        "path = \"../shelf\"",
        "path = \"../data/acme/shelf\"",
    );
}

#[test]
fn a_place_that_leads_into_its_source_through_a_link_is_refused() {
    let host = host();
    std::os::unix::fs::symlink(host.data().join("acme"), host.folder().join("elsewhere")).unwrap();
    host.schedule("daily.toml", &GOOD.replace("../shelf", "../elsewhere"));
    seen(&host, "place-linked-into-source", &host.run(["check"]));
}

#[test]
fn the_ledgers_folder_is_granted_to_nobody() {
    edited(
        "grant-of-the-ledger",
        "path = \"../shelf\"",
        "path = \"../state\"",
    );
}

#[test]
fn a_configuration_the_plugin_does_not_know_is_refused() {
    edited(
        "bad-config",
        "[schedule.retention]",
        "[schedule.config]\nsources = \"data\"\n\n[schedule.retention]",
    );
}

fn with_plugin_file(name: &str, bytes: &[u8]) {
    let host = host();
    fs::write(host.plugins().join("broken.wasm"), bytes).unwrap();
    host.schedule(
        "daily.toml",
        &GOOD.replace("\"local-snapshot\"", "\"broken\""),
    );
    seen(&host, name, &host.run(["check"]));
}

fn wat(name: &str) -> Vec<u8> {
    fs::read(
        repository()
            .join("tests/guests/misbehaving/wat")
            .join(format!("{name}.wat")),
    )
    .unwrap()
}

#[test]
fn a_file_that_is_no_component_is_refused() {
    with_plugin_file("not-wasm", b"#!/bin/sh\nrm -rf /\n");
}

#[test]
fn a_core_module_is_no_plugin() {
    with_plugin_file("core-module", b"\0asm\x01\0\0\0");
}

#[test]
fn a_component_of_another_version_names_both_versions() {
    with_plugin_file(
        "other-version",
        &::wat::parse_bytes(&wat("other-version")).unwrap(),
    );
}

#[test]
fn a_component_of_another_world_is_refused() {
    with_plugin_file(
        "other-world",
        &::wat::parse_bytes(&wat("other-world")).unwrap(),
    );
}

#[test]
fn a_capability_that_this_host_does_not_know_is_refused() {
    with_plugin_file(
        "unknown-capability",
        &::wat::parse_bytes(&wat("unknown-capability")).unwrap(),
    );
}

#[test]
fn a_plugin_that_asks_for_sockets_is_refused() {
    with_plugin_file(
        "wants-sockets",
        &::wat::parse_bytes(&wat("sockets")).unwrap(),
    );
}

#[test]
fn a_schedule_that_does_not_exist_is_named_with_those_that_do() {
    let host = host();
    host.schedule("daily.toml", GOOD);
    seen(&host, "unknown-schedule", &host.run(["once", "weekly"]));
    seen(
        &host,
        "unknown-tenant",
        &host.run(["once", "daily", "--tenant", "globex"]),
    );
}

#[test]
fn a_simulation_that_ends_before_it_begins_is_refused() {
    let host = host();
    host.schedule("daily.toml", GOOD);
    seen(
        &host,
        "simulation-backwards",
        &host.run(["simulate", "--from", "2026-11-02", "--to", "2026-11-01"]),
    );
}

/// Simulates with a cassette of this text.
fn cassette(name: &str, text: &str) {
    let host = host();
    host.schedule("daily.toml", GOOD);
    fs::write(host.folder().join("replies.toml"), text).unwrap();
    let typed = ["simulate", "--from", "2026-11-01", "--to", "2026-11-02"];
    let ran = host.run(typed.iter().chain(&["--cassette", "replies.toml"]));
    seen(&host, name, &ran);
}

#[test]
fn a_cassette_shows_every_wrong_key_and_value_at_its_place() {
    cassette(
        "cassette-wrong",
        r#"[[reply]]
schedul = "daily"
call = "made"
failure = { kind = "unreachable", detail = "down", retry-after = "5m" }

[[reply]]
schedule = "nightly"
takes = "a while"
nth = 0
done = [["bytes"]]

[[reply]]
call = "get"
since = "2026-11-02T00:00:00Z"
until = "2026-11-01T00:00:00Z"
running = { percent = 101 }

[[reply]]
trap = "out of bounds"
done = []

[[reply]]
call = "create"
"#,
    );
}

#[test]
fn a_cassette_that_is_no_toml_or_not_there_is_refused() {
    cassette("cassette-open", "[[reply]]\ntrap = \"out of bounds\n");
    let host = host();
    host.schedule("daily.toml", GOOD);
    let typed = ["simulate", "--from", "2026-11-01", "--to", "2026-11-02"];
    let ran = host.run(typed.iter().chain(&["--cassette", "nowhere.toml"]));
    seen(&host, "cassette-missing", &ran);
}

#[test]
fn an_outage_that_cannot_be_is_refused() {
    let host = host();
    host.schedule("daily.toml", GOOD);
    for (name, down) in [
        ("outage-unreadable", &["2026-11-01T02:00Z"][..]),
        ("outage-outside", &["2026-11-01T20:00Z/8h"][..]),
        (
            "outages-overlap",
            &["2026-11-01T02:00Z/4h", "2026-11-01T05:00Z/1h"][..],
        ),
    ] {
        let mut typed = vec!["simulate", "--from", "2026-11-01", "--to", "2026-11-02"];
        typed.extend(down.iter().flat_map(|down| ["--down", down]));
        seen(&host, name, &host.run(typed));
    }
}

#[test]
fn an_unreadable_source_fails_the_run_and_publishes_nothing() {
    let host = host();
    host.schedule("daily.toml", GOOD);
    fs::rename(host.data().join("acme"), host.data().join("gone")).unwrap();
    let ran = host.run(["once", "daily"]).ended_with(1);
    assert!(
        ran.stdout
            .contains(&*host.data().join("acme").to_string_lossy()),
        "{ran}"
    );
    assert_eq!(fs::read_dir(host.shelf()).unwrap().count(), 0);
}

#[test]
fn a_full_disk_fails_the_run_publishes_nothing_and_leaves_the_ledger_whole() {
    if left_out("mount") {
        return;
    }
    let host = host();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
        .arg(host.shelf())
        .status();
    assert!(
        mounted.unwrap().success(),
        "to test without a small file system: STRONGROOM_WITHOUT=mount"
    );
    host.schedule("daily.toml", GOOD);
    host.tree("acme").file("large.bin", vec![7; 8 << 20]);
    let ran = host.run(["once", "daily"]);
    let left: Vec<_> = fs::read_dir(host.shelf().join("acme"))
        .map(|entries| entries.flatten().map(|e| e.file_name()).collect())
        .unwrap_or_default();
    assert!(
        std::process::Command::new("umount")
            .arg(host.shelf())
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stdout.contains("full"), "{ran}");
    assert!(
        left.iter()
            .all(|name| name.to_string_lossy().starts_with('.')),
        "{left:?}"
    );
    let rows = host.run(["--json", "occurrences"]).ok().json();
    assert_eq!(rows[0]["outcome"], "failed", "{rows}");
}

fn newer(state: &Path) {
    let sql = "INSERT INTO _sqlx_migrations(version, description, success, checksum, execution_time) VALUES (99999999999999, 'from the future', 1, x'00', 0)";
    let ran = std::process::Command::new("sqlite3")
        .arg(state.join("ledger.sqlite"))
        .arg(sql)
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

#[test]
fn a_ledger_of_a_newer_version_is_left_alone() {
    let host = host();
    host.schedule("daily.toml", GOOD);
    let _ = host.run(["once", "daily"]).ok();
    newer(&host.state());
    let before = fs::read(host.state().join("ledger.sqlite")).unwrap();
    for command in [vec!["once", "daily"], vec!["serve"], vec!["occurrences"]] {
        let ran = host.run(command).ended_with(5);
        assert!(
            ran.stderr.contains("newer version") && ran.stderr.contains("hint:"),
            "{ran}"
        );
    }
    assert_eq!(
        fs::read(host.state().join("ledger.sqlite")).unwrap(),
        before
    );
}

#[test]
fn a_second_host_on_one_ledger_is_refused_and_names_the_first() {
    let host = host();
    host.schedule("daily.toml", GOOD);
    let mut first = host.serve();
    first.says("serving", std::time::Duration::from_secs(60));
    let ran = host.run(["serve"]).ended_with(5);
    assert!(ran.stderr.contains(&first.id().to_string()), "{ran}");
    assert!(ran.stderr.contains("hint:"), "{ran}");
    assert!(first.stop().success());
}
