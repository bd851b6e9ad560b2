//! What goes on at a provider while the schedule is given another plugin: who began it is asked after it, and nobody else.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use strongroom_ledger::OpenMode;
use strongroom_tests::{Daemon, Host, eventually, guest};

const SOON: Duration = Duration::from_secs(90);

/// A task that goes on for so many polls, one every two seconds.
fn entry(name: &str, plugin: &str, when: &str, polls: u32) -> String {
    format!(
        "[[schedule]]\nname = \"{name}\"\nplugin = \"{plugin}\"\n{when}\n\
         config = {{ do = \"running\", amount = {polls}, text = \"2000\" }}\n\
         grants.files.data = {{ path = \"<data>\", access = \"write\" }}\n"
    )
}

const WHEN: &str = "on = \"go\"\ntenants = [\"acme\"]";

/// A host with two plugins that differ in their names.
fn host() -> Host {
    let host = Host::new().with_own_plugins();
    host.install("misbehaving", &guest("misbehaving"));
    let mut bytes = fs::read(guest("misbehaving")).unwrap();
    let name = b"misbehaving";
    let places: Vec<usize> = (0..bytes.len() - name.len())
        .filter(|at| bytes[*at..].starts_with(name))
        .collect();
    for at in places {
        bytes[at..at + name.len()].copy_from_slice(b"behaving-on");
    }
    let file = host.folder().join("other.wasm");
    fs::write(&file, bytes).unwrap();
    host.install("behaving-on", &file);
    host
}

fn serving(host: &Host) -> Daemon {
    let mut daemon = host.serve();
    daemon.says("serving", SOON);
    daemon
}

fn row(host: &Host) -> Value {
    let rows = host
        .run(["--json", "occurrences", "--schedule", "daily"])
        .ok()
        .json();
    rows[0].clone()
}

/// Begins something that goes on, and edits the schedule meanwhile.
fn began(host: &Host, polls: u32) {
    host.schedule("a.toml", &entry("daily", "misbehaving", WHEN, polls));
}

#[track_caller]
fn goes_on(host: &Host) {
    let _ = host.run(["raise", "go"]).ok();
    eventually("it goes on at the provider", SOON, || {
        let log = fs::read_to_string(host.folder().join("serve.log")).unwrap();
        log.contains("goes on at the provider").then_some(())
    });
}

#[track_caller]
fn ended(host: &Host) -> Value {
    eventually("it has ended", SOON, || {
        Some(row(host)).filter(|row| !row["outcome"].is_null())
    })
}

/// The names of the plugins that were called for it.
fn called(host: &Host, row: &Value) -> Vec<String> {
    let plugins = host.run(["--json", "plugin", "list"]).ok().json();
    let id = row["id"].as_str().unwrap().parse().unwrap();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let attempts = runtime.block_on(async {
        let ledger = strongroom_ledger::open(&host.state(), OpenMode::Reader)
            .await
            .unwrap();
        let attempts = ledger.attempts(id).await.unwrap();
        ledger.close().await;
        attempts
    });
    let name = |digest: &str| {
        let plugins = plugins.as_array().unwrap().iter();
        let mut found = plugins.filter(|one| one["digest"] == digest);
        found.next().unwrap()["name"].as_str().unwrap().to_owned()
    };
    attempts
        .iter()
        .map(|attempt| name(&attempt.digest))
        .collect()
}

#[test]
fn an_operation_is_polled_by_the_plugin_that_began_it_although_the_schedule_has_another_one() {
    let host = host();
    began(&host, 5);
    let daemon = serving(&host);
    goes_on(&host);
    host.schedule("a.toml", &entry("daily", "behaving-on", WHEN, 1));
    let row = ended(&host);
    assert_eq!(row["outcome"], "succeeded", "{row}");
    assert_eq!(called(&host, &row), ["misbehaving"]);
    // What begins now begins with the other one.
    let _ = host.run(["raise", "go"]).ok();
    let next = eventually("the next has ended", SOON, || {
        let rows = host.run(["--json", "occurrences"]).ok().json();
        let rows = rows.as_array().unwrap().clone();
        let other = rows.into_iter().find(|other| other["id"] != row["id"])?;
        Some(other).filter(|other| !other["outcome"].is_null())
    });
    assert_eq!(called(&host, &next), ["behaving-on"]);
    assert!(daemon.stop().success());
}

#[test]
fn after_a_restart_it_is_unknown_and_never_asked_of_another_plugin_unless_an_entry_keeps_the_old_one()
 {
    for keeps in [false, true] {
        let host = host();
        began(&host, 4);
        let daemon = serving(&host);
        goes_on(&host);
        daemon.crash();
        let mut text = entry("daily", "behaving-on", WHEN, 1);
        if keeps {
            text += &entry("daily-old", "misbehaving", "succeeded-by = \"daily\"", 1);
        }
        host.schedule("a.toml", &text);
        let daemon = serving(&host);
        let row = ended(&host);
        assert_eq!(called(&host, &row), ["misbehaving"]);
        if keeps {
            assert_eq!(row["outcome"], "succeeded", "{row}");
        } else {
            assert_eq!(row["outcome"], "unknown", "{row}");
            let reason = row["reason"].as_str().unwrap();
            assert!(
                reason.contains("`misbehaving` began it at its provider"),
                "{reason}"
            );
        }
        assert!(daemon.stop().success());
    }
}
