//! `cinder-snapshot` against the real Cinder and Keystone.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_tests::{Counterpart, Host, Relay, eventually};

use crate::conformance::conforms;

use super::{catalog, evidence, host_with, key, marked, once, raise, why};

/// The server is real and the machine may be slow.
const SOON: Duration = Duration::from_secs(90);

const SCHEDULE: &str = r#"
[[schedule]]
name = "volume"
plugin = "cinder-snapshot"
on = "go"
tenants = ["acme"]

[schedule.config]
project = "<project>"
volumes = { acme = "<vault>" }

[schedule.retention]
keep-last = 1

[schedule.retry]
delay = "1s"

[schedule.grants.http.block-storage]
origin = "http://<cinder>/v3"
addresses = ["127.0.0.1"]
credential = "cloud"
operations = [
  "look-at-volume", "list-snapshots", "get-snapshot", "create-snapshot", "delete-snapshot", "read-messages",
  "find-volumes", "create-volume", "get-volume", "delete-volume",
]
bind = { project = "<project>", volume = "<vault>", new-volume = ["strongroom-verify-*", "restored-*"] }

[[credential]]
name = "cloud"
scheme = "openstack-keystone"
origin = "http://<cinder>"
user = "<user>"
secret = "file:<folder>/secret"
token-url = "<keystone>"
addresses = ["127.0.0.1"]
"#;

/// The servers, and what the test itself asks them with a token of its own.
struct Cloud {
    counterpart: Counterpart,
    member: Token,
}

/// A token of Keystone, and the project it is for.
struct Token {
    text: String,
    project: String,
}

impl Cloud {
    /// The servers as they were when they started; `None`: left out.
    fn start() -> Option<Self> {
        let counterpart = Counterpart::shared("openstack")?;
        let member = token(&counterpart, counterpart.said(), "acme");
        let cloud = Self {
            counterpart,
            member,
        };
        cloud.tidy();
        Some(cloud)
    }

    /// Removes what an earlier test left behind.
    fn tidy(&self) {
        self.faults(&json!({}));
        self.quota(50);
        let made = [self.said("/volumes/vault"), self.said("/volumes/audit")];
        for kind in ["volumes", "snapshots"] {
            for one in self.list(kind) {
                let id = one["id"].as_str().unwrap();
                if !made.contains(&id) {
                    self.remove(kind, id);
                }
            }
        }
    }

    fn said(&self, pointer: &str) -> &str {
        let said = self.counterpart.said().pointer(pointer);
        said.and_then(Value::as_str).unwrap()
    }

    /// Cinder's `127.0.0.1:PORT`.
    fn address(&self) -> &str {
        address(self.said("/volume_endpoint"))
    }

    /// A host with the schedule, in which these texts are replaced.
    fn host(&self, changes: &[(&str, &str)]) -> Host {
        let host = host_with("cinder-snapshot");
        let secret = host.folder().join("original");
        fs::write(&secret, self.said("/application_credential/secret")).unwrap();
        key(&host, "secret", &secret);
        for (from, _) in changes {
            assert!(SCHEDULE.contains(from), "{from}");
        }
        let marks = [
            ("<project>", self.said("/project_id")),
            ("<stranger>", self.said("/stranger/project_id")),
            ("<vault>", self.said("/volumes/vault")),
            ("<audit>", self.said("/volumes/audit")),
            ("<cinder>", self.address()),
            ("<keystone>", self.said("/auth_url")),
            ("<user>", self.said("/application_credential/id")),
        ];
        host.schedule("volume.toml", &marked(&marked(SCHEDULE, changes), &marks));
        host
    }

    /// What a list of the project holds.
    fn list(&self, kind: &str) -> Vec<Value> {
        let path = format!("/v3/{}/{kind}/detail", self.member.project);
        let (_, body) = http(self.address(), "GET", &path, &self.member, &Value::Null);
        body[kind].as_array().unwrap().clone()
    }

    fn snapshots(&self) -> Vec<Value> {
        self.list("snapshots")
    }

    /// How many snapshots the project may have.
    fn quota(&self, snapshots: u32) {
        let said = &self.counterpart.said()["admin"];
        let admin = token(&self.counterpart, said, "admin");
        let path = format!(
            "/v3/{}/os-quota-sets/{}",
            admin.project, self.member.project
        );
        let body = json!({"quota_set": {"snapshots": snapshots}});
        http(self.address(), "PUT", &path, &admin, &body);
    }

    /// What the storage does wrong from now on.
    fn faults(&self, faults: &Value) {
        let file = self.said("/faults");
        fs::write(format!("{file}.new"), faults.to_string()).unwrap();
        fs::rename(format!("{file}.new"), file).unwrap();
    }

    /// Deletes something and waits until it is gone.
    fn remove(&self, kind: &str, id: &str) {
        let path = format!("/v3/{}/{kind}/{id}", self.member.project);
        http(self.address(), "DELETE", &path, &self.member, &Value::Null);
        eventually(&format!("{id} is gone"), SOON, || {
            self.list(kind)
                .iter()
                .all(|one| one["id"] != id)
                .then_some(())
        });
    }
}

/// `127.0.0.1:PORT` of a URL.
fn address(url: &str) -> &str {
    let rest = url.strip_prefix("http://").unwrap();
    rest.split('/').next().unwrap()
}

fn token(counterpart: &Counterpart, who: &Value, project: &str) -> Token {
    let domain = json!({"id": "default"});
    let user = json!({"name": who["user"], "password": who["password"], "domain": domain});
    let body = json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"name": project, "domain": domain}},
    }});
    let nobody = Token {
        text: "none".to_owned(),
        project: String::new(),
    };
    let keystone = address(counterpart.text("auth_url"));
    let (head, body) = http(keystone, "POST", "/v3/auth/tokens", &nobody, &body);
    let text = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("x-subject-token"))
        .map(|(_, text)| text.to_owned());
    Token {
        text: text.unwrap(),
        project: body["token"]["project"]["id"].as_str().unwrap().to_owned(),
    }
}

/// One request that must succeed; the head and the JSON of the answer.
#[track_caller]
fn http(address: &str, method: &str, path: &str, token: &Token, body: &Value) -> (String, Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Auth-Token: {}\r\n\
         OpenStack-API-Version: volume 3.70\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        token.text,
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 2"), "{method} {path}\n{answer}");
    (
        head.to_owned(),
        serde_json::from_str(body).unwrap_or_default(),
    )
}

fn reference(run: &Value) -> String {
    evidence(run, "snapshot").pop().unwrap()
}

#[test]
fn p04_a_volume_is_snapshotted_verified_restored_and_let_go_at_a_real_cinder() {
    let Some(cloud) = Cloud::start() else { return };
    let host = cloud.host(&[]);
    let dry = host.run(["once", "volume", "--dry-run"]).ok();
    assert!(dry.stdout.contains("would-create"), "{dry}");
    assert_eq!(cloud.snapshots(), [Value::Null; 0]);

    let run = once(&host, "volume", 0);
    let made = cloud.snapshots().pop().unwrap();
    assert_eq!(made["id"], *reference(&run));
    assert_eq!(made["volume_id"], *cloud.said("/volumes/vault"));
    assert_eq!(made["metadata"]["strongroom-tenant"], "acme");
    assert_eq!(evidence(&run, "bytes"), [(1_u64 << 30).to_string()]);
    let row = catalog(&host).pop().unwrap();
    let id = row["id"].as_str().unwrap();
    assert_eq!(made["metadata"]["strongroom-run"], *id);

    let _ = host.run(["snapshots", "verify", id]).ok();
    assert_eq!(catalog(&host)[0]["state"], "verified");
    assert_eq!(cloud.list("volumes").len(), 2, "the scratch volume is gone");

    let _ = host.run(["restore", id, "--as", "restored-vault"]).ok();
    let volumes = cloud.list("volumes");
    let restored = volumes.iter().find(|one| one["name"] == "restored-vault");
    let restored = restored.unwrap();
    assert_eq!(restored["snapshot_id"], made["id"]);
    let bytes = |name: &str| fs::read(format!("{}/volume-{name}", cloud.said("/bytes"))).unwrap();
    assert_eq!(
        bytes(restored["id"].as_str().unwrap()),
        bytes(cloud.said("/volumes/vault"))
    );
    let again = host.run(["restore", id, "--as", "restored-vault"]);
    let again = again.ended_with(1);
    assert!(
        again
            .stderr
            .contains("there is a volume restored-vault already"),
        "{again}"
    );
    let folder = host.run(["restore", id, "--to", "here"]).ended_with(2);
    assert!(folder.stderr.contains("--as NAME"), "{folder}");
    let elsewhere = host.run(["restore", id, "--as", "vault"]).ended_with(1);
    assert!(
        elsewhere.stderr.contains("`new-volume` is `vault`"),
        "{elsewhere}"
    );

    // Retention keeps the last one only.
    let run = once(&host, "volume", 0);
    let left: Vec<Value> = cloud
        .snapshots()
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(left, [json!(reference(&run))]);
    assert_eq!(catalog(&host).len(), 1);
}

#[test]
fn s4_a_lost_reply_of_a_real_cinder_leads_to_one_snapshot() {
    let Some(cloud) = Cloud::start() else { return };
    let relay = Relay::before(cloud.address());
    let host = cloud.host(&[("<cinder>", &relay.address())]);
    relay.swallow(&format!("POST /v3/{}/snapshots", cloud.member.project));
    let mut daemon = host.serve();
    daemon.says("serving", SOON);
    let run = raise(&host, "go", SOON);
    assert!(relay.swallowed());
    assert_eq!(run["outcome"], "succeeded", "{run}");
    assert_eq!(run["attempts"], 2, "{run}");
    let made = cloud.snapshots();
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(made[0]["id"], *reference(&run));
    assert!(daemon.stop().success());
}

#[test]
fn p06_what_a_real_cinder_refuses_is_said_for_what_it_is() {
    let Some(cloud) = Cloud::start() else { return };
    let host = cloud.host(&[]);
    cloud.quota(0);
    let reason = why(&once(&host, "volume", 1));
    assert!(
        reason.starts_with("quota: ") && reason.contains("SnapshotLimitExceeded"),
        "{reason}"
    );
    cloud.quota(50);

    cloud.faults(&json!({"create_snapshot": {"error": "the disk is full"}}));
    let reason = why(&once(&host, "volume", 1));
    assert!(reason.contains("Snapshot failed to create"), "{reason}");
    cloud.faults(&json!({}));
    let broken = cloud.snapshots();
    assert_eq!(broken.len(), 1);
    cloud.remove("snapshots", broken[0]["id"].as_str().unwrap());

    // Storage on which a volume is a layer on its snapshot: the snapshot stays, and goes when nothing needs it any more.
    cloud.faults(&json!({"layers": true}));
    let first = reference(&once(&host, "volume", 0));
    let id = catalog(&host)[0]["id"].as_str().unwrap().to_owned();
    let _ = host.run(["restore", &id, "--as", "restored-vault"]).ok();
    once(&host, "volume", 0);
    let row = catalog(&host)
        .into_iter()
        .find(|row| row["id"] == *id)
        .unwrap();
    assert_eq!(row["state"], "delete-failed", "{row}");
    assert!(
        row["last_error"]
            .as_str()
            .unwrap()
            .starts_with("conflict: "),
        "{row}"
    );
    assert!(cloud.snapshots().iter().any(|one| one["id"] == *first));
    let volumes = cloud.list("volumes");
    let restored = volumes.iter().find(|one| one["name"] == "restored-vault");
    cloud.remove("volumes", restored.unwrap()["id"].as_str().unwrap());
    once(&host, "volume", 0);
    assert_eq!(cloud.snapshots().len(), 1);
    assert_eq!(catalog(&host).len(), 1);
}

#[test]
fn p06_the_plugin_keeps_the_whole_contract_at_a_real_cinder() {
    let Some(cloud) = Cloud::start() else { return };
    let host = cloud.host(&[]);
    let file = host.schedules().join("volume.toml");
    let report = conforms(
        &host,
        "cinder-snapshot",
        &file,
        &["--restore-as", "restored-1"],
    );
    report.whole(&["copy-unknown", "restore-missing-path"]);
    assert_eq!(cloud.snapshots(), [Value::Null; 0]);
}

#[test]
fn p05_snapshots_stay_where_the_schedule_says_at_a_real_cinder() {
    let Some(cloud) = Cloud::start() else { return };
    let absent = "11111111-1111-4111-8111-111111111111";
    let secret = format!("secret = \"file:<folder>/{}\"", "wrong");
    for (changes, expected) in [
        // What the configuration names and the grant does not never leaves the host.
        (
            vec![("acme = \"<vault>\"", "acme = \"<audit>\"")],
            "denied: ",
        ),
        (
            vec![("\nproject = \"<project>\"", "\nproject = \"<stranger>\"")],
            "denied: ",
        ),
        // What both name and the cloud does not have, or does not give to us.
        (vec![("<vault>", absent)], "not-found: "),
        (vec![("<project>", "<stranger>")], "invalid: "),
        (vec![("<project>", "nowhere")], "invalid: "),
        // Who we are not.
        (
            vec![("secret = \"file:<folder>/secret\"", secret.as_str())],
            "denied: ",
        ),
        (vec![("<user>", absent)], "denied: "),
    ] {
        let host = cloud.host(&changes);
        let wrong = host.folder().join("wrong-original");
        fs::write(&wrong, "not-the-secret").unwrap();
        key(&host, "wrong", &wrong);
        let reason = why(&once(&host, "volume", 1));
        assert!(reason.starts_with(expected), "{changes:?}\n{reason}");
        assert!(!reason.contains("not-the-secret"), "{reason}");
    }
    assert_eq!(cloud.snapshots(), [Value::Null; 0]);

    let host = cloud.host(&[]);
    let run = once(&host, "volume", 0);
    let [made] = &cloud.snapshots()[..] else {
        panic!("{:?}", cloud.snapshots());
    };
    assert_eq!(made["id"], *reference(&run));
    assert_eq!(
        made["os-extended-snapshot-attributes:project_id"],
        *cloud.said("/project_id")
    );
    let volumes = cloud.list("volumes");
    let source = volumes.iter().find(|one| one["id"] == made["volume_id"]);
    assert_eq!(source.unwrap()["availability_zone"], "nova");
    assert_eq!(evidence(&run, "place"), ["nova"]);
}
