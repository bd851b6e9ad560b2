//! A new schedule: its text, and the file that it is appended to.
//!
//! Owns: that the whole folder is right with the new entry, before anything is written.
//! Never: writes; never touches what stands in the file already.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_domain::schedule::Schedule;

use super::tidy::tidy;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::files;
use crate::set;
use crate::source::SourceFile;

/// What a person said of a new schedule; every value as it will be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewSchedule {
    /// Its name.
    pub name: String,
    /// The plugin.
    pub plugin: String,
    /// The tenants.
    pub tenants: Vec<String>,
    /// The key that says when, and its value: `cron`, `every`, `at`, `on` or `after`.
    pub when: (&'static str, String),
    /// The zone, if it is not UTC.
    pub timezone: Option<String>,
    /// How long snapshots are kept.
    pub keep_within: Option<String>,
    /// Folders by name that the plugin may read.
    pub read: Vec<(String, String)>,
    /// Folders by name that it may change.
    pub write: Vec<(String, String)>,
}

impl NewSchedule {
    /// The entry as TOML.
    #[must_use]
    pub fn to_text(&self) -> String {
        let quoted = |text: &str| toml_edit::Value::from(text).to_string();
        let tenants: Vec<String> = self.tenants.iter().map(|tenant| quoted(tenant)).collect();
        let (key, when) = &self.when;
        let mut text = format!(
            "[[schedule]]\nname = {}\nplugin = {}\n{key} = {}\n",
            quoted(&self.name),
            quoted(&self.plugin),
            quoted(when)
        );
        if let Some(zone) = &self.timezone {
            text.push_str(&format!("timezone = {}\n", quoted(zone)));
        }
        text.push_str(&format!("tenants = [{}]\n", tenants.join(", ")));
        if let Some(within) = &self.keep_within {
            text.push_str(&format!(
                "\n[schedule.retention]\nkeep-within = {}\n",
                quoted(within)
            ));
        }
        for (trees, access) in [(&self.read, "read"), (&self.write, "write")] {
            for (name, path) in trees {
                let key = toml_edit::Key::new(name).display_repr().into_owned();
                let path = quoted(path);
                text.push_str(&format!(
                    "\n[schedule.grants.files.{key}]\npath = {path}\naccess = \"{access}\"\n"
                ));
            }
        }
        tidy(&text).unwrap_or(text)
    }
}

/// What there is to write.
#[derive(Debug, Clone)]
pub struct Addition {
    /// The file.
    pub file: PathBuf,
    /// Its whole text: what was there, byte for byte, and the entry.
    pub text: String,
    /// The entry alone.
    pub entry: String,
    /// What it says, resolved.
    pub schedule: Arc<Schedule>,
    /// What is allowed but probably not meant, in the whole folder.
    pub warnings: Diagnostics,
}

/// Says why a schedule cannot be added.
#[derive(Debug)]
pub enum NotAdded {
    /// There is one of that name, in this file.
    Exists(PathBuf),
    /// The files there have problems.
    Before(Diagnostics),
    /// With the entry they have.
    After(Diagnostics),
}

/// Appends an entry to a file of a folder of schedules, in memory, and checks the whole.
///
/// # Errors
/// [`NotAdded`]: nothing is to be written.
pub fn add(
    schedules: &Path,
    file: &Path,
    new: &NewSchedule,
    now: Timestamp,
) -> Result<Addition, NotAdded> {
    let mut files = before(schedules, file).map_err(NotAdded::Before)?;
    let there: Vec<SourceFile> = files
        .iter()
        .filter(|one| !one.text.trim().is_empty())
        .cloned()
        .collect();
    let set = set::parse(there, now).map_err(NotAdded::Before)?;
    if let Some(located) = set.get(&new.name) {
        return Err(NotAdded::Exists(located.file().to_owned()));
    }
    let entry = new.to_text();
    let wanted = identity(file);
    let mut text = String::new();
    for source in files
        .iter_mut()
        .filter(|source| identity(&source.path) == wanted)
    {
        text = appended(&source.text, &entry);
        source.text.clone_from(&text);
    }
    let set = set::parse(files, now).map_err(NotAdded::After)?;
    let Some(located) = set.get(&new.name) else {
        let problem = Diagnostic::of_file(file, "the new entry was not found in the new text");
        return Err(NotAdded::After(problem.into()));
    };
    Ok(Addition {
        file: file.to_owned(),
        text,
        entry,
        schedule: located.schedule.clone(),
        warnings: set.warnings.clone(),
    })
}

/// The files of the folder and the one that is to be changed, which need not exist.
fn before(schedules: &Path, file: &Path) -> Result<Vec<SourceFile>, Diagnostics> {
    let empty = schedules.is_dir()
        && std::fs::read_dir(schedules).is_ok_and(|mut entries| {
            !entries.any(|entry| {
                entry.is_ok_and(|entry| entry.path().extension().is_some_and(|end| end == "toml"))
            })
        });
    let mut files = if schedules.exists() && !empty {
        files::read_all(schedules)?
    } else {
        Vec::new()
    };
    let wanted = identity(file);
    if !files.iter().any(|source| identity(&source.path) == wanted) {
        if file.exists() {
            files.extend(files::read_all(file)?);
        } else {
            files.push(SourceFile {
                path: file.to_owned(),
                folder: wanted.parent().unwrap_or(&wanted).to_owned(),
                text: String::new(),
            });
        }
    }
    Ok(files)
}

/// The same for every way to write the path of a file.
fn identity(path: &Path) -> PathBuf {
    std::fs::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
}

fn appended(before: &str, entry: &str) -> String {
    let gap = match before {
        "" => "",
        text if text.ends_with("\n\n") => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    format!("{before}{gap}{entry}")
}
