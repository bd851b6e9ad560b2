//! What the counterparts of the tests need, installed before any test waits for it.

use std::fs;
use std::path::PathBuf;
use std::thread;

use crate::run::{self, Done, Stop, at};
use crate::workspace;

/// Installs every counterpart, all at once; what this machine cannot have is found out by the tests themselves.
pub(crate) fn install() -> Done {
    let mut running = Vec::new();
    for script in scripts()? {
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

/// Each folder of `tests/counterparts` with a `start` is one.
fn scripts() -> Done<Vec<PathBuf>> {
    let folder = workspace::root().join("tests/counterparts");
    let mut scripts = Vec::new();
    for entry in fs::read_dir(&folder).map_err(at(&folder))? {
        let script = entry.map_err(at(&folder))?.path().join("start");
        if script.is_file() {
            scripts.push(script);
        }
    }
    scripts.sort();
    Ok(scripts)
}
