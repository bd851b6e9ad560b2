//! Where the things are that `cargo xtask test` has built before the suite starts.

use std::path::{Path, PathBuf};

/// The repository's root.
#[must_use]
pub fn repository() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// The real binary, beside the test executable: `target/PROFILE/strongroom`.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn strongroom() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_else(|error| panic!("where is this test? {error}"));
    let profile = own
        .ancestors()
        .find(|folder| folder.file_name().is_some_and(|name| name == "deps"));
    let folder = profile.and_then(Path::parent).or_else(|| own.parent());
    must_exist(folder.unwrap_or(Path::new(".")).join("strongroom"))
}

/// The folder with every plugin.
///
/// # Panics
/// When they were not built.
#[must_use]
pub fn plugins() -> PathBuf {
    must_exist(repository().join("target").join("plugins"))
}

/// One plugin's file, by its hyphenated name.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn plugin(name: &str) -> PathBuf {
    must_exist(plugins().join(format!("{name}.wasm")))
}

/// One test guest's file, by its hyphenated name.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn guest(name: &str) -> PathBuf {
    must_exist(
        repository()
            .join("target")
            .join("guests")
            .join(format!("{name}.wasm")),
    )
}

fn must_exist(path: PathBuf) -> PathBuf {
    if path.exists() {
        return path;
    }
    panic!(
        "{} is missing: run `cargo xtask test`, which builds it first",
        path.display()
    );
}
