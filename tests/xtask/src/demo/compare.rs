//! Compares a tenant's folder with what was restored, with ordinary tools.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{self, Done, Stop, at};

const DATABASE: &[u8] = b"SQLite format 3\0";

/// `diff` of two folders. Databases are left out: SQLite's own copy of one has the same content under a new header.
pub(crate) fn difference(left: &Path, right: &Path) -> Done<Command> {
    let mut diff = run::program("diff");
    diff.args(["--recursive", "--brief", "--no-dereference"]);
    for database in databases(left)? {
        if let Some(name) = database.file_name() {
            diff.arg("--exclude").arg(name);
        }
    }
    diff.arg(left).arg(right);
    Ok(diff)
}

/// Compares the content of every database, as SQL text.
pub(crate) fn same_databases(left: &Path, right: &Path) -> Done {
    for database in databases(left)? {
        let inside = database.strip_prefix(left).unwrap_or(&database);
        let restored = right.join(inside);
        if dump(&database)? != dump(&restored)? {
            let sentence = format!(
                "{} holds something else than {}",
                restored.display(),
                database.display()
            );
            return Err(Stop::because(sentence));
        }
        println!(
            "{}: the same content, compared as SQL text",
            inside.display()
        );
    }
    Ok(())
}

fn dump(database: &Path) -> Done<String> {
    run::read(
        run::program("sqlite3")
            .arg("-readonly")
            .arg(database)
            .arg(".dump"),
    )
}

fn databases(folder: &Path) -> Done<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(at(folder))?);
        if kind.is_dir() {
            found.extend(databases(&path)?);
        } else if kind.is_file() && is_database(&path) {
            found.push(path);
        }
    }
    Ok(found)
}

fn is_database(path: &Path) -> bool {
    let mut start = [0; DATABASE.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == DATABASE
}
