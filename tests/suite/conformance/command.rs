//! The command itself, and the plugin for local folders.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use strongroom_tests::{FakeProvider, Host, eventually, guest, plugin};

use super::{broken, conforms, tried};

const LOCAL: &str = r#"
[[schedule]]
name = "acme"
plugin = "local-snapshot"
cron = "0 3 * * *"
tenants = ["acme"]
grants.files.data = { path = "<data>/{tenant}", access = "read" }
grants.files.place = { path = "<shelf>", access = "write" }
"#;

/// What a plugin without requests and without operations has no cases for.
const LOCAL_SKIPS: [&str; 15] = [
    "poll-after-restart",
    "poll-after-end",
    "copy-unknown",
    "throttled",
    "busy",
    "unreachable",
    "page-of-html",
    "cut-off-answer",
    "silence",
    "lost-reply",
    "cut-off-create",
    "lost-reply-to-delete",
    "deadline",
    "nothing-denied",
    "beyond-proof",
];

#[test]
fn local_snapshot_conforms_and_nothing_else_is_touched() {
    let host = Host::new();
    let tree = host.tree("acme");
    tree.file("a.txt", "one").file("b/c.txt", "two");
    let config = host.schedule("acme.toml", LOCAL);
    let _ = host.run(["once", "acme"]).ok();
    let before = listed(&host);
    conforms(&host, "local-snapshot", &config, &[]).whole(&LOCAL_SKIPS);
    assert_eq!(listed(&host), before);
    let _ = host.run(["--json", "snapshots", "list"]).ok();
}

/// What lies on the shelf of acme.
fn listed(host: &Host) -> Vec<String> {
    let entries = fs::read_dir(host.shelf().join("acme")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn without_a_provider_only_the_basics_are_tried() {
    let host = Host::new();
    let report = tried(&host, &plugin("local-snapshot"), None, &[]);
    report.failed_only(&[]);
    let passed = report.cases("passed");
    for basic in [
        "describes-itself-alike",
        "schema-is-a-schema",
        "says-why",
        "features-are-known",
        "stands-without-grants",
    ] {
        assert!(passed.contains(basic), "{basic}: {passed:?}");
    }
    assert!(report.cases("skipped").contains("create"));
    // A plugin that keeps no snapshots has a description all the same.
    tried(&host, &guest("misbehaving"), None, &[]).failed_only(&[]);
}

#[test]
fn a_description_that_says_little_is_found() {
    let host = Host::new();
    let report = tried(&host, &guest("vague"), None, &[]);
    report.failed_only(&[
        "describes-itself-alike",
        "schema-is-a-schema",
        "says-why",
        "features-are-known",
    ]);
    assert_eq!(report.left_behind(), Vec::<&str>::new());
}

#[test]
fn one_case_may_be_chosen_and_all_are_listed() {
    let host = Host::new();
    let chosen = ["--case", "says-why"];
    let report = tried(&host, &plugin("local-snapshot"), None, &chosen);
    assert_eq!(
        report.cases("passed").into_iter().collect::<Vec<_>>(),
        ["says-why"]
    );
    let list = host.run(["plugin", "test", "--list"]).ok();
    assert!(list.stdout.contains("lost-reply\n    "), "{list}");
    let unknown = host
        .run(["plugin", "test", "--case", "no-such", "x.wasm"])
        .ended_with(2);
    assert!(
        unknown.stderr.contains("there is no case `no-such`"),
        "{unknown}"
    );
}

#[test]
fn a_person_reads_what_the_contract_says_and_what_happened() {
    let host = Host::new();
    host.tree("acme").file("a.txt", "one");
    let config = host.schedule("acme.toml", LOCAL);
    // Nothing can be kept in a folder that is none.
    fs::remove_dir(host.shelf()).unwrap();
    let mut command = host.command(["plugin", "test"]);
    command
        .arg(plugin("local-snapshot"))
        .arg("--against")
        .arg(config);
    let ran = host.finish(command).ended_with(1);
    assert!(
        ran.stdout
            .contains("the contract: The tenant's snapshots can be listed."),
        "{ran}"
    );
    assert!(
        ran.stdout.contains("what happened: ") && ran.stdout.contains("does not exist"),
        "{ran}"
    );
}

#[test]
fn a_file_that_names_no_schedule_of_the_plugin_is_refused() {
    let host = Host::new();
    let other = LOCAL.replace("\"local-snapshot\"", "\"other\"");
    let config = host.schedule("other.toml", &other);
    let mut command = host.command(["plugin", "test"]);
    command
        .arg(plugin("local-snapshot"))
        .arg("--against")
        .arg(config);
    let ran = host.finish(command).ended_with(2);
    assert!(
        ran.stderr
            .contains("holds 0 schedules of plugin `local-snapshot`, and one is needed"),
        "{ran}"
    );
}

#[test]
fn whoever_stops_it_finds_nothing_left() {
    let provider = FakeProvider::start();
    let before = vec![provider.put("acme"), provider.put("globex")];
    let host = Host::new();
    let config = broken::config(&host, &provider, None);
    let mut command = host.command(["plugin", "test"]);
    command
        .arg(guest("contrary"))
        .arg("--against")
        .arg(config)
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    eventually(
        "a snapshot of the suite's own",
        Duration::from_secs(60),
        || (provider.snapshots().len() > before.len()).then_some(()),
    );
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(provider.snapshots(), before);
}
