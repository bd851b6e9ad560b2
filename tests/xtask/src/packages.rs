//! What the tests need from the system, and how it gets there on Debian and Ubuntu.

use std::path::Path;
use std::process::Command;

use crate::run::{self, Done, Stop};

/// A program and the Debian package that brings it.
type Need = (&'static str, &'static str);

/// What `cargo xtask test` needs.
pub(crate) const FOR_TESTS: &[Need] = &[
    ("cc", "gcc"),
    ("python3", "python3"),
    ("sqlite3", "sqlite3"),
    ("rsync", "rsync"),
    ("setfattr", "attr"),
    ("sha256sum", "coreutils"),
];

/// What `cargo xtask bench` needs.
pub(crate) const FOR_BENCH: &[Need] = &[("rsync", "rsync"), ("sha256sum", "coreutils")];

/// Installs what is missing, or says what to install.
pub(crate) fn install(needs: &[Need]) -> Done {
    let missing: Vec<&Need> = needs
        .iter()
        .filter(|(program, _)| !run::exists(program))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let programs: Vec<&str> = missing.iter().map(|(program, _)| *program).collect();
    let packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    println!("missing: {}", programs.join(", "));
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err(Stop::because(format!(
            "Install these programs with your system's package tool and try again: {}.",
            programs.join(", ")
        )));
    }
    let Some(mut update) = as_root("apt-get") else {
        return Err(Stop::because(format!(
            "Neither root nor sudo here. Have someone run: apt-get install {}",
            packages.join(" ")
        )));
    };
    run::shown(update.args(["update", "--quiet=2"]))?;
    let Some(mut install) = as_root("apt-get") else {
        return Ok(());
    };
    install
        .args(["install", "--yes", "--quiet=2", "--no-install-recommends"])
        .args(&packages);
    run::shown(&mut install)
}

fn as_root(program: &str) -> Option<Command> {
    let root = run::read(run::program("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut command = if root {
        run::program(program)
    } else if run::exists("sudo") {
        let mut sudo = run::program("sudo");
        sudo.args(["--preserve-env=DEBIAN_FRONTEND", program]);
        sudo
    } else {
        return None;
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Some(command)
}
