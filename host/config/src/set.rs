//! The schedules of a folder: all right, or every problem of every file at once.
//!
//! Owns: what holds across entries and files, and problems that others find later.
//! Never: keeps a part of what is wrong; a bad file never replaces a good one.
//! Read next: `meant`.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_domain::ScheduleName;
use strongroom_domain::schedule::Limits;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::across::{self, Places};
use crate::calendars::{self, Calendars};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::located::Located;
use crate::meant::{self, Limit};
use crate::problems::{Problems, shortened};
use crate::reader::Keys;
use crate::schema::{Table, section};
use crate::shared::Shared;
use crate::source::{self, FILE_LIMIT, SourceFile};
use crate::written::{LimitWritten, ScheduleWritten};
use crate::{syntax, unknown};

/// The most schedules of a folder: what one host can hold in its memory with the texts they come from.
pub const SCHEDULES_LIMIT: usize = 1_000_000;

/// The schedules of a folder or a file, in the order of the files and their lines.
#[derive(Debug, Clone, Default)]
pub struct ScheduleSet {
    /// Every entry, the disabled ones too.
    pub schedules: Vec<Located>,
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
    parse(source::read_all(folder_or_file)?, now)
}

/// Reads schedule files that are already in memory, and the calendar files they name from where these are.
///
/// # Errors
/// Every problem of every file, warnings included.
pub fn parse(files: Vec<SourceFile>, now: Timestamp) -> Result<ScheduleSet, Diagnostics> {
    let mut read = Reading {
        calendars: Calendars::new(now),
        shared: Shared::default(),
        schedules: Vec::new(),
        limits: Vec::new(),
        names: Places::new(),
        files: Vec::new(),
    };
    let mut problems = Diagnostics::default();
    for file in files {
        read.files.push(file.absolute());
        let mut found = Problems::new(Arc::new(file));
        read.file(&mut found);
        problems.extend(found.finish());
    }
    across::follow(&read.schedules, &read.names, &mut problems);
    let limits = across::limits(read.limits, &read.schedules, &mut problems);
    problems.extend(too_many(&read.schedules, SCHEDULES_LIMIT));
    let mut files = read.files;
    problems.extend(read.calendars.finish(&mut files));
    if problems.has_errors() {
        Err(problems)
    } else {
        Ok(ScheduleSet {
            schedules: read.schedules,
            limits,
            files,
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

/// What was read so far.
struct Reading {
    calendars: Calendars,
    shared: Shared,
    schedules: Vec<Located>,
    limits: Vec<Limit>,
    names: Places<ScheduleName>,
    files: Vec<PathBuf>,
}

impl Reading {
    fn file(&mut self, problems: &mut Problems) {
        let source = Arc::clone(&problems.source);
        if source.text.len() > FILE_LIMIT {
            let problem = Diagnostic::of_file(
                &source.path,
                format!("this file is larger than {} KiB", FILE_LIMIT >> 10),
            );
            problems.add(problem.hinted("is it a schedule file? If so, divide it into several"));
            return;
        }
        let (root, errors) = DeTable::parse_recoverable(&source.text);
        if !errors.is_empty() {
            // What is left of such a file would be misunderstood: its text is mended first.
            syntax::report(&errors, problems);
            return;
        }
        if calendars::is_one(root.get_ref()) {
            self.calendars.beside_schedules(&source);
            self.files.pop();
            return;
        }
        unknown_at_the_top(root.get_ref(), problems);
        let list = entries("schedule", root.get_ref(), problems);
        let ends = list
            .iter()
            .skip(1)
            .map(|next| next.span().start)
            .chain([source.text.len()]);
        for (entry, end) in list.iter().zip(ends) {
            self.schedule(entry, end, problems);
        }
        for entry in entries("limit", root.get_ref(), problems) {
            let Some(table) = table("limit", entry, problems) else {
                continue;
            };
            let keys = Keys::of_entry(Table::Limit, table, entry.span(), problems);
            let written = LimitWritten::read(keys);
            self.limits
                .extend(meant::limit(&written, &entry.span(), problems));
        }
    }

    fn schedule(&mut self, entry: &Spanned<DeValue<'_>>, end: usize, problems: &mut Problems) {
        let Some(table) = table("schedule", entry, problems) else {
            return;
        };
        let span = entry.span();
        let keys = Keys::of_entry(Table::Schedule, table, span.clone(), problems);
        let written = ScheduleWritten::read(keys);
        if let Some(at) = &written.name
            && let Ok(name) = ScheduleName::new(&at.value)
        {
            self.unique(name, &at.span, problems);
        }
        let (calendars, shared) = (&mut self.calendars, &mut self.shared);
        if let Some(schedule) = meant::schedule(written, &span, calendars, shared, problems) {
            let located = Located::new(schedule, &problems.source, span.start..end);
            self.schedules.push(located);
        }
    }

    fn unique(&mut self, name: ScheduleName, span: &Range<usize>, problems: &mut Problems) {
        if let Some((source, first)) = self.names.get(&name) {
            let problem = problems.at(
                span,
                format!("two schedules are named `{name}`"),
                "runs and snapshots are recorded under the name; give one another name",
            );
            problems.add(problem.noted(source, first.clone(), "the other one"));
        } else {
            let place = (Arc::clone(&problems.source), span.clone());
            self.names.insert(name, place);
        }
    }
}

/// The entries `[[…]]` of a name.
fn entries<'a>(
    name: &str,
    root: &'a DeTable<'a>,
    problems: &mut Problems,
) -> &'a [Spanned<DeValue<'a>>] {
    let Some(found) = root.get(name) else {
        return &[];
    };
    if let DeValue::Array(list) = found.get_ref() {
        return list;
    }
    let message = format!("`{name}` must be a list of entries");
    let hint = format!("write `[[{name}]]`, with two brackets");
    problems.error(&found.span(), message, hint);
    &[]
}

/// The keys of an entry.
fn table<'a>(
    name: &str,
    entry: &'a Spanned<DeValue<'a>>,
    problems: &mut Problems,
) -> Option<&'a DeTable<'a>> {
    if let DeValue::Table(table) = entry.get_ref() {
        return Some(table);
    }
    let message = format!("a {name} must be a table");
    let hint = format!("begin it with a line `[[{name}]]`");
    problems.error(&entry.span(), message, hint);
    None
}

fn unknown_at_the_top(root: &DeTable<'_>, problems: &mut Problems) {
    let file = section(Table::File);
    let mut others: Vec<_> = root
        .keys()
        .filter(|key| file.key(key.get_ref()).is_none())
        .collect();
    others.sort_by_key(|key| key.span().start);
    if others.is_empty() && root.is_empty() {
        let problem = Diagnostic::of_file(&problems.source.path, "this file holds no schedule");
        problems.add(
            problem
                .hinted("a schedule begins with a line `[[schedule]]`")
                .as_warning(),
        );
    }
    let schedule = section(Table::Schedule);
    let mut headless = false;
    for key in others {
        let name = shortened(key.get_ref());
        let hint = if schedule.key(key.get_ref()).is_some() {
            // One missing header makes all of its keys stand outside.
            if std::mem::replace(&mut headless, true) {
                continue;
            }
            "write a line `[[schedule]]` above it".to_owned()
        } else if let Some(meant) = unknown::meant(key.get_ref(), file) {
            format!("did you mean `[[{meant}]]`?")
        } else if calendars::is_key(key.get_ref()) {
            "a calendar is a file of its own, named in `calendars` of `[schedule.blackout]`"
                .to_owned()
        } else {
            "everything in a schedule file stands below a line `[[schedule]]` or `[[limit]]`"
                .to_owned()
        };
        problems.error(
            &key.span(),
            format!("`{name}` stands outside of any schedule"),
            hint,
        );
    }
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
