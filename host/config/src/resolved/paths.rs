//! Paths as written become absolute ones.
//!
//! Owns: what may stand in a path.
//! Never: looks at a disk.

use std::path::{Component, Path, PathBuf};

use crate::problems::{Problems, shortened};
use crate::reader::At;

/// The path from the root, free of `.` and `..`.
pub(super) fn absolute(at: &At<String>, problems: &mut Problems) -> Option<PathBuf> {
    let text = at.value.as_str();
    let mut wrong = |message: String, hint: &str| {
        problems.error(&at.span, message, hint);
        None
    };
    if text.trim().is_empty() {
        return wrong(
            "the path is empty".to_owned(),
            "to grant the folder of this file, write `\".\"`",
        );
    }
    if text.contains(char::is_control) {
        return wrong("the path holds a control character".to_owned(), "remove it");
    }
    if text == "~" || text.starts_with("~/") {
        return wrong(
            "`~` has no meaning here".to_owned(),
            "the host has no home folder; write the whole path",
        );
    }
    let rest = text.replace("{tenant}", "");
    if rest.contains(['{', '}']) {
        return wrong(
            format!(
                "only `{{tenant}}` may stand in braces: `{}`",
                shortened(text)
            ),
            "write `{tenant}` where the tenant's name belongs",
        );
    }
    if rest.starts_with('$') || rest.contains("/$") {
        return wrong(
            "variables have no meaning here".to_owned(),
            "the host has none; write the whole path",
        );
    }
    let mut path = PathBuf::from("/");
    let folder = problems.source.folder.clone();
    for part in folder.components().chain(Path::new(text).components()) {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            // A path from the root replaces what is there.
            other => path.push(other),
        }
    }
    Some(path)
}

/// A file, from the folder of the schedule file.
pub(super) fn file(at: &At<String>, problems: &mut Problems) -> Option<PathBuf> {
    if at.value.contains(['{', '}']) {
        problems.error(
            &at.span,
            "the name of this file is the same for all tenants",
            "write it without braces",
        );
        return None;
    }
    absolute(at, problems)
}
