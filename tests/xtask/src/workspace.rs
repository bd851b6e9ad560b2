//! Where things are in the repository and where cargo puts what it builds.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::run::{self, Done, Stop};

static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let own = own.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    own.ancestors().nth(2).map(Path::to_owned).unwrap_or(own)
});

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    &ROOT
}

/// `target` in the repository: plugins, guests and the demo are always here, wherever cargo builds.
pub(crate) fn output() -> PathBuf {
    root().join("target")
}

/// Where cargo builds; `CARGO_TARGET_DIR` and cargo's configuration may move it.
pub(crate) fn cargo_target() -> Done<PathBuf> {
    let metadata =
        run::read(run::cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let found = metadata
        .split_once("\"target_directory\":\"")
        .and_then(|(_, rest)| rest.split_once('"'));
    match found {
        Some((folder, _)) => Ok(PathBuf::from(folder.replace("\\\\", "\\"))),
        None => Err(Stop::because(
            "`cargo metadata` did not say where cargo builds.",
        )),
    }
}

/// Builds the `strongroom` binary with the dev profile and returns its path.
pub(crate) fn strongroom() -> Done<PathBuf> {
    run::shown(run::cargo().args(["build", "--quiet", "--package", "strongroom"]))?;
    Ok(cargo_target()?.join("debug").join("strongroom"))
}
