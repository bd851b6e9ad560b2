//! A schedule with its place in a file.
//!
//! Owns: problems that are found after reading: a plugin that is missing, a grant that is not wanted.
//! Never: finds them.
//! Read next: `diagnostic`.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use strongroom_domain::schedule::{OffSite, Schedule};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::source::SourceFile;

/// A schedule and where it was written.
#[derive(Debug, Clone)]
pub struct Located {
    /// What it says, resolved.
    pub schedule: Arc<Schedule>,
    /// Bytes of the entry in the file.
    pub span: Range<usize>,
    source: Arc<SourceFile>,
}

impl Located {
    pub(crate) fn new(schedule: Schedule, source: &Arc<SourceFile>, span: Range<usize>) -> Self {
        Self {
            schedule: Arc::new(schedule),
            span,
            source: Arc::clone(source),
        }
    }

    /// What it is a second shelf of.
    pub(crate) fn off_site(&self) -> Option<&OffSite> {
        self.schedule.off_site()
    }

    /// The file, as it is shown to people.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.source.path
    }

    /// The line of its header, from 1. Counted when asked for: for every entry of a large file it would take minutes.
    #[must_use]
    pub fn line(&self) -> usize {
        self.source.position(self.span.start).0
    }

    /// An error of this schedule, shown at a key: `plugin`, `grants.files.place`, `config.depth`, `config.list.0`; at
    /// the nearest table above if there is no such key.
    #[must_use]
    pub fn problem(&self, key: &str, message: impl Into<String>, hint: Option<&str>) -> Diagnostic {
        let problem = Diagnostic::at(&self.source, self.place(key), message);
        match hint {
            Some(hint) => problem.hinted(hint),
            None => problem,
        }
    }

    /// Where its name stands.
    pub(crate) fn name(&self) -> (Arc<SourceFile>, Range<usize>) {
        (Arc::clone(&self.source), self.place("name"))
    }

    /// A problem with a second place: a key of this schedule.
    #[must_use]
    pub fn noted_at(&self, problem: Diagnostic, key: &str, label: &str) -> Diagnostic {
        problem.noted(&self.source, self.place(key), label)
    }

    /// Looks the key up in the text again: places are wanted rarely, and would cost more memory than the schedules.
    fn place(&self, key: &str) -> Range<usize> {
        let text = self.source.text.get(self.span.clone()).unwrap_or_default();
        let moved = |span: Range<usize>| self.span.start + span.start..self.span.start + span.end;
        let header =
            self.span.start..self.span.start + text.find(['\n', '{']).unwrap_or(text.len());
        // An entry is a document of its own, or a table in braces.
        if text.starts_with('[') {
            let (root, _) = DeTable::parse_recoverable(text);
            let entry = root
                .get_ref()
                .get("schedule")
                .and_then(|list| list.get_ref().get(0));
            entry
                .and_then(|entry| find(entry, key))
                .map_or(header, moved)
        } else {
            let (entry, _) = DeValue::parse_recoverable(text);
            find(&entry, key).map_or(header, moved)
        }
    }
}

/// The place of a dotted key, or of the last table on the way to it.
fn find(entry: &Spanned<DeValue<'_>>, key: &str) -> Option<Range<usize>> {
    let mut found = None;
    let mut value = entry.get_ref();
    let mut rest = key;
    while !rest.is_empty() {
        let (next, after) = step(value, rest)?;
        found = Some(next.span());
        value = next.get_ref();
        rest = after;
        if step(value, rest).is_none() {
            break;
        }
    }
    found
}

/// One step down: the longest beginning of the dotted key that is a key here. Keys may hold dots themselves.
fn step<'v, 'k>(
    value: &'v DeValue<'v>,
    key: &'k str,
) -> Option<(&'v Spanned<DeValue<'v>>, &'k str)> {
    let ends = key.match_indices('.').map(|(at, _)| at).chain([key.len()]);
    ends.rev().find_map(|end| {
        let (first, rest) = key.split_at_checked(end)?;
        let next = match value {
            DeValue::Table(table) => table.get(first)?,
            DeValue::Array(list) => list.get(first.parse::<usize>().ok()?)?,
            _ => return None,
        };
        Some((next, rest.strip_prefix('.').unwrap_or(rest)))
    })
}
