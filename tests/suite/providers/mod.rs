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

use serde_json::Value;
use strongroom_tests::{Host, plugin};

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

/// The run that the host wrote down last.
#[track_caller]
pub(crate) fn last_run(host: &Host) -> Value {
    let rows = host.run(["--json", "occurrences"]).ok().json();
    let last = rows.as_array().and_then(|rows| {
        rows.iter()
            .max_by_key(|row| row["due"].as_str().unwrap_or_default().to_owned())
    });
    last.cloned()
        .unwrap_or_else(|| panic!("nothing was written down: {rows}"))
}

/// Why the last run did not succeed.
#[track_caller]
pub(crate) fn last_reason(host: &Host) -> String {
    last_run(host)["reason"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
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
