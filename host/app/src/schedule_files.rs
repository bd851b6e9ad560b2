//! New entries in schedule files, and files that stay tidy.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use strongroom_config::edit::{self, Addition, NewSchedule, NotAdded, NotTidied};
use strongroom_config::{Diagnostics, SourceFile, parse};
use strongroom_domain::calendar::due_between;
use strongroom_domain::json_time;
use strongroom_domain::schedule::Schedule;
use strongroom_orchestrator::{Clock, SystemClock};

use crate::{Error, Installation, Kind};

/// An entry that was added to a schedule file, or would be.
pub struct Added {
    /// What it means.
    pub schedule: Arc<Schedule>,
    /// The file.
    pub file: PathBuf,
    /// The text of the entry.
    pub entry: String,
    /// False: it was a dry run.
    pub written: bool,
    /// Its next due times.
    pub next: Vec<Timestamp>,
    /// What is allowed but probably not meant.
    pub warnings: Diagnostics,
    /// The plugin file of that name, if the plugins folder lacks it.
    pub missing_plugin: Option<String>,
}

as_json!(Added, |added| {
    let next = added.next.iter().map(|at| json_time::text(*at));
    json!({
        "schedule": added.schedule.name, "file": added.file, "entry": added.entry, "written": added.written,
        "next": next.collect::<Vec<_>>(),
    })
});

/// Adds an entry to a file, or to one of its own in the folder of schedule files.
pub fn add(
    at: &Installation,
    new: &NewSchedule,
    file: Option<&Path>,
    dry_run: bool,
) -> Result<Added, Error> {
    let file = match file {
        Some(file) => file.to_owned(),
        None if at.schedules.is_file() => at.schedules.clone(),
        None => at.schedules.join(format!("{}.toml", new.name)),
    };
    let now = SystemClock.now();
    let Addition {
        file,
        text,
        entry,
        schedule,
        warnings,
    } = edit::add(&at.schedules, &file, new, now).map_err(not_added)?;
    if !dry_run {
        edit::write(&file, &text).map_err(|error| unwritten(&file, error))?;
    }
    let dues = due_between(&schedule.trigger, &schedule.zone, now, Timestamp::MAX);
    let next = dues.map(|due| due.at).take(3).collect();
    let plugin = format!("{}.wasm", new.plugin);
    Ok(Added {
        next,
        schedule,
        file,
        entry,
        written: !dry_run,
        warnings,
        missing_plugin: (!at.plugins.join(&plugin).exists()).then_some(plugin),
    })
}

fn unwritten(file: &Path, error: std::io::Error) -> Error {
    Error::usage(format!("{} cannot be written", file.display())).because(error)
}

fn not_added(problem: NotAdded) -> Error {
    match problem {
        NotAdded::Exists(file) => {
            let file = file.display();
            Error::usage(format!("there is a schedule of that name in {file}"))
                .hint("runs and snapshots are recorded under the name; give the new one another")
        }
        NotAdded::Before(problems) => Error::from(problems)
            .hint("these problems were there before; mend them first. Nothing was written"),
        NotAdded::After(problems) => {
            Error::from(problems).hint("this is the text that would be written; nothing was")
        }
    }
}

/// A schedule file and whether it is in its tidy form.
#[derive(Serialize)]
pub struct TidiedFile {
    /// The file.
    pub file: String,
    /// What became of it, in words.
    pub state: &'static str,
    /// Whether it was not in its tidy form.
    #[serde(skip)]
    pub untidy: bool,
    /// Why it is left alone.
    #[serde(skip)]
    pub problems: Option<Diagnostics>,
}

/// Brings schedule files into their tidy form; with `check` it only says which would change.
pub fn tidy(at: &Installation, paths: &[PathBuf], check: bool) -> Result<Vec<TidiedFile>, Error> {
    let own = std::slice::from_ref(&at.schedules);
    let mut list = Vec::new();
    for path in if paths.is_empty() { own } else { paths } {
        for source in edit::read(path)? {
            list.push(tidied(source, check)?);
        }
    }
    Ok(list)
}

fn tidied(source: SourceFile, check: bool) -> Result<TidiedFile, Error> {
    let file = source.path.display().to_string();
    let (path, text) = (source.path.clone(), source.text.clone());
    let problems = parse(vec![source], SystemClock.now()).err();
    let (state, untidy) = match edit::tidy(&text) {
        _ if problems.is_some() => ("has problems and is left alone", false),
        Ok(tidy) if tidy == text => ("tidy", false),
        Ok(_) if check => ("would change", true),
        Ok(tidy) => {
            edit::write(&path, &tidy).map_err(|error| unwritten(&path, error))?;
            ("tidied", true)
        }
        Err(error) => {
            let kind = match error {
                NotTidied::Broken(_) => Kind::Usage,
                NotTidied::Different => Kind::Bug,
            };
            return Err(Error::new(kind, format!("{file} is left alone")).because(error));
        }
    };
    Ok(TidiedFile {
        file,
        state,
        untidy,
        problems,
    })
}
