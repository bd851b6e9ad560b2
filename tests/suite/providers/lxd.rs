//! `lxd-snapshot` against the real LXD, whose pool holds real bytes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_tests::{Counterpart, Host, eventually};

use crate::conformance::conforms;

use super::{catalog, evidence, host_with, key, marked, once, why};

/// The server is real and the machine may be slow.
const SOON: Duration = Duration::from_secs(60);

const SCHEDULE: &str = r#"
[[schedule]]
name = "vault"
plugin = "lxd-snapshot"
cron = "0 3 * * *"
tenants = ["acme"]

[schedule.config]
pool = "<pool>"
volume = "vault"

[schedule.retention]
keep-last = 1

[schedule.grants.http.lxd]
origin = "<url>"
addresses = ["127.0.0.1"]
trust = "<server>"
credential = "lxd"
operations = [
    "get-volume", "list-snapshots", "get-snapshot", "wait-operation", "list-operations",
    "create-snapshot", "mark-snapshot", "delete-snapshot",
    "get-scratch", "restore-scratch", "delete-scratch",
    "get-target", "restore", "mark-target",
]

[schedule.grants.http.lxd.bind]
project = "default"
pool = "<pool>"
volume = ["vault", "elsewhere"]
snapshot = "{tenant}.*"
target = "{tenant}-restored-*"

[[credential]]
name = "lxd"
scheme = "mutual-tls"
origin = "<url>"
certificate = "<certificate>"
secret = "file:<folder>/client.key"
"#;

/// The server, and what the test itself does by its socket.
struct Lxd(Counterpart);

impl Lxd {
    /// `None`: left out.
    fn start() -> Option<Self> {
        Counterpart::start("lxd").map(Self)
    }

    fn said(&self, pointer: &str) -> &str {
        self.0
            .said()
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap()
    }

    /// A host with the schedule, in which these texts are replaced, and this client's certificate.
    fn host(&self, client: &str, changes: &[(&str, &str)]) -> Host {
        let host = host_with("lxd-snapshot");
        key(
            &host,
            "client.key",
            Path::new(self.said(&format!("/{client}/key"))),
        );
        for (from, _) in changes {
            assert!(SCHEDULE.contains(from), "{from}");
        }
        let marks = [
            ("<pool>", self.said("/pool")),
            ("<url>", self.said("/url")),
            ("<server>", self.said("/server_certificate")),
            (
                "<certificate>",
                self.said(&format!("/{client}/certificate")),
            ),
        ];
        host.schedule("vault.toml", &marked(&marked(SCHEDULE, changes), &marks));
        host
    }

    /// One request by the socket; LXD's answer, whatever it is.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = UnixStream::connect(self.said("/unix_socket")).unwrap();
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: lxd\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    fn path(&self, rest: &str) -> String {
        format!(
            "/1.0/storage-pools/{}/volumes/custom{rest}",
            self.said("/pool")
        )
    }

    /// The names of the pool's volumes.
    fn volumes(&self) -> Vec<String> {
        let mut answer = self.ask("GET", &self.path(""), &Value::Null);
        // The list holds the volumes' snapshots as well.
        let paths = answer["metadata"].as_array_mut().unwrap();
        paths.retain(|path| !path.as_str().unwrap_or_default().contains("/snapshots/"));
        names(&answer)
    }

    /// The names of the vault's snapshots.
    fn snapshots(&self) -> Vec<String> {
        names(&self.ask("GET", &self.path("/vault/snapshots"), &Value::Null))
    }

    /// The files of a volume, in the pool.
    fn files(&self, volume: &str) -> BTreeMap<String, Vec<u8>> {
        let folder = self.said("/bytes").replace("{volume}", volume);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
        entries
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, fs::read(&path).unwrap())
            })
            .collect()
    }
}

/// The last parts of the paths of a list.
fn names(answer: &Value) -> Vec<String> {
    let paths = answer["metadata"].as_array().unwrap().iter();
    let last = |path: &Value| {
        path.as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    };
    let mut names: Vec<String> = paths.map(last).collect();
    names.sort();
    names
}

/// The name of the snapshot that a run made, as LXD lists it.
fn made(run: &Value) -> String {
    let reference = evidence(run, "snapshot").pop().unwrap();
    let name = reference.strip_prefix("default/vaults/vault/");
    name.unwrap_or_else(|| panic!("{reference}")).to_owned()
}

#[test]
fn p04_a_volume_of_a_real_lxd_is_snapshotted_verified_restored_byte_for_byte_and_let_go() {
    let Some(lxd) = Lxd::start() else { return };
    // The least that is enough: a certificate that is restricted to the project.
    let host = lxd.host("client_restricted", &[]);
    let dry = host.run(["once", "vault", "--dry-run"]).ok();
    assert!(dry.stdout.contains("would-create"), "{dry}");
    assert_eq!(lxd.snapshots(), [""; 0]);

    // LXD would let our snapshots expire, and somebody makes some by hand.
    let body = json!({ "config": { "snapshots.expiry": "1d" } });
    lxd.ask("PATCH", &lxd.path("/vault"), &body);
    lxd.ask(
        "POST",
        &lxd.path("/vault/snapshots"),
        &json!({ "name": "by-hand" }),
    );

    let before = lxd.files("vault");
    assert!(before["blob"].len() == 1 << 20, "there are bytes to lose");
    let run = once(&host, "vault", 0);
    let name = made(&run);
    assert!(name.starts_with("acme."), "{name}");
    assert_eq!(lxd.snapshots(), [name.clone(), "by-hand".to_owned()]);
    assert_eq!(evidence(&run, "bytes"), [(64_u64 << 20).to_string()]);
    let kept = lxd.ask(
        "GET",
        &lxd.path(&format!("/vault/snapshots/{name}")),
        &Value::Null,
    );
    assert_eq!(kept["metadata"]["expires_at"], "0001-01-01T00:00:00Z");

    let id = catalog(&host)[0]["id"].as_str().unwrap().to_owned();
    let _ = host.run(["snapshots", "verify", &id]).ok();
    assert_eq!(catalog(&host)[0]["state"], "verified");
    assert_eq!(
        lxd.volumes(),
        ["audit", "vault"],
        "the scratch volume is gone"
    );

    // The volume goes on living; what is restored is as it was.
    let live = lxd.said("/bytes").replace("{volume}", "vault");
    fs::write(format!("{live}/blob"), b"changed").unwrap();
    fs::write(format!("{live}/new"), b"new").unwrap();
    let _ = host.run(["restore", &id, "--as", "acme-restored-1"]).ok();
    assert!(lxd.files("acme-restored-1") == before, "byte for byte");
    assert!(
        lxd.files("vault") != before,
        "nothing was put back in place"
    );
    let again = host
        .run(["restore", &id, "--as", "acme-restored-1"])
        .ended_with(1);
    assert!(again.stderr.contains("exists already"), "{again}");
    let elsewhere = host.run(["restore", &id, "--as", "audit"]).ended_with(1);
    assert!(
        elsewhere.stderr.contains("`target` is `audit`"),
        "{elsewhere}"
    );

    // Retention keeps the last one only, and leaves others' alone.
    let second = made(&once(&host, "vault", 0));
    assert_ne!(second, name);
    assert_eq!(lxd.snapshots(), [second, "by-hand".to_owned()]);
    assert_eq!(catalog(&host).len(), 1);
}

#[test]
fn p04_a_trial_restore_that_fails_inside_lxds_operation_is_no_verification() {
    let Some(lxd) = Lxd::start() else { return };
    let host = lxd.host("client", &[]);
    let _ = host.run(["once", "vault"]).ok();
    let id = catalog(&host)[0]["id"].as_str().unwrap().to_owned();
    // What the pool has lost is not seen when the request is taken with 202.
    let bytes = lxd.said("/snapshot_bytes").replace("{volume}", "vault");
    let folder = bytes.strip_suffix("/{snapshot}").unwrap();
    let away = format!("{folder}.away");
    fs::rename(folder, &away).unwrap();
    let ran = host.run(["snapshots", "verify", &id]).ended_with(1);
    assert!(ran.stderr.contains("LXD's operation failed"), "{ran}");
    assert_eq!(catalog(&host)[0]["state"], "assumed");
    fs::rename(&away, folder).unwrap();
    let _ = host.run(["snapshots", "verify", &id]).ok();
    assert_eq!(catalog(&host)[0]["state"], "verified");
}

#[test]
fn p04_whoever_deletes_a_volume_of_a_real_lxd_deletes_its_snapshots_and_it_is_seen() {
    let Some(lxd) = Lxd::start() else { return };
    let host = lxd.host("client", &[]);
    let _ = host.run(["once", "vault"]).ok();
    let id = catalog(&host)[0]["id"].as_str().unwrap().to_owned();
    lxd.ask("DELETE", &lxd.path("/vault"), &Value::Null);
    eventually("the volume is gone", SOON, || {
        (lxd.volumes() == ["audit"]).then_some(())
    });
    let ran = host.run(["snapshots", "verify", &id]).ended_with(1);
    assert!(ran.stderr.contains("not-found"), "{ran}");
    assert_eq!(catalog(&host)[0]["state"], "missing");
    let reason = why(&once(&host, "vault", 1));
    assert!(reason.starts_with("not-found: "), "{reason}");
}

#[test]
fn s1_what_a_real_lxd_refuses_is_said_for_what_it_is() {
    let Some(lxd) = Lxd::start() else { return };
    let other = &[
        ("project = \"default\"", "project = \"other\""),
        (
            "volume = \"vault\"",
            "volume = \"vault\"\nproject = \"other\"",
        ),
    ];
    let missing: &[(&str, &str)] = &[("volume = \"vault\"", "volume = \"elsewhere\"")];
    let ungranted: &[(&str, &str)] = &[("volume = \"vault\"", "volume = \"audit\"")];
    for (client, changes, begins, holds) in [
        ("client_untrusted", &[][..], "denied: ", "not authorized"),
        (
            "client_restricted",
            &other[..],
            "denied: ",
            "not authorized",
        ),
        ("client", missing, "not-found: ", "elsewhere"),
        ("client", ungranted, "denied: ", "`volume` is `audit`"),
    ] {
        let host = lxd.host(client, changes);
        let reason = why(&once(&host, "vault", 1));
        assert!(
            reason.starts_with(begins) && reason.contains(holds),
            "{client}: {reason}"
        );
        assert_eq!(catalog(&host), [Value::Null; 0]);
    }
    assert_eq!(lxd.snapshots(), [""; 0]);
}

#[test]
fn p06_the_plugin_keeps_the_whole_contract_at_a_real_lxd() {
    let Some(lxd) = Lxd::start() else { return };
    let host = lxd.host("client_restricted", &[]);
    let file = host.schedules().join("vault.toml");
    let options = ["--restore-as", "acme-restored-1"];
    let report = conforms(&host, "lxd-snapshot", &file, &options);
    // A small snapshot is finished within the call that begins it.
    report.whole(&[
        "copy-unknown",
        "poll-after-end",
        "poll-after-restart",
        "restore-missing-path",
    ]);
    assert_eq!(lxd.snapshots(), [""; 0]);
    assert_eq!(lxd.volumes(), ["acme-restored-1", "audit", "vault"]);
}
