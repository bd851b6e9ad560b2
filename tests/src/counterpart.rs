//! Real servers that plugins talk to, started by `tests/counterparts/NAME/start` (`tests/counterparts/README.md`).

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::built::repository;
use crate::left_out;

/// A server that runs until the value is dropped, unless others use it as well.
#[derive(Debug)]
pub struct Counterpart {
    child: Option<Child>,
    said: Value,
}

impl Counterpart {
    /// Starts a server and waits until it is ready; `None` if it was left out.
    ///
    /// # Panics
    /// When it cannot be started, also because this machine lacks what it needs.
    #[must_use]
    #[track_caller]
    pub fn start(name: &str) -> Option<Self> {
        if left_out(name) {
            return None;
        }
        let script = script(name);
        let mut child = Command::new(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            let read = BufReader::new(stdout).read_line(&mut line);
            assert!(read.is_ok(), "{name} said nothing that is text");
        }
        let said: Value = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{name} did not start ({error}): {line}"));
        must_be_available(name, &said);
        let child = Some(child);
        Some(Self { child, said })
    }

    /// One that was started for several tests by whoever runs them (`STRONGROOM_SHARED_NAME`), else one of its own.
    ///
    /// # Panics
    /// When there is none and none can be started.
    #[must_use]
    #[track_caller]
    pub fn shared(name: &str) -> Option<Self> {
        let Ok(line) = std::env::var(format!("STRONGROOM_SHARED_{}", name.to_uppercase())) else {
            return Self::start(name);
        };
        let said: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{name}: {error}: {line}"));
        must_be_available(name, &said);
        Some(Self { child: None, said })
    }

    /// Runs one of a counterpart's own proofs (`--prove`, `--test`) to its end.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn proves(name: &str, word: &str) {
        if left_out(name) {
            return;
        }
        let script = script(name);
        let output = Command::new(&script)
            .arg(word)
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
        let said = String::from_utf8_lossy(&output.stdout);
        must_be_available(name, &serde_json::from_str(&said).unwrap_or_default());
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{name} {word}: {}\n{said}\n{complained}",
            output.status
        );
    }

    /// What it said about itself: where it is, who may enter.
    ///
    /// # Panics
    /// When it did not say this.
    #[must_use]
    #[track_caller]
    pub fn text(&self, key: &str) -> &str {
        self.said
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("no text `{key}` in {}", self.said))
    }

    /// Everything it said.
    #[must_use]
    pub fn said(&self) -> &Value {
        &self.said
    }
}

fn script(name: &str) -> PathBuf {
    repository()
        .join("tests/counterparts")
        .join(name)
        .join("start")
}

/// Fails where it said that this machine lacks what it needs.
#[track_caller]
fn must_be_available(name: &str, said: &Value) {
    if let Some(reason) = said["unavailable"].as_str() {
        panic!("{reason}. To test without {name}: STRONGROOM_WITHOUT={name}");
    }
}

impl Drop for Counterpart {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else {
            return;
        };
        // The end of its input is its sign to stop everything it started.
        drop(child.stdin.take());
        if let Err(error) = child.wait() {
            eprintln!("a counterpart did not end: {error}");
        }
    }
}
