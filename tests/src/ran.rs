//! What a command left behind: exit code, standard output, standard error.

use std::fmt;
use std::process::Output;

use serde_json::Value;

/// A command that has ended.
#[derive(Debug, Clone)]
pub struct Ran {
    /// As it was typed.
    pub command: String,
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output, as text.
    pub stdout: String,
    /// Standard error, as text.
    pub stderr: String,
}

impl Ran {
    pub(crate) fn new(command: String, output: &Output) -> Self {
        Self {
            command,
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Passes on a command that ended with 0.
    ///
    /// # Panics
    /// When it did not; shows everything it said.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.ended_with(0)
    }

    /// Passes on a command that ended with this code.
    ///
    /// # Panics
    /// When it did not; shows everything it said.
    #[track_caller]
    pub fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\n{self}");
        self
    }

    /// Standard output as one JSON value, in which every time has milliseconds.
    ///
    /// # Panics
    /// When it is none, or a time in it sorts differently as text.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        let value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error})\n{self}"));
        if let Some(time) = odd_time(&value) {
            panic!("`{time}` is not of the same width as other times\n{self}");
        }
        value
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            command,
            code,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "$ {command}\n-- exit code {code}\n-- stdout\n{stdout}\n-- stderr\n{stderr}"
        )
    }
}

/// The first time that is not written with milliseconds; evidence is the words of whoever gave it.
fn odd_time(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => {
            let shape = text.replace(|c: char| c.is_ascii_digit(), "0");
            let time = shape.starts_with("0000-00-00T00:00:00") && shape.ends_with('Z');
            (time && shape != "0000-00-00T00:00:00.000Z").then_some(text)
        }
        Value::Array(list) => list.iter().find_map(odd_time),
        Value::Object(fields) => {
            let mut fields = fields.iter().filter(|(key, _)| *key != "evidence");
            fields.find_map(|(_, value)| odd_time(value))
        }
        _ => None,
    }
}
