//! The problems of one file while it is read.
//!
//! Owns: how many are kept.
//! Never: the text of a problem.
//! Read next: `diagnostic`.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::section::Key;
use crate::source::SourceFile;

/// The most problems kept for one file: beyond that it is another kind of file, and each one costs memory.
pub(crate) const PROBLEMS_LIMIT: usize = 100;

/// Problems of one file, with the file at hand.
#[derive(Debug)]
pub(crate) struct Problems {
    pub(crate) source: Arc<SourceFile>,
    /// Where in the file the text begins that is read.
    begin: usize,
    kept: Diagnostics,
    dropped: usize,
    errors: usize,
}

impl Problems {
    pub(crate) fn new(source: Arc<SourceFile>) -> Self {
        Self {
            source,
            begin: 0,
            kept: Diagnostics::default(),
            dropped: 0,
            errors: 0,
        }
    }

    /// From now on, a text is read that begins at this byte of the file.
    pub(crate) fn begins_at(&mut self, begin: usize) {
        self.begin = begin;
    }

    /// The place in the file of a place in the text that is read.
    pub(crate) fn placed(&self, span: Range<usize>) -> Range<usize> {
        self.begin + span.start..self.begin + span.end
    }

    /// Records an error; the hint may be empty.
    pub(crate) fn error(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.add(self.at(span, message, hint));
    }

    /// Records a warning; the hint may be empty.
    pub(crate) fn warning(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.add(self.at(span, message, hint).as_warning());
    }

    /// Records that something lacks a key.
    pub(crate) fn missing(&mut self, what: &str, key: &Key, span: &Range<usize>) {
        let line = key.short_line().unwrap_or_default();
        let message = format!("{what} has no `{}`", key.name);
        self.error(span, message, format!("add a line such as `{line}`"));
    }

    /// Makes an error without recording it; the hint may be empty.
    pub(crate) fn at(
        &self,
        span: &Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Diagnostic {
        let problem = Diagnostic::at(&self.source, span.clone(), message);
        let hint = hint.into();
        if hint.is_empty() {
            problem
        } else {
            problem.hinted(hint)
        }
    }

    pub(crate) fn add(&mut self, problem: Diagnostic) {
        if problem.severity == Severity::Error {
            self.errors += 1;
        }
        if self.kept.len() < PROBLEMS_LIMIT {
            self.kept.push(problem);
        } else {
            self.dropped += 1;
        }
    }

    /// Whether there is none so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How many errors there are so far.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// Everything recorded, in the order of the lines.
    pub(crate) fn finish(self) -> Diagnostics {
        let mut kept = self.kept;
        kept.sort();
        if self.dropped > 0 {
            let message = format!("this file has {} more problems", self.dropped);
            kept.push(
                Diagnostic::of_file(&self.source.path, message).hinted("mend the ones above first"),
            );
        }
        kept
    }
}

/// Foreign text inside a sentence, cut where the sentence would become unreadable.
pub(crate) fn shortened(text: &str) -> String {
    const LIMIT: usize = 60;
    match text.char_indices().nth(LIMIT) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
