//! `strongroom plugin test`: what passes and, above all, what does not.
//!
//! Owns: [`conforms`], by which each provider's plugin is held to the suite. A plugin's own test is three lines:
//! start the counterpart, write a schedule file that points at it, and
//! `conforms(&host, "gcp-snapshot", &config, &["--restore-as", "scratch"]).whole(&["beyond-proof"])`,
//! where the list names every case that is skipped there: one that is skipped unawares fails the test.
//! Read next: `broken`, one guest and one broken rule each.

mod broken;
mod command;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use strongroom_tests::{Host, Ran, plugin};

/// What `strongroom plugin test` said.
pub(crate) struct Report {
    ran: Ran,
    said: Value,
}

/// Runs the whole suite on a plugin of the repository against what this schedule file names.
#[track_caller]
pub(crate) fn conforms(host: &Host, name: &str, config: &Path, options: &[&str]) -> Report {
    tried(host, &plugin(name), Some(config), options)
}

/// Runs the suite on any file.
#[track_caller]
fn tried(host: &Host, file: &Path, config: Option<&Path>, options: &[&str]) -> Report {
    let mut command = host.command(["--json", "plugin", "test"]);
    command.arg(file);
    if let Some(config) = config {
        command.arg("--against").arg(config);
    }
    command.args(options);
    let ran = host.finish(command);
    let said = ran.json();
    Report { ran, said }
}

impl Report {
    /// The names of the cases that ended so.
    pub(crate) fn cases(&self, verdict: &str) -> BTreeSet<&str> {
        let cases = self.said["cases"].as_array();
        let cases = cases.unwrap_or_else(|| panic!("no cases\n{}", self.ran));
        let ended = cases.iter().filter(|case| case["verdict"] == verdict);
        ended.filter_map(|case| case["name"].as_str()).collect()
    }

    /// Nothing failed, nothing is left behind, and exactly these cases were skipped.
    #[track_caller]
    pub(crate) fn whole(&self, skipped: &[&str]) {
        self.failed_only(&[]);
        let expected: BTreeSet<&str> = skipped.iter().copied().collect();
        assert_eq!(self.cases("skipped"), expected, "{}", self.ran);
        assert_eq!(self.left_behind(), Vec::<&str>::new(), "{}", self.ran);
        assert_eq!(self.ran.code, 0, "{}", self.ran);
    }

    /// Exactly these cases failed.
    #[track_caller]
    pub(crate) fn failed_only(&self, failed: &[&str]) {
        let expected: BTreeSet<&str> = failed.iter().copied().collect();
        assert_eq!(self.cases("failed"), expected, "{}", self.ran);
        assert_eq!(self.said["not_begun"], 0, "{}", self.ran);
    }

    /// What it says that it could not remove.
    pub(crate) fn left_behind(&self) -> Vec<&str> {
        let left = self.said["left_behind"].as_array().map(Vec::as_slice);
        let left = left.unwrap_or_default().iter();
        left.filter_map(Value::as_str).collect()
    }
}
