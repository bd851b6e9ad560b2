//! Schedule files on a disk: where they are, how much of them is read.
//!
//! Owns: finding and reading the files.
//! Never: what their text means.
//! Read next: `source`, `diagnostic`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::SourceFile;

/// The largest schedule file: room for ten thousand schedules of a few lines. A larger one is some other file dropped in
/// by mistake.
pub const FILE_LIMIT: usize = 4 << 20;

/// The most schedule files in a folder: each is read and kept, so that a later problem can be shown in its text.
pub const FILES_LIMIT: usize = 1_000;

/// Reads one file, or every `*.toml` directly in a folder, in the order of their names. Hidden files are passed over:
/// editors leave them.
pub(crate) fn read_all(path: &Path) -> Result<Vec<SourceFile>, Diagnostics> {
    let mut problems = Diagnostics::default();
    let mut files = Vec::new();
    for file in found(path)? {
        match read(&file) {
            Ok(source) => files.push(source),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() {
        Ok(files)
    } else {
        Err(problems)
    }
}

fn found(path: &Path) -> Result<Vec<PathBuf>, Diagnostics> {
    let fail = |message: String, hint: &str| {
        Diagnostics::from(Diagnostic::of_file(path, message).hinted(hint))
    };
    let unreadable = |error: io::Error| {
        fail(
            format!("this cannot be read: {error}"),
            "name a schedule file, or a folder that holds some",
        )
    };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let hidden = file
            .file_name()
            .is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden
            && file
                .extension()
                .is_some_and(|extension| extension == "toml")
            && !file.is_dir()
        {
            found.push(file);
        }
    }
    if found.is_empty() {
        let hint = "schedule files end in `.toml`; name another folder, or put one here";
        return Err(fail("this folder holds no schedule file".to_owned(), hint));
    }
    if found.len() > FILES_LIMIT {
        let hint = format!("at most {FILES_LIMIT} are read; put several schedules into one file");
        return Err(fail(
            format!("this folder holds {} schedule files", found.len()),
            &hint,
        ));
    }
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> Result<SourceFile, Diagnostics> {
    read_as(path, path)
}

/// Reads a file that is shown to people under another path.
pub(crate) fn read_as(path: &Path, shown: &Path) -> Result<SourceFile, Diagnostics> {
    let fail = |message: String, hint: &str| {
        Diagnostics::from(Diagnostic::of_file(shown, message).hinted(hint))
    };
    let unreadable = |error: io::Error| {
        let hint = "is it a file, and may the user who runs Strongroom read it?";
        fail(format!("this file cannot be read: {error}"), hint)
    };
    let mut bytes = Vec::new();
    let limit = u64::try_from(FILE_LIMIT)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    // It is kept, and grew by doubling.
    bytes.shrink_to_fit();
    let text = String::from_utf8(bytes).map_err(|error| {
        let readable = error
            .as_bytes()
            .iter()
            .take(error.utf8_error().valid_up_to());
        let line = readable.filter(|b| **b == b'\n').count() + 1;
        fail(
            format!("line {line} is not UTF-8 text"),
            "save the file as UTF-8",
        )
    })?;
    let absolute = std::path::absolute(path).map_err(unreadable)?;
    let folder = absolute.parent().unwrap_or(&absolute).to_owned();
    Ok(SourceFile {
        path: shown.to_owned(),
        folder,
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_schedule_files_of_a_folder_are_read_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.toml", "a.toml", ".hidden.toml", "notes.md", "c.toml~"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        fs::create_dir(folder.path().join("d.toml")).unwrap();
        let texts: Vec<_> = read_all(folder.path())
            .unwrap()
            .into_iter()
            .map(|file| file.text)
            .collect();
        assert_eq!(texts, ["a.toml", "b.toml"]);
    }

    #[test]
    fn what_cannot_be_read_is_said_for_every_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            read_all(folder.path())
                .unwrap_err()
                .to_string()
                .contains("holds no schedule file")
        );
        fs::write(folder.path().join("a.toml"), b"# one\n\xff").unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("b.toml")).unwrap();
        let text = read_all(folder.path()).unwrap_err().to_string();
        assert!(text.contains("line 2 is not UTF-8"), "{text}");
        assert!(
            text.contains("b.toml") && text.contains("cannot be read"),
            "{text}"
        );
        let text = read_all(&folder.path().join("missing"))
            .unwrap_err()
            .to_string();
        assert!(text.contains("cannot be read: No such file"), "{text}");
    }
}
