//! Real servers that plugins talk to, started by `tests/counterparts/NAME/start` (`tests/counterparts/README.md`).

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::built::repository;

/// A server that runs until the value is dropped.
#[derive(Debug)]
pub struct Counterpart {
    child: Child,
    said: Value,
}

impl Counterpart {
    /// Starts a server and waits until it is ready. `None`, with a printed reason: this machine lacks what it needs.
    ///
    /// # Panics
    /// When it cannot be started although it should.
    #[must_use]
    #[track_caller]
    pub fn start(name: &str) -> Option<Self> {
        let script: PathBuf = repository()
            .join("tests/counterparts")
            .join(name)
            .join("start");
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
        let counterpart = Self { child, said };
        if let Some(reason) = counterpart.said["unavailable"].as_str() {
            eprintln!("skipped: {name} is not available here: {reason}");
            return None;
        }
        Some(counterpart)
    }

    /// What it said about itself: where it is, who may enter.
    ///
    /// # Panics
    /// When it did not say this.
    #[must_use]
    #[track_caller]
    pub fn text(&self, key: &str) -> &str {
        self.said[key]
            .as_str()
            .unwrap_or_else(|| panic!("no text `{key}` in {}", self.said))
    }

    /// Everything it said.
    #[must_use]
    pub fn said(&self) -> &Value {
        &self.said
    }
}

impl Drop for Counterpart {
    fn drop(&mut self) {
        // The end of its input is its sign to stop everything it started.
        drop(self.child.stdin.take());
        if let Err(error) = self.child.wait() {
            eprintln!("a counterpart did not end: {error}");
        }
    }
}
