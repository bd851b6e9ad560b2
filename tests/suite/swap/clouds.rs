//! P06 with two real providers: one host, one binary, and a tenant moves from Compute Engine to Cinder and back in reach.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_tests::{Counterpart, Host, eventually, plugin};

use crate::providers::{ask, catalog, key, marked};

/// The servers are real and the machine may be slow.
const SOON: Duration = Duration::from_secs(120);

const WHEN: &str = "on = \"go\"\ntenants = [\"acme\"]";

const GOOGLE: &str = r#"[[schedule]]
name = "<name>"
plugin = "gcp-snapshot"
<when>
retry = { delay = "1s" }
retention = { keep-last = 1 }
config = { project = "strongroom-test", zone = "us-central1-a", disk = "data-{tenant}" }

[schedule.grants.http.compute]
origin = "<endpoint>"
addresses = ["127.0.0.1", "::1"]
trust = "<ca>"
credential = "google"
operations = [
  "get-disk", "create-snapshot", "get-snapshot", "find-snapshot", "list-snapshots", "delete-snapshot",
  "get-global-operation", "make-scratch-disk", "get-scratch-disk", "remove-scratch-disk", "get-zone-operation",
  "restore-disk", "get-restored-disk", "remove-restored-disk",
]

[schedule.grants.http.compute.bind]
project = "strongroom-test"
zone = "us-central1-a"
disk = "data-{tenant}"
snapshot = "sr-{tenant}-*"
restored = "restored-*"
"#;

const CINDER: &str = r#"[[schedule]]
name = "<name>"
plugin = "cinder-snapshot"
<when>
retry = { delay = "1s" }
retention = { keep-last = 1 }
config = { project = "<project>", volumes = { acme = "<vault>" } }

[schedule.grants.http.block-storage]
origin = "http://<cinder>/v3"
addresses = ["127.0.0.1"]
credential = "openstack"
operations = [
  "look-at-volume", "list-snapshots", "get-snapshot", "create-snapshot", "delete-snapshot", "read-messages",
  "find-volumes", "create-volume", "get-volume", "delete-volume",
]
bind = { project = "<project>", volume = "<vault>", new-volume = ["strongroom-verify-*", "restored-*"] }
"#;

/// Both are declared from the start: who proves to be whom is the host's matter.
const CREDENTIALS: &str = r#"[[credential]]
name = "google"
scheme = "google-service-account"
origin = "<endpoint>"
secret = "file:<folder>/google.json"
scopes = ["https://www.googleapis.com/auth/compute"]

[[credential]]
name = "openstack"
scheme = "openstack-keystone"
origin = "http://<cinder>"
user = "<user>"
secret = "file:<folder>/openstack"
token-url = "<keystone>"
addresses = ["127.0.0.1"]
"#;

/// Two clouds and a host between them.
struct Sky {
    google: Counterpart,
    openstack: Counterpart,
    host: Host,
}

impl Sky {
    /// `None`: one of the two was left out.
    fn start() -> Option<Self> {
        let (google, openstack) = (
            Counterpart::start("gcp")?,
            Counterpart::shared("openstack")?,
        );
        let host = Host::new().with_own_plugins();
        let sky = Self {
            google,
            openstack,
            host,
        };
        let disk =
            json!({"disks": [{"name": "data-acme", "sizeGb": "10", "text": "the bytes of acme"}]});
        sky.google("POST", "/seed", Some(&disk));
        key(
            &sky.host,
            "google.json",
            &PathBuf::from(sky.google.text("credentials")),
        );
        let secret = sky.host.folder().join("secret");
        fs::write(&secret, sky.said("/application_credential/secret")).unwrap();
        key(&sky.host, "openstack", &secret);
        sky.schedule("credentials.toml", CREDENTIALS, "", "");
        Some(sky)
    }

    fn said(&self, pointer: &str) -> &str {
        let said = self.openstack.said().pointer(pointer);
        said.and_then(Value::as_str).unwrap()
    }

    fn google(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        ask(
            method,
            &format!("{}{path}", self.google.text("control")),
            body,
        )
    }

    /// The snapshots that exist at Google.
    fn at_google(&self) -> usize {
        let state = self.google("GET", "/state", None);
        state["snapshots"].as_array().unwrap().len()
    }

    fn schedule(&self, file: &str, text: &str, name: &str, when: &str) {
        let cinder = self.said("/volume_endpoint").trim_start_matches("http://");
        let cinder = cinder.split('/').next().unwrap();
        let marks = [
            ("<name>", name),
            ("<when>", when),
            ("<endpoint>", self.google.text("endpoint")),
            ("<ca>", self.google.text("ca")),
            ("<project>", self.said("/project_id")),
            ("<vault>", self.said("/volumes/vault")),
            ("<cinder>", cinder),
            ("<keystone>", self.said("/auth_url")),
            ("<user>", self.said("/application_credential/id")),
        ];
        self.host.schedule(file, &marked(text, &marks));
    }

    /// Raises the event and waits for the snapshot that comes of it.
    #[track_caller]
    fn take(&self, by: &str) -> String {
        let of = || -> Vec<Value> {
            let mut rows = catalog(&self.host);
            rows.retain(|row| row["plugin"] == by);
            rows
        };
        let before: Vec<String> = of().iter().map(|row| row["id"].to_string()).collect();
        let _ = self.host.run(["raise", "go"]).ok();
        eventually(&format!("{by} takes a snapshot"), SOON, || {
            let rows = of();
            let new = rows
                .iter()
                .find(|row| !before.contains(&row["id"].to_string()))?;
            Some(new["id"].as_str().unwrap().to_owned())
        })
    }
}

#[test]
fn p06_a_tenant_moves_to_another_cloud_by_a_dropped_file_and_an_edited_schedule() {
    let Some(sky) = Sky::start() else {
        return;
    };
    sky.host.install("gcp-snapshot", &plugin("gcp-snapshot"));
    sky.schedule("daily.toml", GOOGLE, "daily", WHEN);
    let mut daemon = sky.host.serve();
    daemon.says("serving", SOON);
    let process = daemon.id();
    let old = sky.take("gcp-snapshot");
    assert_eq!(sky.at_google(), 1);

    // The other cloud: a file is dropped, a schedule is edited, and nothing is started anew.
    sky.host
        .install("cinder-snapshot", &plugin("cinder-snapshot"));
    sky.schedule("daily.toml", CINDER, "daily", WHEN);
    daemon.says("a new set of schedules and plugins is active", SOON);
    sky.take("cinder-snapshot");
    let new = sky.take("cinder-snapshot");
    let _ = sky.host.run(["snapshots", "verify", &new]).ok();

    // `keep-last = 1` has had its way with the new cloud's, and has left the old cloud's alone.
    eventually("one of the new ones is left", SOON, || {
        let rows = catalog(&sky.host);
        let left = rows.iter().filter(|row| row["plugin"] == "cinder-snapshot");
        (left.count() == 1).then_some(())
    });
    let known = catalog(&sky.host);
    let kept = known.iter().find(|row| row["id"] == *old).unwrap();
    assert_eq!(
        (&kept["state"], &kept["last_error"]),
        (&json!("assumed"), &Value::Null)
    );
    assert_eq!(sky.at_google(), 1);
    let refused = sky.host.run(["snapshots", "verify", &old]);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("`succeeded-by = \"daily\"`"),
        "{}",
        refused.stderr
    );

    // The old cloud stays within reach as an entry of its own, and runs out after the next success.
    sky.schedule(
        "old.toml",
        GOOGLE,
        "daily-google",
        "succeeded-by = \"daily\"",
    );
    let _ = sky.host.run(["snapshots", "verify", &old]).ok();
    eventually("the running host has both", SOON, || {
        let status = sky.host.run(["status"]).ok().stdout;
        (!status.contains("no entry reaches it")).then_some(())
    });
    sky.take("cinder-snapshot");
    eventually("the old cloud is empty", SOON, || {
        (sky.at_google() == 0).then_some(())
    });
    let violations = sky.google("GET", "/violations", None);
    assert_eq!(violations["violations"], json!([]));
    assert_eq!(daemon.id(), process);
    assert!(daemon.runs());
    assert!(daemon.stop().success());
}
