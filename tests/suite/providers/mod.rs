//! Plugins of providers, through the real host, against servers that are not ours (`tests/counterparts`).
//!
//! One file for each provider; here is what they share: keys, schedules with marks, requests of the test itself, and
//! what the host wrote down.

mod cinder;
mod ebs;
mod gcp;
mod lxd;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use strongroom_tests::{Host, eventually, plugin};

/// A host with nothing but this plugin.
#[track_caller]
pub(crate) fn host_with(name: &str) -> Host {
    let host = Host::new().with_own_plugins();
    host.install(name, &plugin(name));
    host
}

/// Copies a file with a secret to where only its owner can use it, as hosts demand.
#[track_caller]
pub(crate) fn key(host: &Host, name: &str, file: &Path) -> PathBuf {
    let to = host.folder().join(name);
    fs::copy(file, &to).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
    to
}

/// A text with its marks replaced.
pub(crate) fn marked(text: &str, marks: &[(&str, &str)]) -> String {
    marks.iter().fold(text.to_owned(), |text, (mark, value)| {
        text.replace(mark, value)
    })
}

/// Runs a schedule of one tenant once; its run as the host wrote it down, found by its own id.
#[track_caller]
pub(crate) fn once(host: &Host, schedule: &str, code: i32) -> Value {
    let ran = host.run(["--json", "once", schedule]).ended_with(code);
    let run = ran.json()[0].clone();
    assert_eq!(run["outcome"] == "succeeded", code == 0, "{ran}");
    run
}

/// Raises an event that one schedule of one tenant waits for, and waits until that run has ended.
#[track_caller]
pub(crate) fn raise(host: &Host, event: &str, within: Duration) -> Value {
    let raised = host.run(["--json", "raise", event]).ok().json();
    let id = raised[0]["id"].clone();
    assert!(id.is_string(), "{raised}");
    eventually("the run has ended", within, || {
        let rows = host.run(["--json", "occurrences"]);
        // The ledger may be busy: then it is asked again.
        let rows: Vec<Value> = serde_json::from_str(&rows.stdout).ok()?;
        let run = rows.into_iter().find(|row| row["id"] == id)?;
        run["outcome"].is_string().then_some(run)
    })
}

/// Why a run did not succeed.
pub(crate) fn why(run: &Value) -> String {
    run["reason"].as_str().unwrap_or_default().to_owned()
}

/// The values of one kind in the evidence of a run or snapshot.
pub(crate) fn evidence(of: &Value, kind: &str) -> Vec<String> {
    let pairs = of["evidence"].as_array().cloned().unwrap_or_default();
    let values = pairs.iter().filter(|pair| pair[0] == kind);
    values
        .map(|pair| pair[1].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The catalog.
#[track_caller]
pub(crate) fn catalog(host: &Host) -> Vec<Value> {
    let rows = host.run(["--json", "snapshots", "list"]).ok().json();
    rows.as_array().cloned().unwrap_or_default()
}

/// Asks a plain server of the loopback, such as a control endpoint, and reads its JSON; `null` where there is none.
#[track_caller]
pub(crate) fn ask(method: &str, url: &str, body: Option<&Value>) -> Value {
    let rest = url.strip_prefix("http://").expect("plain HTTP");
    let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream =
        TcpStream::connect(place).unwrap_or_else(|error| panic!("{method} {url}: {error}"));
    let body = body.map(Value::to_string).unwrap_or_default();
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let good = head
        .split(' ')
        .nth(1)
        .is_some_and(|status| status.starts_with('2'));
    assert!(good, "{method} {url}\n{answer}");
    serde_json::from_str(body).unwrap_or_default()
}
