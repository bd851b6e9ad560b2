//! What the counterparts of the tests need, installed before any test waits for it, and the servers that tests share.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::run::{self, Done, Stop, at};
use crate::workspace;

/// Five servers that take a minute to start; their tests run one after the other and tidy up before they begin.
const SHARED: &[&str] = &["openstack"];

/// Installs every counterpart, all at once; what this machine cannot have is found out by the tests themselves.
pub(crate) fn install() -> Done {
    let mut running = Vec::new();
    for (name, script) in scripts()? {
        if run::left_out(&name) {
            continue;
        }
        running.push(thread::spawn(move || {
            run::shown(run::program(&script).arg("--install"))
        }));
    }
    for one in running {
        one.join()
            .map_err(|_| Stop::because("Installing a counterpart stopped unexpectedly."))??;
    }
    Ok(())
}

/// Each folder of `tests/counterparts` with a `start` is one: its name and that script.
fn scripts() -> Done<Vec<(String, PathBuf)>> {
    let folder = workspace::root().join("tests/counterparts");
    let mut scripts = Vec::new();
    for entry in fs::read_dir(&folder).map_err(at(&folder))? {
        let entry = entry.map_err(at(&folder))?;
        let script = entry.path().join("start");
        if script.is_file() {
            scripts.push((entry.file_name().to_string_lossy().into_owned(), script));
        }
    }
    scripts.sort();
    Ok(scripts)
}

/// Servers that start while something else is built, and end when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Servers(Vec<(&'static str, Child)>);

impl Servers {
    /// Starts those that several tests share, and waits for none of them.
    pub(crate) fn start(&mut self) -> Done {
        for (name, script) in scripts()? {
            let shared = SHARED.iter().find(|shared| **shared == name);
            let Some(shared) = shared.filter(|_| !run::left_out(&name)) else {
                continue;
            };
            let mut command = run::program(&script);
            command.stdin(Stdio::piped()).stdout(Stdio::piped());
            self.0.push((shared, command.spawn().map_err(at(&script))?));
        }
        Ok(())
    }

    /// Waits for each and tells the tests where it is: what it said goes into `STRONGROOM_SHARED_NAME`.
    pub(crate) fn tell(&mut self, tests: &mut Command) -> Done {
        for (name, child) in &mut self.0 {
            let mut said = String::new();
            if let Some(stdout) = child.stdout.take() {
                BufReader::new(stdout)
                    .read_line(&mut said)
                    .map_err(|error| Stop::because(format!("{name}: {error}")))?;
            }
            // One that said nothing has failed: the tests start their own, and say why.
            if !said.is_empty() {
                tests.env(format!("STRONGROOM_SHARED_{}", name.to_uppercase()), said);
            }
        }
        Ok(())
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for (name, child) in &mut self.0 {
            // The end of its input is its sign to stop everything it started.
            drop(child.stdin.take());
            if let Err(error) = child.wait() {
                eprintln!("{name} did not end: {error}");
            }
        }
    }
}
