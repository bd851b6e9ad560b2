//! `strongroom schedule`: new entries, and files that stay tidy; here is what is asked and shown.

mod new;
mod questions;

use std::path::PathBuf;

use strongroom_app::schedule_files::tidy;

use super::*;
use crate::arguments::ScheduleCommand;

pub(super) fn run(at: &Installation, json: bool, command: &ScheduleCommand) -> Result<u8, Error> {
    match command {
        ScheduleCommand::New(options) => new::run(at, json, options),
        ScheduleCommand::Fmt { paths, check } => fmt(at, json, paths, *check),
    }
}

fn fmt(at: &Installation, json: bool, paths: &[PathBuf], check: bool) -> Result<u8, Error> {
    let list = tidy(at, paths, check)?;
    let problems = list.iter().filter_map(|one| one.problems.as_ref());
    problems.for_each(print::diagnostics);
    let wrong = list.iter().any(|one| one.problems.is_some());
    let untidy = list.iter().any(|one| one.untidy);
    print::result(json, &list, || {
        for one in &list {
            if one.untidy || one.problems.is_some() {
                out!("{}: {}", one.file, one.state);
            }
        }
        match (wrong || untidy, list.len()) {
            (true, _) => {}
            (false, 1) => out!("1 file is tidy."),
            (false, _) => out!("All files are tidy."),
        }
    })?;
    Ok(match (wrong, check && untidy) {
        (true, _) => EXIT_USAGE,
        (false, true) => EXIT_FAILED,
        (false, false) => 0,
    })
}
