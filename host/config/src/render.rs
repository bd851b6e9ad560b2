//! Problems as text for a terminal or a log.
//!
//! Owns: the layout, and making foreign text harmless to a terminal.
//! Never: words of its own beside the last line.
//! Read next: `diagnostic`.

use std::fmt::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::source::SourceFile;

/// The most problems shown: more is not read, and the first ones usually explain the others. JSON has all of them.
const SHOWN: usize = 100;

/// The most of one line that is shown, in bytes, each side of the place.
const LINE_LIMIT: usize = 400;

impl Diagnostics {
    /// The text for a person: every problem with its line, a caret under the place, and a hint.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut text = String::new();
        for problem in self.iter().take(SHOWN) {
            text.push_str(&renderer.render(&[group(problem)]));
            text.push_str("\n\n");
        }
        if let Some(more) = self.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            // Writing to a string cannot fail.
            let _written = writeln!(text, "… and {more} more; mend these first\n");
        }
        text.truncate(text.trim_end().len());
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

fn group(problem: &Diagnostic) -> Group<'static> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(harmless(&problem.message)));
    group = match problem.place() {
        None => group.element(Origin::path(harmless(&problem.file().to_string_lossy()))),
        Some((source, span)) => {
            // Notes in the lines of the same file join one picture; the others get their own.
            let near = |other: &Arc<SourceFile>| Arc::ptr_eq(source, other);
            let notes: Vec<_> = problem
                .notes
                .iter()
                .filter(|n| near(&n.source))
                .map(|n| (n.span.clone(), n.label.clone()))
                .collect();
            group.elements(snippets(source, span, &notes))
        }
    };
    for note in &problem.notes {
        if problem
            .place()
            .is_none_or(|(source, _)| !Arc::ptr_eq(source, &note.source))
        {
            let window = window(&note.source, &note.span);
            let mark = window
                .mark(AnnotationKind::Context, &note.span)
                .label(harmless(&note.label));
            group = group.element(window.snippet(&note.source).annotation(mark));
        }
    }
    match &problem.hint {
        Some(hint) => group.element(Level::HELP.message(harmless(hint))),
        None => group,
    }
}

fn snippets(
    source: &Arc<SourceFile>,
    span: &Range<usize>,
    notes: &[(Range<usize>, String)],
) -> Vec<Snippet<'static, Annotation<'static>>> {
    let whole = notes.iter().fold(span.clone(), |all, (note, _)| {
        all.start.min(note.start)..all.end.max(note.end)
    });
    let together = window(source, &whole);
    if together.whole_lines && whole.len() <= LINE_LIMIT * 8 {
        let marks = notes
            .iter()
            .map(|(note, label)| {
                together
                    .mark(AnnotationKind::Context, note)
                    .label(harmless(label))
            })
            .chain([together.mark(AnnotationKind::Primary, span)]);
        return vec![together.snippet(source).annotations(marks)];
    }
    let alone = window(source, span);
    let first = alone
        .snippet(source)
        .annotation(alone.mark(AnnotationKind::Primary, span));
    let others = notes.iter().map(|(note, label)| {
        let window = window(source, note);
        window.snippet(source).annotation(
            window
                .mark(AnnotationKind::Context, note)
                .label(harmless(label)),
        )
    });
    [first].into_iter().chain(others).collect()
}

/// A part of a file that is small enough to be laid out, in whole lines where they are short.
struct Window {
    bytes: Range<usize>,
    line: usize,
    whole_lines: bool,
    text: String,
}

impl Window {
    fn mark(&self, kind: AnnotationKind, span: &Range<usize>) -> Annotation<'static> {
        let inside = |at: usize| floor(&self.text, at.saturating_sub(self.bytes.start));
        let start = inside(span.start);
        let end = inside(span.end).max(start);
        // A place that goes over lines is shown by its first line.
        let line = self
            .text
            .get(start..end)
            .and_then(|text| text.find('\n'))
            .map_or(end, |at| start + at);
        kind.span(start..line)
    }

    fn snippet(&self, source: &SourceFile) -> Snippet<'static, Annotation<'static>> {
        Snippet::source(self.text.clone())
            .line_start(self.line)
            .path(harmless(&source.path.to_string_lossy()))
    }
}

/// The lines of a span, or a cut-out where a line is very long: laying out costs time by the length of the text.
fn window(source: &SourceFile, span: &Range<usize>) -> Window {
    let text = source.text.as_str();
    let start = floor(text, span.start);
    let end = floor(text, span.end).max(start);
    let line_start = text
        .get(..start)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |at| at + 1);
    let line_end = text
        .get(end..)
        .and_then(|after| after.find('\n'))
        .map_or(text.len(), |at| end + at);
    let from = line_start.max(floor(text, start.saturating_sub(LINE_LIMIT)));
    let to = line_end.min(floor(text, end.saturating_add(LINE_LIMIT)));
    Window {
        bytes: from..to,
        line: source.position(from).0,
        whole_lines: from == line_start && to == line_end,
        text: text
            .get(from..to)
            .unwrap_or_default()
            .trim_end_matches('\r')
            .to_owned(),
    }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// Escapes what a terminal would obey or a reader would not see.
fn harmless(text: &str) -> String {
    let bad = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if bad(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Arc<SourceFile> {
        Arc::new(SourceFile {
            path: "a.toml".into(),
            folder: "/".into(),
            text: text.into(),
        })
    }

    #[test]
    fn foreign_text_cannot_reach_the_terminal() {
        let source = source("name = \"\u{1b}[2J\u{202e}\"\r\n");
        let problem = Diagnostic::at(&source, 7..15, "\u{1b}[2J is no name").hinted("\u{202e}");
        let text = Diagnostics::from(problem).render(false);
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{text:?}");
        assert!(text.contains("\\u{1b}[2J is no name"), "{text}");
    }

    #[test]
    fn a_very_long_line_and_very_many_problems_are_shown_in_part() {
        let source = source(&"x".repeat(1 << 20));
        let many: Diagnostics = (0..1_000)
            .map(|at| Diagnostic::at(&source, at * 1_000..at * 1_000 + 1, "x is wrong"))
            .collect();
        let text = many.render(false);
        assert!(text.len() < 100_000, "{}", text.len());
        assert_eq!(text.matches("x is wrong").count(), SHOWN);
        assert!(
            text.ends_with("… and 900 more; mend these first\n"),
            "{text}"
        );
    }

    #[test]
    fn color_is_only_there_when_asked_for() {
        let problems = Diagnostics::from(Diagnostic::at(&source("a = 1"), 0..1, "a is wrong"));
        assert!(problems.render(true).contains('\u{1b}'));
        assert!(!problems.render(false).contains('\u{1b}'));
    }

    #[test]
    fn any_span_is_shown_without_panic() {
        let source = source("ä\n\nb");
        for start in 0..8 {
            for end in 0..8 {
                let problem =
                    Diagnostic::at(&source, start..end, "wrong").noted(&source, end..start, "here");
                assert!(
                    Diagnostics::from(problem)
                        .render(false)
                        .starts_with("error: wrong")
                );
            }
        }
    }
}
