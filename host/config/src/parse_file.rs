//! One schedule file, read on its own: several are read at the same time.
//!
//! Owns: the entries of a file, and names that come twice in it.
//! Never: keeps a part of what is wrong.
//! Read next: `resolved`, `merge`.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_domain::ScheduleName;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::calendars::{self, Calendars};
use crate::diagnostic::Diagnostic;
use crate::files::FILE_LIMIT;
use crate::interner::Interner;
use crate::located::Located;
use crate::merge::{Merged, ParsedFile};
use crate::problems::Problems;
use crate::raw::RawSchedule;
use crate::reader::{Entry, entries, entry};
use crate::resolved::{self, Declared, Limit};
use crate::source::SourceFile;
use crate::syntax;
use crate::top_level;

/// How much text is parsed at once: parsed TOML takes twenty times the memory of its text.
const PIECE: usize = 16 << 10;

/// Reads files one by one; what they have alike is kept once.
pub(crate) struct FileParser {
    pub(crate) calendars: Calendars,
    interner: Interner,
}

/// A file, being read.
struct FileDraft<'a> {
    /// What the files before it hold.
    before: &'a Merged,
    schedules: Vec<Located>,
    limits: Vec<Limit>,
    credentials: Vec<Declared>,
    /// Where in the list of schedules a name is.
    right: HashMap<ScheduleName, usize>,
    wrong: HashMap<ScheduleName, Range<usize>>,
    is_calendar: bool,
    problems: Problems,
}

impl FileParser {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            calendars: Calendars::new(now),
            interner: Interner::default(),
        }
    }

    /// Reads a file as if there were no other.
    pub(crate) fn alone(&mut self, source: &Arc<SourceFile>) -> ParsedFile {
        let before = Merged::default();
        if source.text.len() > PIECE && source.text.len() <= FILE_LIMIT {
            if let Some(found) = self.in_pieces(FileDraft::new(source, &before)) {
                return found.finish(&mut self.calendars);
            }
            self.calendars.take_used();
        }
        self.after(source, &before)
    }

    /// Reads a file that comes after others.
    pub(crate) fn after(&mut self, source: &Arc<SourceFile>, before: &Merged) -> ParsedFile {
        let mut found = FileDraft::new(source, before);
        self.whole(&mut found);
        found.finish(&mut self.calendars)
    }

    /// Reads a file that holds nothing but entries `[[schedule]]`, a few at a time: it is the same as reading it whole.
    /// `None`: there is something else in it, or it is no TOML.
    fn in_pieces<'a>(&mut self, mut found: FileDraft<'a>) -> Option<FileDraft<'a>> {
        let source = Arc::clone(&found.problems.source);
        for piece in pieces(&source.text) {
            let text = source.text.get(piece.clone())?;
            let root = DeTable::parse(text).ok()?;
            let DeValue::Array(list) = root.get_ref().get("schedule")?.get_ref() else {
                return None;
            };
            // The list of an earlier line `schedule = [...]` cannot be gone on with.
            let goes_on = |entry: &Spanned<DeValue<'_>>| {
                let text = text.get(entry.span()).unwrap_or_default();
                text.starts_with('[') && matches!(entry.get_ref(), DeValue::Table(_))
            };
            if root.get_ref().len() > 1 || !list.iter().all(goes_on) {
                return None;
            }
            found.problems.begins_at(piece.start);
            let list = entries("schedule", root.get_ref(), &mut found.problems);
            self.schedules(&list, piece.end, &mut found);
        }
        Some(found)
    }

    #[cfg(test)]
    pub(crate) fn can_be_cut(&mut self, source: &Arc<SourceFile>) -> bool {
        let before = Merged::default();
        self.in_pieces(FileDraft::new(source, &before)).is_some()
    }

    fn whole(&mut self, found: &mut FileDraft<'_>) {
        let source = Arc::clone(&found.problems.source);
        if source.text.len() > FILE_LIMIT {
            let problem = Diagnostic::of_file(
                &source.path,
                format!("this file is larger than {} KiB", FILE_LIMIT >> 10),
            );
            let hint = "is it a schedule file? If so, divide it into several";
            found.problems.add(problem.hinted(hint));
            return;
        }
        let (root, errors) = DeTable::parse_recoverable(&source.text);
        let root = root.get_ref();
        if !errors.is_empty() {
            // What is left of such a file would be misunderstood: its text is mended first.
            syntax::report(&errors, &mut found.problems);
            return;
        }
        if calendars::is_one(root) {
            found.is_calendar = true;
            return;
        }
        let problems = &mut found.problems;
        top_level::report(root, problems);
        let schedules = entries("schedule", root, problems);
        self.schedules(&schedules, source.text.len(), found);
        let problems = &mut found.problems;
        for (table, span) in entries("limit", root, problems) {
            let raw = entry(table, problems);
            found.limits.extend(resolved::limit(&raw, &span, problems));
        }
        for (table, span) in entries("credential", root, problems) {
            let raw = entry(table, problems);
            (found.credentials).extend(resolved::credential(&raw, &span, problems));
        }
    }

    /// Reads the entries of a text that ends at `end`.
    fn schedules(&mut self, list: &[Entry<'_>], end: usize, found: &mut FileDraft<'_>) {
        for (at, (table, span)) in list.iter().enumerate() {
            let end = list.get(at + 1).map_or(end, |(_, next)| next.start);
            self.schedule(table, span, end, found);
        }
    }

    fn schedule(
        &mut self,
        table: &DeTable<'_>,
        span: &Range<usize>,
        end: usize,
        found: &mut FileDraft<'_>,
    ) {
        let raw: RawSchedule = entry(table, &mut found.problems);
        let at = raw.name.as_ref();
        let named = at.and_then(|at| Some((ScheduleName::new(&at.value).ok()?, at.span.clone())));
        let is_first = named
            .as_ref()
            .is_some_and(|(name, span)| found.is_first(name, span));
        let name = named.as_ref().map(|(name, _)| name.clone());
        let (calendars, interner) = (&mut self.calendars, &mut self.interner);
        let problems = &mut found.problems;
        let schedule = resolved::schedule(raw, name, span, calendars, interner, problems);
        match named.filter(|_| is_first) {
            Some((name, _)) if schedule.is_some() => {
                found.right.insert(name, found.schedules.len());
            }
            Some((name, span)) => {
                found.wrong.insert(name, span);
            }
            None => {}
        }
        if let Some(schedule) = schedule {
            let located = Located::new(schedule, &found.problems.source, span.start..end);
            found.schedules.push(located);
        }
    }
}

impl<'a> FileDraft<'a> {
    fn new(source: &Arc<SourceFile>, before: &'a Merged) -> Self {
        Self {
            before,
            schedules: Vec::new(),
            limits: Vec::new(),
            credentials: Vec::new(),
            right: HashMap::new(),
            wrong: HashMap::new(),
            is_calendar: false,
            problems: Problems::new(Arc::clone(source)),
        }
    }

    /// Whether no other schedule has the name; else that is reported.
    fn is_first(&mut self, name: &ScheduleName, span: &Range<usize>) -> bool {
        let right = self.right.get(name).and_then(|at| self.schedules.get(*at));
        let here = right.map(Located::name).or_else(|| {
            let span = self.wrong.get(name)?.clone();
            Some((Arc::clone(&self.problems.source), span))
        });
        let Some((source, first)) = self.before.place(name).or(here) else {
            return true;
        };
        let problem = self.problems.at(
            span,
            format!("two schedules are named `{name}`"),
            "runs and snapshots are recorded under the name; give one another name",
        );
        let problem = problem.noted(&source, first, "the other one");
        self.problems.add(problem);
        false
    }

    fn finish(mut self, calendars: &mut Calendars) -> ParsedFile {
        let used = calendars.take_used();
        // It is kept, and grew by doubling.
        self.schedules.shrink_to_fit();
        ParsedFile {
            schedules: self.schedules,
            limits: self.limits,
            credentials: self.credentials,
            wrong: self.wrong,
            calendars_are_right: calendars.are_right(&used),
            calendars: used,
            is_calendar: self.is_calendar,
            problems: self.problems.finish(),
        }
    }
}

/// Cuts a text before lines `[[schedule]]`. The first piece holds at least one such line, the others begin with one.
fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices("\n[[schedule]]").skip(1) {
        if at + 1 - start >= PIECE {
            pieces.push(start..at + 1);
            start = at + 1;
        }
    }
    pieces.push(start..text.len());
    pieces
}
