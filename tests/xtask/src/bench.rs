//! `cargo xtask bench`: builds what is measured in its release form and runs the benchmark of the tests.

use crate::run::{self, Done};
use crate::{packages, plugins};

/// Measures everything, or what is named.
pub(crate) fn measure(rest: &[String]) -> Done {
    packages::install(packages::FOR_BENCH)?;
    plugins::build()?;
    run::shown(run::cargo().args(["build", "--quiet", "--release", "--package", "strongroom"]))?;
    let mut cargo = run::cargo();
    cargo
        .args([
            "bench",
            "--quiet",
            "--package",
            "strongroom-tests",
            "--bench",
            "bench",
            "--",
        ])
        .args(rest);
    run::shown(&mut cargo)
}
