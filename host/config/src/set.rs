//! The schedules of a folder: all right, or every problem of every file at once.
//!
//! Owns: what holds across entries and files, and problems that others find later.
//! Never: keeps a part of what is wrong; a bad file never replaces a good one.
//! Read next: `meant`.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use strongroom_domain::ScheduleName;
use strongroom_domain::schedule::Schedule;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::located::Located;
use crate::meant;
use crate::problems::{Problems, shortened};
use crate::reader::Keys;
use crate::schema::{Table, section};
use crate::source::{self, FILE_LIMIT, SourceFile};
use crate::written::ScheduleWritten;
use crate::{syntax, unknown};

/// The most schedules of a folder: the planner looks at each of them at every due time.
pub const SCHEDULES_LIMIT: usize = 10_000;

/// The schedules of a folder or a file, in the order of the files and their lines.
#[derive(Debug, Clone, Default)]
pub struct ScheduleSet {
    /// Every entry, the disabled ones too.
    pub schedules: Vec<Located>,
    /// What is allowed but probably not meant.
    pub warnings: Diagnostics,
}

/// Reads one schedule file, or every `*.toml` directly in a folder.
///
/// # Errors
/// Every problem of every file, warnings included.
pub fn load(folder_or_file: &Path) -> Result<ScheduleSet, Diagnostics> {
    parse(source::read_all(folder_or_file)?)
}

/// Reads schedule files that are already in memory. Depends on nothing else.
///
/// # Errors
/// Every problem of every file, warnings included.
pub fn parse(files: Vec<SourceFile>) -> Result<ScheduleSet, Diagnostics> {
    let mut schedules = Vec::new();
    let mut problems = Diagnostics::default();
    let mut names = HashMap::new();
    for file in files {
        let mut found = Problems::new(Arc::new(file));
        for entry in entries(&mut found) {
            unique(&entry, &mut names, &mut found);
            schedules.extend(entry.located);
        }
        problems.extend(found.finish());
    }
    if let Some(beyond) = schedules.get(SCHEDULES_LIMIT) {
        let hint = format!("at most {SCHEDULES_LIMIT}; one schedule serves many tenants");
        problems.push(beyond.problem(
            "name",
            format!("there are {} schedules", schedules.len()),
            Some(&hint),
        ));
    }
    if problems.has_errors() {
        Err(problems)
    } else {
        Ok(ScheduleSet {
            schedules,
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

/// An entry: its name, where that stands, and the schedule if nothing of it is wrong.
struct Entry {
    name: Option<(ScheduleName, Range<usize>)>,
    located: Option<Located>,
}

fn unique(
    entry: &Entry,
    names: &mut HashMap<ScheduleName, (Arc<SourceFile>, Range<usize>)>,
    problems: &mut Problems,
) {
    let Some((name, span)) = &entry.name else {
        return;
    };
    if let Some((source, first)) = names.get(name) {
        let message = format!("two schedules are named `{name}`");
        let problem = problems.at(
            span,
            message,
            "runs and snapshots are recorded under the name; give one another name",
        );
        problems.add(problem.noted(source, first.clone(), "the other one"));
    } else {
        names.insert(name.clone(), (Arc::clone(&problems.source), span.clone()));
    }
}

fn entries(problems: &mut Problems) -> Vec<Entry> {
    let source = Arc::clone(&problems.source);
    if source.text.len() > FILE_LIMIT {
        let problem = Diagnostic::of_file(
            &source.path,
            format!("this file is larger than {} KiB", FILE_LIMIT >> 10),
        );
        problems.add(problem.hinted("is it a schedule file? If so, divide it into several"));
        return Vec::new();
    }
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    if !errors.is_empty() {
        // What is left of such a file would be misunderstood: its text is mended first.
        syntax::report(&errors, problems);
        return Vec::new();
    }
    unknown_at_the_top(root.get_ref(), problems);
    let found = match root.get_ref().get("schedule") {
        None => return Vec::new(),
        Some(found) => found,
    };
    let DeValue::Array(list) = found.get_ref() else {
        problems.error(
            &found.span(),
            "`schedule` must be a list of entries",
            "write `[[schedule]]`, with two brackets",
        );
        return Vec::new();
    };
    let ends = list
        .iter()
        .skip(1)
        .map(|next| next.span().start)
        .chain([source.text.len()]);
    list.iter()
        .zip(ends)
        .filter_map(|(entry, end)| read(entry, end, problems))
        .collect()
}

fn unknown_at_the_top(root: &DeTable<'_>, problems: &mut Problems) {
    let file = section(Table::File);
    let mut others: Vec<_> = root
        .keys()
        .filter(|key| file.key(key.get_ref()).is_none())
        .collect();
    others.sort_by_key(|key| key.span().start);
    if others.is_empty() && !root.contains_key("schedule") {
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
        } else if unknown::meant(key.get_ref(), file).is_some() {
            "did you mean `[[schedule]]`?".to_owned()
        } else {
            "everything in a schedule file stands below a line `[[schedule]]`".to_owned()
        };
        problems.error(
            &key.span(),
            format!("`{name}` stands outside of any schedule"),
            hint,
        );
    }
}

fn read(entry: &Spanned<DeValue<'_>>, end: usize, problems: &mut Problems) -> Option<Entry> {
    let span = entry.span();
    let DeValue::Table(table) = entry.get_ref() else {
        problems.error(
            &span,
            "a schedule must be a table",
            "begin it with a line `[[schedule]]`",
        );
        return None;
    };
    let written = ScheduleWritten::read(Keys::of_entry(table, span.clone(), problems));
    let name = written
        .name
        .as_ref()
        .and_then(|at| Some((ScheduleName::new(&at.value).ok()?, at.span.clone())));
    let schedule: Option<Schedule> = meant::schedule(written, &span, problems);
    let located =
        schedule.map(|schedule| Located::new(schedule, &problems.source, span.start..end));
    Some(Entry { name, located })
}
