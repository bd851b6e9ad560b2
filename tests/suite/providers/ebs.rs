//! `ebs-snapshot` against moto's EC2, which checks every signature and policy.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use strongroom_tests::{Counterpart, Host, Relay};

use crate::conformance::conforms;

use super::{catalog, evidence, host_with, key, marked, once, raise, why};

/// The machine may be slow.
const SOON: Duration = Duration::from_secs(60);

const SCHEDULE: &str = r#"
[[schedule]]
name = "volume"
plugin = "ebs-snapshot"
on = "go"
tenants = ["acme"]

[schedule.config]
region = "<region>"
volumes = { acme = "<volume>" }
zone = "<zone>"

[schedule.retention]
keep-last = 1

[schedule.retry]
delay = "1s"

[schedule.grants.http.ec2]
origin = "http://<address>"
addresses = ["127.0.0.1"]
credential = "ec2"
operations = [
    "list-snapshots", "get-volume", "create-snapshot", "delete-snapshot",
    "list-made-volumes", "restore", "restore-scratch", "delete-scratch",
]
bind = { volume = ["<volume>", "vol-0123456789abcdef0"], zone = "<zone>" }

[[credential]]
name = "ec2"
scheme = "aws-sigv4"
origin = "http://<address>"
user = "<key>"
secret = "file:<folder>/secret"
region = "<region>"
service = "ec2"
"#;

/// Copies into another region of what the schedule above keeps.
const COPIES: &str = r#"
[[schedule]]
name = "copies"
plugin = "ebs-snapshot"
on = "go"
tenants = ["acme"]
place = "<region>"

[schedule.config]
region = "<region>"
copy-from-region = "<other-region>"

[schedule.off-site]
of = "volume"
copy = true

[schedule.grants.http.ec2]
origin = "http://<address>"
addresses = ["127.0.0.1"]
credential = "here"
operations = ["list-snapshots", "copy-snapshot", "delete-snapshot"]
bind = { source-region = "<other-region>" }

[[credential]]
name = "here"
scheme = "aws-sigv4"
origin = "http://<address>"
user = "<key>"
secret = "file:<folder>/secret"
region = "<region>"
service = "ec2"
"#;

/// The server.
struct Cloud(Counterpart);

impl Cloud {
    /// `None`: left out.
    fn start() -> Option<Self> {
        Counterpart::start("aws").map(Self)
    }

    fn said(&self, pointer: &str) -> &str {
        self.0
            .said()
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap()
    }

    /// Its `127.0.0.1:PORT`.
    fn address(&self) -> &str {
        self.said("/endpoint").strip_prefix("http://").unwrap()
    }

    /// A host with the schedule, in which these texts are replaced, and this user's key.
    fn host(&self, user: &str, changes: &[(&str, &str)]) -> Host {
        let secret = self.said(&format!("/{user}/secret_key"));
        self.host_with_secret(user, secret, changes)
    }

    fn host_with_secret(&self, user: &str, secret: &str, changes: &[(&str, &str)]) -> Host {
        let host = host_with("ebs-snapshot");
        let original = host.folder().join("original");
        fs::write(&original, secret).unwrap();
        key(&host, "secret", &original);
        for (from, _) in changes {
            assert!(SCHEDULE.contains(from), "{from}");
        }
        host.schedule(
            "volume.toml",
            &self.filled(user, &marked(SCHEDULE, changes)),
        );
        host
    }

    /// A text with what the server said.
    fn filled(&self, user: &str, text: &str) -> String {
        let marks = [
            ("<region>", self.said("/region")),
            ("<zone>", self.said("/zone")),
            ("<volume>", self.said("/volume")),
            ("<address>", self.address()),
            ("<key>", self.said(&format!("/{user}/access_key"))),
            ("<other-region>", self.said("/other/region")),
            ("<other-zone>", self.said("/other/zone")),
            ("<other-volume>", self.said("/other/volume")),
        ];
        marked(text, &marks)
    }
}

fn id(host: &Host) -> String {
    catalog(host)[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn p04_a_volume_is_snapshotted_verified_restored_and_let_go_at_ec2() {
    let Some(cloud) = Cloud::start() else { return };
    let host = cloud.host("user", &[]);
    let dry = host.run(["once", "volume", "--dry-run"]).ok();
    assert!(dry.stdout.contains("would-create"), "{dry}");

    let run = once(&host, "volume", 0);
    let [reference] = &evidence(&run, "snapshot")[..] else {
        panic!("{run}");
    };
    assert!(reference.starts_with("eu-west-1/snap-"), "{reference}");
    assert_eq!(evidence(&run, "bytes"), [(8_u64 << 30).to_string()]);
    assert_eq!(evidence(&run, "source"), [cloud.said("/volume")]);
    assert_eq!(evidence(&run, "place"), [cloud.said("/region")]);

    let first = id(&host);
    let _ = host.run(["snapshots", "verify", &first]).ok();
    assert_eq!(catalog(&host)[0]["state"], "verified");
    let restored = host.run(["restore", &first, "--as", "acme-back"]).ok();
    assert!(restored.stdout.contains("restored: vol-"), "{restored}");
    let again = host
        .run(["restore", &first, "--as", "acme-back"])
        .ended_with(1);
    assert!(again.stderr.contains("conflict"), "{again}");

    // Retention keeps the last one only.
    once(&host, "volume", 0);
    let rows = catalog(&host);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_ne!(rows[0]["reference"], **reference);
    let gone = host
        .run(["--json", "snapshots", "list", "--all"])
        .ok()
        .json();
    let gone = gone
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["id"] == *first);
    assert_eq!(gone.unwrap()["state"], "gone");
}

#[test]
fn s4_a_lost_reply_of_ec2_leads_to_one_snapshot() {
    let Some(cloud) = Cloud::start() else { return };
    let relay = Relay::before(cloud.address());
    let host = cloud.host("user", &[("<address>", &relay.address())]);
    relay.swallow("Action=CreateSnapshot");
    let mut daemon = host.serve();
    daemon.says("serving", SOON);
    let run = raise(&host, "go", SOON);
    assert!(relay.swallowed());
    assert_eq!(run["outcome"], "succeeded", "{run}");
    assert_eq!(run["attempts"], 2, "{run}");
    assert_eq!(
        evidence(&run, "warning"),
        [""; 0],
        "there is one snapshot of the run"
    );
    assert!(daemon.stop().success());
}

#[test]
fn s2_whom_ec2_does_not_let_in_is_denied() {
    let Some(cloud) = Cloud::start() else { return };
    let host = cloud.host_with_secret("user", "not-the-secret", &[]);
    let reason = why(&once(&host, "volume", 1));
    assert!(
        reason.starts_with("denied: ") && reason.contains("AuthFailure"),
        "{reason}"
    );
    assert!(!reason.contains("not-the-secret"), "{reason}");

    // A user who may not delete: the snapshot that retention drops stays, in sight.
    let host = cloud.host("user_without_delete", &[]);
    once(&host, "volume", 0);
    let first = id(&host);
    once(&host, "volume", 0);
    let rows = catalog(&host);
    let row = rows.iter().find(|row| row["id"] == *first).unwrap();
    assert_eq!(row["state"], "delete-failed", "{row}");
    assert!(row.to_string().contains("DeleteSnapshot"), "{row}");
}

#[test]
fn s1_what_is_not_there_or_not_granted_is_said_for_what_it_is() {
    let Some(cloud) = Cloud::start() else { return };
    let unknown = (
        "{ acme = \"<volume>\" }",
        "{ acme = \"vol-0123456789abcdef0\" }",
    );
    let strange = (
        "{ acme = \"<volume>\" }",
        "{ acme = \"vol-0ffffffffffffffff\" }",
    );
    let nobody = ("{ acme = \"<volume>\" }", "{ globex = \"<volume>\" }");
    for (change, begins, holds) in [
        (unknown, "not-found: ", "InvalidVolume.NotFound"),
        (strange, "denied: ", "`volume` is `vol-0ffffffffffffffff`"),
        (nobody, "invalid: ", "names no volume of acme"),
    ] {
        let host = cloud.host("user", &[change]);
        let reason = why(&once(&host, "volume", 1));
        assert!(
            reason.starts_with(begins) && reason.contains(holds),
            "{reason}"
        );
        assert_eq!(catalog(&host), [Value::Null; 0]);
    }
}

#[test]
fn p06_the_plugin_keeps_the_whole_contract_at_ec2() {
    let Some(cloud) = Cloud::start() else { return };
    let host = cloud.host("user", &[]);
    let file = host.schedules().join("volume.toml");
    let options = ["--restore-as", "acme-back"];
    let report = conforms(&host, "ebs-snapshot", &file, &options);
    report.whole(&["beyond-proof", "restore-missing-path"]);
}

#[test]
fn p05_a_snapshot_is_copied_into_another_region_at_ec2() {
    let Some(cloud) = Cloud::start() else { return };
    let elsewhere = [
        ("<region>", "<other-region>"),
        ("<zone>", "<other-zone>"),
        ("<volume>", "<other-volume>"),
    ];
    let host = cloud.host("user", &elsewhere);
    host.schedule("copies.toml", &cloud.filled("user", COPIES));
    let original = evidence(&once(&host, "volume", 0), "snapshot");
    assert!(original[0].starts_with("us-east-1/snap-"), "{original:?}");
    let run = once(&host, "copies", 0);
    assert_eq!(run["schedule"], "copies", "{run}");
    assert_eq!(evidence(&run, "copied-from"), original);
    let copy = evidence(&run, "snapshot");
    assert!(copy[0].starts_with("eu-west-1/snap-"), "{copy:?}");
    assert_eq!(evidence(&run, "bytes"), [(8_u64 << 30).to_string()]);
    assert_eq!(catalog(&host).len(), 2);
}
