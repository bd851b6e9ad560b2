//! Compiled plugins, lent from test to test: most of them run one of the same few.
//!
//! The names of the files say which plugin and which engine, so that nothing stale is ever found.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::built::repository;

/// Puts what other tests compiled into a host's cache; on another disk it stays empty.
pub(crate) fn lend(cache: &Path) {
    link(&kept(), cache);
}

/// Keeps what a host compiled.
pub(crate) fn keep(cache: &Path) {
    link(cache, &kept());
}

fn kept() -> PathBuf {
    repository().join("target").join("compiled")
}

/// Gives every file of `from` a name in `to` as well, unless it has one.
fn link(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|end| end == "cwasm") {
            drop(DirBuilder::new().mode(0o700).create(to));
            drop(fs::hard_link(&path, to.join(entry.file_name())));
        }
    }
}
