//! Golden files: what a person sees, kept beside what caused it, in `tests/cases`.

use std::fs;
use std::path::{Path, PathBuf};

/// Set to 1 to write what was seen into the golden files instead of comparing.
const UPDATE: &str = "UPDATE_CASES";

/// Every file of `tests/cases/FOLDER` with this extension, sorted.
///
/// # Panics
/// When there is none: a suite of no cases proves nothing.
#[must_use]
#[track_caller]
pub fn cases(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = place(folder);
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    assert!(
        !found.is_empty(),
        "{} has no *.{extension}",
        folder.display()
    );
    found
}

/// Compares a text with the golden file `tests/cases/NAME`; `UPDATE_CASES=1` writes it instead.
///
/// # Panics
/// When they differ: shows the first line that does.
#[track_caller]
pub fn golden(name: impl AsRef<Path>, seen: &str) {
    let path = place(name);
    let mut seen = seen.trim_end().to_owned();
    seen.push('\n');
    if std::env::var_os(UPDATE).is_some_and(|value| value == "1") {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        }
        fs::write(&path, seen).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{}: {error}\n{UPDATE}=1 writes it:\n{seen}", path.display())
    });
    if kept != seen {
        panic!(
            "{} differs ({UPDATE}=1 accepts what is seen now)\n{}\n-- seen now, entirely\n{seen}",
            path.display(),
            first_difference(&kept, &seen)
        );
    }
}

fn place(name: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("cases")
        .join(name)
}

fn first_difference(kept: &str, seen: &str) -> String {
    let mut lines = kept.lines().zip(seen.lines()).enumerate();
    match lines.find(|(_, (kept, seen))| kept != seen) {
        Some((index, (kept, seen))) => format!("line {}\n- {kept}\n+ {seen}", index + 1),
        None => format!(
            "{} lines are kept, {} are seen",
            kept.lines().count(),
            seen.lines().count()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_different_line_is_shown() {
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), "line 2\n- b\n+ c");
        assert_eq!(
            first_difference("a\n", "a\nb\n"),
            "1 lines are kept, 2 are seen"
        );
    }
}
