//! What was read of the files, put together in their order.
//!
//! Owns: names that come twice in different files.
//! Never: reads a file.
//! Read next: `parse_file`, `parallel`, `cross_checks`.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use strongroom_domain::ScheduleName;

use crate::calendars::Calendars;
use crate::diagnostic::Diagnostics;
use crate::located::Located;
use crate::resolved::{Declared, Limit};
use crate::source::SourceFile;

/// What a file holds.
pub(crate) struct ParsedFile {
    pub(crate) schedules: Vec<Located>,
    pub(crate) limits: Vec<Limit>,
    pub(crate) credentials: Vec<Declared>,
    /// Where the names of schedules stand that are wrong themselves.
    pub(crate) wrong: HashMap<ScheduleName, Range<usize>>,
    /// The calendar files that it names.
    pub(crate) calendars: BTreeSet<PathBuf>,
    /// Nothing is to be said of these.
    pub(crate) calendars_are_right: bool,
    /// It is a calendar itself.
    pub(crate) is_calendar: bool,
    pub(crate) problems: Diagnostics,
}

/// What was read so far, in the order of the files.
#[derive(Default)]
pub(crate) struct Merged {
    pub(crate) schedules: Vec<Located>,
    pub(crate) limits: Vec<Limit>,
    pub(crate) credentials: Vec<Declared>,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) problems: Diagnostics,
    /// Where in the list of schedules a name is: of a million, each byte counts.
    pub(crate) right: HashMap<ScheduleName, usize>,
    /// Where the names of schedules stand that are wrong themselves.
    wrong: HashMap<ScheduleName, (Arc<SourceFile>, Range<usize>)>,
}

impl Merged {
    /// Where a name stands.
    pub(crate) fn place(&self, name: &ScheduleName) -> Option<(Arc<SourceFile>, Range<usize>)> {
        let right = self.right.get(name).and_then(|at| self.schedules.get(*at));
        right
            .map(Located::name)
            .or_else(|| self.wrong.get(name).cloned())
    }

    /// Every name, those of wrong schedules too.
    pub(crate) fn names(&self) -> impl Iterator<Item = &ScheduleName> {
        self.right.keys().chain(self.wrong.keys())
    }

    /// Whether no name of a file is known from those before it.
    pub(crate) fn is_apart_from(&self, read: &ParsedFile) -> bool {
        let right = read.schedules.iter().map(|located| &located.schedule.name);
        let unknown = |name| !self.right.contains_key(name) && !self.wrong.contains_key(name);
        right.chain(read.wrong.keys()).all(unknown)
    }

    /// Adds the next file.
    pub(crate) fn take(
        &mut self,
        source: &Arc<SourceFile>,
        read: ParsedFile,
        calendars: &mut Calendars,
    ) {
        if read.is_calendar {
            calendars.beside_schedules(source);
        } else {
            self.files.push(source.absolute());
        }
        calendars.add_used(read.calendars);
        for (name, span) in read.wrong {
            self.wrong.insert(name, (Arc::clone(source), span));
        }
        for located in read.schedules {
            let name = &located.schedule.name;
            // The first one of a name is the one that others are compared with.
            if !self.wrong.contains_key(name) {
                let at = self.schedules.len();
                self.right.entry(name.clone()).or_insert(at);
            }
            self.schedules.push(located);
        }
        self.limits.extend(read.limits);
        self.credentials.extend(read.credentials);
        self.problems.extend(read.problems);
    }
}
