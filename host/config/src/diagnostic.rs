//! A problem in a schedule file, shown to a person or a program.
//!
//! Owns: what a problem consists of.
//! Never: finds problems; text of them (`render`).
//! Read next: `render`, `set`.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::source::SourceFile;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The file is not used.
    Error,
    /// The file is used; a person should look.
    Warning,
}

/// A second place that belongs to a problem, with a few words.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub(crate) source: Arc<SourceFile>,
    pub(crate) span: Range<usize>,
    pub(crate) label: String,
}

/// One problem: a sentence, where it is, and what to do.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// What to type, or where to look.
    pub hint: Option<String>,
    file: PathBuf,
    place: Option<(Arc<SourceFile>, Range<usize>)>,
    pub(crate) notes: Vec<Note>,
}

impl Diagnostic {
    /// An error of a whole file or folder.
    #[must_use]
    pub fn of_file(file: &Path, message: impl Into<String>) -> Self {
        let (file, message) = (file.to_owned(), message.into());
        Self {
            severity: Severity::Error,
            message,
            hint: None,
            file,
            place: None,
            notes: Vec::new(),
        }
    }

    /// An error at bytes of a file.
    #[must_use]
    pub fn at(source: &Arc<SourceFile>, span: Range<usize>, message: impl Into<String>) -> Self {
        let mut new = Self::of_file(&source.path, message);
        new.place = Some((Arc::clone(source), span));
        new
    }

    /// The same with a hint.
    #[must_use]
    pub fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same as a warning.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same with a second place.
    #[must_use]
    pub(crate) fn noted(
        mut self,
        source: &Arc<SourceFile>,
        span: Range<usize>,
        label: &str,
    ) -> Self {
        self.notes.push(Note {
            source: Arc::clone(source),
            span,
            label: label.to_owned(),
        });
        self
    }

    /// The file, as it is shown to people.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Line and column, both counted from 1; none for a whole file.
    #[must_use]
    pub fn position(&self) -> Option<(usize, usize)> {
        self.place
            .as_ref()
            .map(|(source, span)| source.position(span.start))
    }

    pub(crate) fn place(&self) -> Option<(&Arc<SourceFile>, &Range<usize>)> {
        self.place.as_ref().map(|(source, span)| (source, span))
    }
}

impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let position = self.position();
        let mut out = serializer.serialize_struct("Diagnostic", 6)?;
        out.serialize_field("file", &self.file.to_string_lossy())?;
        out.serialize_field("line", &position.map(|(line, _)| line))?;
        out.serialize_field("column", &position.map(|(_, column)| column))?;
        out.serialize_field("severity", &self.severity)?;
        out.serialize_field("message", &self.message)?;
        out.serialize_field("hint", &self.hint)?;
        out.end()
    }
}

/// Problems, in the order of files and lines. As JSON: a list.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds a problem at the end.
    pub fn push(&mut self, problem: Diagnostic) {
        self.0.push(problem);
    }

    /// Every problem.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    /// Puts the problems of one file together, in the order of its lines.
    pub(crate) fn sort(&mut self) {
        self.0.sort_by_cached_key(|problem| {
            (
                problem.file.clone(),
                problem.place.as_ref().map(|(_, span)| span.start),
                problem.severity,
            )
        });
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(problem: Diagnostic) -> Self {
        Self(vec![problem])
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, problems: T) {
        self.0.extend(problems);
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<T: IntoIterator<Item = Diagnostic>>(problems: T) -> Self {
        Self(problems.into_iter().collect())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
