//! Wrong schedule files beside the exact text that a person sees.
//!
//! `UPDATE_CASES=1 cargo test -p strongroom-config --test golden` writes the texts anew; read every change.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops where something is not as it should be"
)]

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use strongroom_config::{SourceFile, parse};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/schedules")
}

/// A Saturday: what is said of blackouts must not change with the day of the test.
fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// A case is a file, or a folder of files that are read together.
fn files(case: &Path) -> Vec<SourceFile> {
    let mut paths: Vec<PathBuf> = if case.is_dir() {
        fs::read_dir(case)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    } else {
        vec![case.to_owned()]
    };
    // Calendars of another form are read where a schedule names them.
    paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    paths.sort();
    let folder = if case.is_dir() {
        fs::canonicalize(case).unwrap()
    } else {
        "/etc/strongroom/schedules".into()
    };
    let source = |path: &PathBuf| SourceFile {
        path: path.file_name().unwrap().into(),
        folder: folder.clone(),
        text: fs::read_to_string(path).unwrap(),
    };
    paths.iter().map(source).collect()
}

fn shown(case: &Path) -> String {
    match parse(files(case), now()) {
        Ok(set) => set.warnings.render(false),
        Err(problems) => problems.render(false),
    }
}

#[test]
fn every_wrong_file_is_explained_by_the_text_beside_it() {
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let mut differing = Vec::new();
    let mut count = 0;
    let mut paths: Vec<_> = fs::read_dir(cases())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for case in paths
        .iter()
        .filter(|path| path.is_dir() || path.extension().is_some_and(|end| end == "toml"))
    {
        count += 1;
        let beside = case.with_extension("txt");
        let text = shown(case);
        assert!(!text.is_empty(), "{} is not wrong at all", case.display());
        if update {
            fs::write(&beside, &text).unwrap();
        } else if fs::read_to_string(&beside).unwrap_or_default() != text {
            differing.push(format!("{} should say:\n{text}", beside.display()));
        }
    }
    assert!(count >= 100, "only {count} cases");
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
