//! `gcp-snapshot` against the fake of Compute Engine that Google's own documents hold to account.
//!
//! The schedule is the one of the plugin's README, with the place of the fake in it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_tests::{Counterpart, Host, Ran, repository};

use crate::conformance::conforms;

use super::{ask, catalog, evidence, host_with, key, marked, once, raise, why};

const SCHEDULE: &str = "acme-disk-daily";
const SOURCE: &str = "projects/strongroom-test/zones/us-central1-a/disks/data-acme@";

/// The fake and a host that is pointed at it.
struct Google {
    fake: Counterpart,
    host: Host,
}

/// The schedule of the README.
fn example() -> String {
    let readme = repository().join("plugins/gcp-snapshot/README.md");
    let text = fs::read_to_string(readme).unwrap();
    let (_, rest) = text.split_once("```toml\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

impl Google {
    /// Both, with a disk of the tenant; `None`: left out.
    fn start() -> Option<Self> {
        let fake = Counterpart::start("gcp")?;
        let host = host_with("gcp-snapshot");
        let google = Self { fake, host };
        google.control(
            "POST",
            "/seed",
            &json!({"disks": [{"name": "data-acme", "sizeGb": "10", "text": "the bytes of acme"}]}),
        );
        google.schedule(&[]);
        Some(google)
    }

    /// Writes the schedule with other texts for some of its texts.
    fn schedule(&self, changes: &[(&str, &str)]) {
        let file = PathBuf::from(self.fake.text("credentials"));
        let key = key(&self.host, "key.json", &file);
        let origin = self.fake.text("endpoint");
        let place = format!(
            "{origin}\"\naddresses = [\"127.0.0.1\", \"::1\"]\ntrust = \"{}",
            self.fake.text("ca")
        );
        let text = example().replacen("https://compute.googleapis.com", &place, 1);
        let text = marked(
            &text,
            &[
                ("https://compute.googleapis.com", origin),
                ("acme-prod", "strongroom-test"),
                ("europe-west1-b", "us-central1-a"),
                ("/etc/strongroom/acme-cloud.json", &key.to_string_lossy()),
                ("delay = \"2m\"", "delay = \"1s\""),
            ],
        );
        for (from, _) in changes {
            assert!(text.contains(from), "{from}\n{text}");
        }
        self.host.schedule("disks.toml", &marked(&text, changes));
    }

    fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.fake.text("control"));
        ask(method, &url, (!body.is_null()).then_some(body))
    }

    fn faults(&self, faults: &Value) {
        self.control("PUT", "/faults", &json!({ "faults": faults }));
    }

    fn once(&self) -> Ran {
        self.host.run(["--json", "once", SCHEDULE])
    }

    /// A running host is told to take a snapshot, and tries as often as it needs to.
    fn succeeds(&self) -> Value {
        self.schedule(&[("cron = \"0 3 * * *\"", "on = \"take\"")]);
        let _daemon = self.host.serve();
        let ended = raise(&self.host, "take", Duration::from_secs(60));
        assert_eq!(ended["outcome"], "succeeded", "{ended}");
        assert_eq!(self.exists("snapshots").len(), 1);
        assert_eq!(catalog(&self.host).len(), 1);
        self.violates_nothing();
        ended
    }

    fn exists(&self, kind: &str) -> Vec<Value> {
        let state = self.control("GET", "/state", &Value::Null);
        state[kind].as_array().cloned().unwrap_or_default()
    }

    /// The requests of one method, such as `snapshots.insert`.
    fn asked(&self, method: &str) -> Vec<Value> {
        let said = self.control("GET", "/requests", &Value::Null);
        let mut requests = said["requests"].as_array().cloned().unwrap_or_default();
        requests.retain(|request| request["method"] == format!("compute.{method}"));
        requests
    }

    /// The run fails with this, and nothing was asked of Google that its document does not allow.
    fn fails(&self, kind: &str) -> String {
        let reason = why(&once(&self.host, SCHEDULE, 1));
        assert!(reason.starts_with(&format!("{kind}: ")), "{reason}");
        assert_eq!(catalog(&self.host), Vec::<Value>::new());
        self.violates_nothing();
        reason
    }

    fn violates_nothing(&self) {
        let said = self.control("GET", "/violations", &Value::Null);
        assert_eq!(said["violations"], json!([]));
    }
}

#[test]
fn p06_a_disk_is_kept_at_google_as_the_readme_says() {
    let Some(google) = Google::start() else {
        return;
    };
    let _ = google.host.run(["check"]).ok();
    let run = once(&google.host, SCHEDULE, 0);
    let [kept] = &google.exists("snapshots")[..] else {
        panic!("{:?}", google.exists("snapshots"));
    };
    let [row] = &catalog(&google.host)[..] else {
        panic!("{:?}", catalog(&google.host));
    };
    let (name, id) = (kept["name"].as_str().unwrap(), kept["id"].as_str().unwrap());
    assert_eq!(row["reference"], format!("strongroom-test/{name}/{id}"));
    assert_eq!(
        (&row["size"], &row["state"]),
        (&json!(10_u64 << 30), &json!("assumed"))
    );
    assert_eq!(evidence(row, "place"), ["eu"]);
    assert!(evidence(row, "source")[0].starts_with(SOURCE));
    assert_eq!(kept["labels"]["strongroom_run"], run["id"]);
    assert_eq!(kept["labels"]["team"], "storage");
    assert!(
        google.asked("globalOperations.get").len() > 1,
        "it was not polled"
    );
    let bearer = &google.asked("snapshots.insert")[0]["bearer"];
    assert_eq!(bearer, "self-signed");
    google.violates_nothing();
}

#[test]
fn s4_a_lost_reply_makes_one_snapshot() {
    let Some(google) = Google::start() else {
        return;
    };
    google.faults(&json!([{"match": {"method": "snapshots.insert"}, "kind": "lost-reply"}]));
    let run = google.succeeds();
    let asked = google.asked("snapshots.insert");
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0]["query"]["requestId"], run["id"]);
    assert_eq!(asked[0]["query"], asked[1]["query"]);
}

#[test]
fn s4_answers_that_come_late_twice_or_in_half_make_one_snapshot() {
    let Some(google) = Google::start() else {
        return;
    };
    google.faults(&json!([
        {"match": {"method": "snapshots.insert"}, "kind": "truncated"},
        {"match": {"method": "snapshots.insert"}, "after": 1, "kind": "duplicate-request"},
        {"match": {"method": "globalOperations.get"}, "kind": "lost-reply"},
        {"match": {"method": "globalOperations.get"}, "after": 1, "kind": "duplicate-reply"},
        {"match": {"method": "globalOperations.get"}, "after": 2, "kind": "503"},
        {"match": {"method": "globalOperations.get"}, "after": 3, "kind": "stale"},
        {"match": {"method": "snapshots.insert"}, "after": 1, "kind": "uploading", "polls": 2},
    ]));
    let _ = google.succeeds();
}

#[test]
fn s4_an_operation_that_fails_for_now_is_tried_again_as_a_new_one() {
    let Some(google) = Google::start() else {
        return;
    };
    google.faults(&json!([
        {"match": {"method": "snapshots.insert"}, "kind": "operation-error", "code": "INTERNAL_ERROR"},
    ]));
    let _ = google.succeeds();
    let asked = google.asked("snapshots.insert");
    // The first, the first again (its failure is remembered), and a new one.
    let id = |at: usize| asked[at]["query"]["requestId"].clone();
    assert_eq!((asked.len(), id(0)), (3, id(1)));
    assert_ne!(id(1), id(2));
}

#[test]
fn p04_a_snapshot_is_verified_by_a_whole_restore_and_the_scratch_disk_goes() {
    let Some(google) = Google::start() else {
        return;
    };
    let _ = google.once().ok();
    let id = catalog(&google.host)[0]["id"].as_str().unwrap().to_owned();
    let verified = google.host.run(["--json", "snapshots", "verify", &id]).ok();
    assert!(verified.stdout.contains("restored"), "{verified}");
    assert_eq!(catalog(&google.host)[0]["state"], "verified");
    assert_eq!(google.exists("disks").len(), 1);
    google.violates_nothing();
    google.faults(&json!([{"match": {"method": "disks.get"}, "kind": "wrong", "times": null, "set": {"sourceSnapshotId": "5"}}]));
    let damaged = google.host.run(["--json", "snapshots", "verify", &id]);
    assert_ne!(damaged.code, 0, "{damaged}");
    assert_eq!(catalog(&google.host)[0]["state"], "damaged");
    assert_eq!(google.exists("disks").len(), 1, "the scratch disk is left");
    google.violates_nothing();
}

#[test]
fn p02_what_retention_drops_is_deleted_at_google() {
    let Some(google) = Google::start() else {
        return;
    };
    google.schedule(&[("keep-within = \"5d\"", "keep-last = 1")]);
    let _ = google.once().ok();
    let first = google.exists("snapshots")[0]["name"].clone();
    google.faults(&json!([{"match": {"method": "snapshots.delete"}, "kind": "lost-reply"}]));
    let _ = google.once().ok();
    // The reply was lost and the snapshot is shown as on its way out: the next run's retention sees that it is gone.
    let _ = google.once().ok();
    let left = google.exists("snapshots");
    assert_eq!(left.len(), 1, "{left:?}");
    assert_ne!(left[0]["name"], first);
    assert_eq!(catalog(&google.host).len(), 1);
    google.violates_nothing();
}

#[test]
fn throttling_waits_as_long_as_google_asks() {
    let Some(google) = Google::start() else {
        return;
    };
    google.faults(&json!([
        {"match": {"method": "snapshots.insert"}, "kind": "rate-limit", "retry_after": 1},
        {"match": {"method": "snapshots.insert"}, "after": 1, "kind": "429", "retry_after": 1},
    ]));
    let _ = google.succeeds();
}

#[test]
fn a_refusal_stops_at_once_and_says_why() {
    let Some(google) = Google::start() else {
        return;
    };
    for (fault, kind, expected) in [
        (
            json!({"kind": "refuse", "status": 403, "reason": "forbidden", "message": "no permission"}),
            "denied",
            "no permission",
        ),
        (
            json!({"kind": "html", "status": 404}),
            "other",
            "not one of Compute Engine",
        ),
        (
            json!({"kind": "html", "status": 200}),
            "other",
            "not the expected JSON",
        ),
        (
            json!({"kind": "redirect", "location": "https://elsewhere.example/"}),
            "other",
            "302",
        ),
        (
            json!({"kind": "operation-error", "code": "QUOTA_EXCEEDED"}),
            "quota",
            "QUOTA_EXCEEDED",
        ),
        (
            json!({"kind": "operation-error", "code": "RESOURCE_OPERATION_RATE_EXCEEDED"}),
            "throttled",
            "RESOURCE_OPERATION_RATE_EXCEEDED",
        ),
        (json!({"kind": "failed"}), "other", "FAILED"),
    ] {
        let mut fault = fault;
        fault["match"] = json!({"method": "snapshots.insert"});
        google.faults(&json!([fault]));
        let asked = google.asked("snapshots.insert").len();
        let reason = google.fails(kind);
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(google.asked("snapshots.insert").len(), asked + 1);
    }
}

#[test]
fn s5_a_lie_about_the_new_snapshot_never_succeeds() {
    let Some(google) = Google::start() else {
        return;
    };
    for kind in [
        "wrong-source",
        "wrong-incarnation",
        "wrong-size",
        "wrong-labels",
        "wrong-project",
        "wrong-name",
        "wrong-id",
    ] {
        google
            .faults(&json!([{"match": {"method": "snapshots.get"}, "kind": kind, "times": null}]));
        let reason = why(&once(&google.host, SCHEDULE, 1));
        assert!(
            reason.starts_with("corrupt: ") || reason.starts_with("other: "),
            "{kind}: {reason}"
        );
        assert_eq!(catalog(&google.host), Vec::<Value>::new(), "{kind}");
    }
    google.violates_nothing();
}

#[test]
fn a_wrong_key_an_unknown_project_and_a_missing_permission_are_denied() {
    let Some(google) = Google::start() else {
        return;
    };
    google.schedule(&[("\"strongroom-test\"", "\"other-tenant\"")]);
    let denied = google.fails("denied");
    assert!(denied.contains("permission"), "{denied}");
    google.schedule(&[("\"strongroom-test\"", "\"nobodys-project\"")]);
    google.fails("denied");
    // The key of an account that the fake does not know.
    let text = fs::read_to_string(google.fake.text("credentials")).unwrap();
    let mut other: Value = serde_json::from_str(&text).unwrap();
    other["client_email"] = json!("nobody@strongroom-test.iam.gserviceaccount.com");
    google.schedule(&[]);
    fs::write(google.host.folder().join("key.json"), other.to_string()).unwrap();
    google.fails("denied");
    assert_eq!(google.asked("snapshots.insert").len(), 0);
}

#[test]
fn a_missing_permission_to_delete_keeps_the_snapshot_and_says_so() {
    let Some(google) = Google::start() else {
        return;
    };
    google.schedule(&[("keep-within = \"5d\"", "keep-last = 1")]);
    let file = PathBuf::from(google.fake.text("credentials_without_delete"));
    let _ = key(&google.host, "key.json", &file);
    let _ = google.once().ok();
    let _ = google.once().ok();
    assert_eq!(google.exists("snapshots").len(), 2);
    let rows = catalog(&google.host);
    let failed: Vec<&Value> = rows
        .iter()
        .filter(|row| row["state"] == "delete-failed")
        .collect();
    assert_eq!(failed.len(), 1, "{rows:?}");
    assert!(
        failed[0]["last_error"]
            .as_str()
            .unwrap()
            .starts_with("denied: "),
        "{failed:?}"
    );
    google.violates_nothing();
}

#[test]
fn a_server_that_cannot_prove_itself_is_shown_no_key() {
    let Some(google) = Google::start() else {
        return;
    };
    google.schedule(&[("\ntrust = ", "\n# trust = ")]);
    assert!(google.fails("denied").contains("certificate"));
    google.schedule(&[(google.fake.text("endpoint"), google.fake.text("expired"))]);
    assert!(google.fails("denied").contains("certificate"));
    let said = google.control("GET", "/requests", &Value::Null);
    assert_eq!(said["requests"], json!([]));
}

#[test]
fn a_dry_run_reads_the_disk_and_changes_nothing() {
    let Some(google) = Google::start() else {
        return;
    };
    let ran = google
        .host
        .run(["--json", "once", SCHEDULE, "--dry-run"])
        .ok();
    assert!(
        ran.stdout.contains("would-create") && ran.stdout.contains(SOURCE),
        "{ran}"
    );
    let said = google.control("GET", "/requests", &Value::Null);
    let verbs: Vec<&Value> = said["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["verb"])
        .collect();
    assert_eq!(verbs, ["GET"]);
    google.violates_nothing();
}

#[test]
fn the_plugin_keeps_the_whole_contract() {
    let Some(google) = Google::start() else {
        return;
    };
    google.control(
        "POST",
        "/seed",
        &json!({"disks": [{"name": "data-globex", "sizeGb": "20"}]}),
    );
    google.schedule(&[("tenants = [\"acme\"]", "tenants = [\"acme\", \"globex\"]")]);
    let config = google.host.schedules().join("disks.toml");
    conforms(
        &google.host,
        "gcp-snapshot",
        &config,
        &["--restore-as", "restored-conformance"],
    )
    .whole(&["beyond-proof", "restore-missing-path"]);
    let disks = google.exists("disks");
    let names: Vec<&Value> = disks.iter().map(|disk| &disk["name"]).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    google.violates_nothing();
}
