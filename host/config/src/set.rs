//! The schedules of a folder: all right, or every problem of every file at once.
//!
//! Owns: the ways in.
//! Never: keeps a part of what is wrong; a bad file never replaces a good one.
//! Read next: `parallel`, `parse_file`, `resolved`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use strongroom_domain::CredentialName;
use strongroom_domain::schedule::Limits;

use crate::cross_checks;
use crate::cross_checks::{drills, off_site, swaps};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::files;
use crate::located::Located;
use crate::parallel;
use crate::resolved::Declared;
use crate::source::SourceFile;

/// The most schedules of a folder: what one host can hold in its memory with the texts they come from.
pub const SCHEDULES_LIMIT: usize = 1_000_000;

/// The schedules of a folder or a file, in the order of the files and their lines.
#[derive(Debug, Clone, Default)]
pub struct ScheduleSet {
    /// Every entry, the disabled ones too.
    pub schedules: Vec<Located>,
    /// How the host proves who it is, by name.
    pub credentials: BTreeMap<CredentialName, Declared>,
    /// How many runs go on at the same time.
    pub limits: Limits,
    /// Every file that was read, absolute: the schedule files, then the calendars they name. If one of them changes, the
    /// set may be another one.
    pub files: Vec<PathBuf>,
    /// What is allowed but probably not meant.
    pub warnings: Diagnostics,
}

/// Reads one schedule file, or every `*.toml` directly in a folder, and the calendar files they name. `now` decides what
/// is said of blackouts (whether they leave anything to run, whether a calendar is over), and nothing else.
///
/// # Errors
/// Every problem of every file, warnings included.
pub fn load(folder_or_file: &Path, now: Timestamp) -> Result<ScheduleSet, Diagnostics> {
    parse(files::read_all(folder_or_file)?, now)
}

/// Reads schedule files that are already in memory, and the calendar files they name from where these are.
///
/// # Errors
/// Every problem of every file, warnings included.
pub fn parse(files: Vec<SourceFile>, now: Timestamp) -> Result<ScheduleSet, Diagnostics> {
    let (mut read, calendars) = parallel::read(files, now);
    let mut problems = std::mem::take(&mut read.problems);
    swaps::resolve(&mut read, &mut problems);
    drills::complete(&mut read, &mut problems);
    cross_checks::follow(&read, &mut problems);
    off_site::look(&read, &mut problems);
    let limits = cross_checks::limits(read.limits, &read.schedules, &mut problems);
    let credentials = cross_checks::credentials(read.credentials, &read.schedules, &mut problems);
    problems.extend(too_many(&read.schedules, SCHEDULES_LIMIT));
    problems.extend(calendars.finish(&mut read.files));
    if problems.has_errors() {
        Err(problems)
    } else {
        Ok(ScheduleSet {
            schedules: read.schedules,
            limits,
            credentials,
            files: read.files,
            warnings: problems,
        })
    }
}

impl ScheduleSet {
    /// The schedule of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Located> {
        self.schedules
            .iter()
            .find(|located| located.schedule.name.as_str() == name)
    }
}

fn too_many(schedules: &[Located], limit: usize) -> Option<Diagnostic> {
    let beyond = schedules.get(limit)?;
    let hint = format!("at most {limit}; one schedule serves many tenants");
    let message = format!("there are {} schedules", schedules.len());
    Some(beyond.problem("name", message, Some(&hint)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_schedule_beyond_the_limit_is_shown() {
        let entry = |name: &str| {
            format!("[[schedule]]\nname=\"{name}\"\nplugin=\"p\"\nevery=\"1h\"\ntenants=[\"t\"]\n")
        };
        let source = SourceFile {
            path: "a.toml".into(),
            folder: "/".into(),
            text: entry("one") + &entry("two"),
        };
        let set = parse(vec![source], Timestamp::UNIX_EPOCH).unwrap();
        assert!(too_many(&set.schedules, 2).is_none());
        let problem = too_many(&set.schedules, 1).unwrap();
        assert_eq!(problem.message, "there are 2 schedules");
        assert_eq!(problem.position(), Some((7, 6)));
    }
}
