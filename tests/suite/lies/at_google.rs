//! Lies of a real server to a real plugin: the fake of Compute Engine, one fault at a time, each with a tenant of its own.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use strongroom_tests::{Counterpart, Host, repository};

use crate::providers::{ask, catalog, host_with, key, marked};

/// A drill beside the schedule of the plugin's README.
const DRILL: &str = r#"
[[schedule]]
name = "drill"
drill-of = "acme-disk-daily"
cron = "0 12 * * *"
tenants = TENANTS
timeout = "1m"
retry = { attempts = 1 }
"#;

/// The fake, and a host with one tenant for each lie.
struct Google {
    fake: Counterpart,
    host: Host,
}

impl Google {
    /// `None`: left out.
    fn start(tenants: usize) -> Option<Self> {
        let fake = Counterpart::start("gcp")?;
        let host = host_with("gcp-snapshot");
        let names: Vec<String> = (0..tenants).map(|number| format!("t{number}")).collect();
        let disks: Vec<Value> = (names.iter())
            .map(|name| json!({"name": format!("data-{name}"), "sizeGb": "10", "text": name}))
            .collect();
        let readme = fs::read_to_string(repository().join("plugins/gcp-snapshot/README.md"));
        let readme = readme.unwrap();
        let (_, rest) = readme.split_once("```toml\n").unwrap();
        let example = rest.split_once("```").unwrap().0;
        // A drill comes after the tables of its schedule and before the credential.
        let (schedule, credential) = example.split_once("[[credential]]").unwrap();
        let file = PathBuf::from(fake.text("credentials"));
        let key = key(&host, "key.json", &file);
        let origin = fake.text("endpoint");
        let place = format!(
            "{origin}\"\naddresses = [\"127.0.0.1\", \"::1\"]\ntrust = \"{}",
            fake.text("ca")
        );
        let schedule = schedule.replacen("https://compute.googleapis.com", &place, 1);
        let text = format!("{schedule}{DRILL}\n[[credential]]{credential}");
        let tenants = json!(names).to_string();
        let marks = [
            ("https://compute.googleapis.com", origin),
            ("acme-prod", "strongroom-test"),
            ("europe-west1-b", "us-central1-a"),
            ("/etc/strongroom/acme-cloud.json", &key.to_string_lossy()),
            ("[\"acme\"]", &tenants),
            ("TENANTS", &tenants),
            ("timeout = \"3h\"", "timeout = \"30s\""),
        ];
        host.schedule("disks.toml", &marked(&text, &marks));
        let google = Self { fake, host };
        google.control("POST", "/seed", &json!({ "disks": disks }));
        Some(google)
    }

    fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.fake.text("control"));
        ask(method, &url, (!body.is_null()).then_some(body))
    }

    /// From now on this lie is told, and no other; a list is several at once.
    fn lie(&self, fault: &Value) {
        let mut faults = match fault {
            Value::Array(all) => all.clone(),
            one => vec![one.clone()],
        };
        for fault in &mut faults {
            let told = fault.as_object_mut().unwrap();
            let method = told.remove("of").unwrap();
            told.insert("match".to_owned(), json!({ "method": method }));
            told.entry("times").or_insert(Value::Null);
        }
        self.control("PUT", "/faults", &json!({ "faults": faults }));
    }

    /// The catalog's rows of a tenant.
    fn rows(&self, tenant: &str) -> Vec<Value> {
        let mut rows = catalog(&self.host);
        rows.retain(|row| row["tenant"] == tenant);
        rows
    }
}

#[test]
fn s5_no_lie_of_a_real_server_about_what_it_made_succeeds() {
    let old = "2020-01-01T00:00:00.000-08:00";
    let coming = "2090-01-01T00:00:00.000-08:00";
    let get = |kind: &str| json!({"of": "snapshots.get", "kind": kind});
    let set = |of: &str, set: Value| json!({"of": of, "kind": "wrong", "set": set});
    let lies = [
        ("another source", get("wrong-source")),
        ("another disk of that name", get("wrong-incarnation")),
        ("another size", get("wrong-size")),
        ("another's labels", get("wrong-labels")),
        ("another project", get("wrong-project")),
        ("another name", get("wrong-name")),
        ("another id", get("wrong-id")),
        ("not there", get("missing")),
        (
            "a page in HTML",
            json!({"of": "snapshots.get", "kind": "html", "status": 200}),
        ),
        ("half an answer", get("truncated")),
        (
            "an old time",
            set("snapshots.get", json!({"creationTimestamp": old})),
        ),
        (
            "a time to come",
            set("snapshots.get", json!({"creationTimestamp": coming})),
        ),
        ("no labels", set("snapshots.get", json!({"labels": null}))),
        (
            "a state that nobody knows",
            json!({"of": "snapshots.get", "kind": "malformed", "set": {"status": "FINE"}}),
        ),
        (
            "done, and failed",
            json!({"of": "snapshots.insert", "kind": "failed"}),
        ),
        (
            "done, and for ever on its way",
            json!({"of": "snapshots.insert", "kind": "uploading", "polls": 1000}),
        ),
        (
            "done, in an operation that never was, and not there",
            json!([
                {"of": "snapshots.insert", "kind": "operation-error", "code": "INTERNAL_ERROR"},
                {"of": "globalOperations.get", "kind": "malformed", "set": {"status": "DONE", "error": null, "httpErrorStatusCode": null}},
            ]),
        ),
    ];
    let Some(google) = Google::start(lies.len()) else {
        return;
    };
    for (number, (name, lie)) in lies.iter().enumerate() {
        let tenant = format!("t{number}");
        google.lie(lie);
        let ran = google
            .host
            .run(["once", "acme-disk-daily", "--tenant", &tenant]);
        assert_eq!(ran.code, 1, "{name}\n{ran}");
        assert_eq!(google.rows(&tenant), [Value::Null; 0], "{name}");
        println!("{name}: {}", ran.stdout);
    }
}

/// The lie is about the operation, not about the snapshot: that is there, of this run, and read back right. To say that the
/// run failed would be the lie; but it is assumed and not verified.
#[test]
fn s13_a_snapshot_whose_operation_is_lied_about_is_found_by_its_run() {
    let Some(google) = Google::start(1) else {
        return;
    };
    google.lie(&json!({"of": "globalOperations.get", "kind": "wrong-target"}));
    let ran = google.host.run(["once", "acme-disk-daily"]).ok();
    assert!(
        ran.stdout.contains("found at the provider by its run"),
        "{ran}"
    );
    assert_eq!(google.rows("t0")[0]["state"], "assumed");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn p04_no_lie_of_a_real_server_at_a_drill_ends_in_verified() {
    let of = |of: &str, kind: &str| json!({"of": of, "kind": kind});
    let disk = |set: Value| json!({"of": "disks.get", "kind": "wrong", "set": set});
    let lies = [
        (
            "a disk of another snapshot",
            disk(json!({"sourceSnapshotId": "5"})),
        ),
        (
            "a disk of no snapshot",
            disk(json!({"sourceSnapshotId": null, "sourceSnapshot": null})),
        ),
        ("a disk of another size", disk(json!({"sizeGb": "11"}))),
        ("a disk that failed", disk(json!({"status": "FAILED"}))),
        (
            "a disk with another's labels",
            of("disks.get", "wrong-labels"),
        ),
        ("a disk of another name", of("disks.get", "wrong-name")),
        (
            "a disk of another project",
            of("disks.get", "wrong-project"),
        ),
        ("a disk that is not there", of("disks.get", "missing")),
        ("half a disk", of("disks.get", "truncated")),
        (
            "a page in HTML for a disk",
            json!({"of": "disks.get", "kind": "html", "status": 200}),
        ),
        (
            "a restore that fails",
            json!({"of": "disks.insert", "kind": "operation-error", "code": "INTERNAL_ERROR"}),
        ),
        (
            "an operation on something else",
            of("zoneOperations.get", "wrong-target"),
        ),
        (
            "a snapshot of another size",
            of("snapshots.get", "wrong-size"),
        ),
        (
            "a snapshot of another disk",
            of("snapshots.get", "wrong-incarnation"),
        ),
        (
            "a snapshot of another source",
            of("snapshots.get", "wrong-source"),
        ),
        (
            "a snapshot with another's labels",
            of("snapshots.get", "wrong-labels"),
        ),
        ("a snapshot of another id", of("snapshots.get", "wrong-id")),
        (
            "a snapshot taken at another time",
            json!({
                "of": "snapshots.get", "kind": "wrong", "set": {"creationTimestamp": "2020-01-01T00:00:00.000-08:00"}
            }),
        ),
        (
            "a snapshot that failed",
            json!({"of": "snapshots.get", "kind": "wrong", "set": {"status": "FAILED"}}),
        ),
        (
            "a snapshot that is not there",
            json!([
                {"of": "snapshots.get", "kind": "missing"}, {"of": "snapshots.list", "kind": "missing"},
            ]),
        ),
    ];
    let Some(google) = Google::start(lies.len() + 1) else {
        return;
    };
    let _ = google.host.run(["once", "acme-disk-daily"]).ok();
    for (number, (name, lie)) in lies.iter().enumerate() {
        let tenant = format!("t{number}");
        google.lie(lie);
        let ran = google.host.run(["once", "drill", "--tenant", &tenant]);
        assert_eq!(ran.code, 1, "{name}\n{ran}");
        let [row] = &google.rows(&tenant)[..] else {
            panic!("{name}: one snapshot");
        };
        let state = row["state"].as_str().unwrap();
        assert!(
            ["assumed", "damaged", "missing"].contains(&state),
            "{name}: {row}"
        );
        assert!(row["verified_at"].is_null(), "{name}: {row}");
        println!("{name}: {state}: {}", ran.stdout);
    }
    // Without a lie it is verified: the table could be passed.
    google.lie(&json!([]));
    let honest = format!("t{}", lies.len());
    let _ = google.host.run(["once", "drill", "--tenant", &honest]).ok();
    assert_eq!(google.rows(&honest)[0]["state"], "verified");
    let said = google.control("GET", "/violations?of=request", &Value::Null);
    assert_eq!(said["violations"], json!([]));
}

#[test]
fn s5_an_orphan_at_a_real_server_is_told_and_left_alone() {
    let Some(google) = Google::start(1) else {
        return;
    };
    let _ = google.host.run(["once", "acme-disk-daily"]).ok();
    let _ = google.host.run(["snapshots", "reconcile"]).ok();
    // Another state folder knows nothing of what is there: to it, it is an orphan.
    let mut command = google.host.command(["--json", "snapshots", "reconcile"]);
    let elsewhere = google.host.folder().join("elsewhere");
    command.env("STRONGROOM_STATE", &elsewhere);
    let ran = google.host.finish(command);
    assert_eq!(ran.code, 1, "{ran}");
    let found = &ran.json()[0]["found"];
    assert_eq!(found["orphans"]["count"], 1, "{ran}");
    let state = google.control("GET", "/state", &Value::Null);
    assert_eq!(state["snapshots"].as_array().unwrap().len(), 1);
}
