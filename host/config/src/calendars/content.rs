//! The lines of an iCalendar file: `NAME;PARAMETER=value:value`, long ones folded over several (RFC 5545, 3.1).
//!
//! Owns: unfolding, and the place of each line.
//! Never: what a name means.
//! Read next: `ics`.

use std::ops::Range;

/// A line, unfolded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// In capital letters.
    pub(super) name: String,
    /// Names in capital letters, values without their quotes.
    pub(super) parameters: Vec<(String, String)>,
    /// Not yet unescaped.
    pub(super) value: String,
    /// Its first line in the file.
    pub(super) span: Range<usize>,
}

impl Line {
    /// The value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The value as text: `\n`, `\,`, `\;` and `\\` stand for themselves.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut chars = self.value.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => text.extend(
                    chars
                        .next()
                        .map(|c| if matches!(c, 'n' | 'N') { ' ' } else { c }),
                ),
                c => text.push(c),
            }
        }
        text.trim().to_owned()
    }
}

/// Every line, or the place of what is none.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<Line, Range<usize>>> {
    unfolded(text)
        .into_iter()
        .filter(|(line, _)| !line.trim().is_empty())
        .map(|(line, span)| parse(&line, span.clone()).ok_or(span))
}

fn unfolded(text: &str) -> Vec<(String, Range<usize>)> {
    let mut lines: Vec<(String, Range<usize>)> = Vec::new();
    let mut start = 0;
    for raw in text.split_inclusive('\n') {
        let line = raw.trim_end_matches(['\r', '\n']);
        let continued = line.strip_prefix([' ', '\t']);
        match (continued, lines.last_mut()) {
            (Some(rest), Some((last, _))) => last.push_str(rest),
            _ => {
                let line = line.strip_prefix('\u{feff}').unwrap_or(line);
                lines.push((line.to_owned(), start..start + raw.trim_end().len()));
            }
        }
        start += raw.len();
    }
    lines
}

fn parse(line: &str, span: Range<usize>) -> Option<Line> {
    let name_end = line.find([';', ':'])?;
    let (name, mut rest) = line.split_at_checked(name_end)?;
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || !name.chars().all(good) {
        return None;
    }
    let mut parameters = Vec::new();
    while let Some(parameter) = rest.strip_prefix(';') {
        let (key, after) = parameter.split_once('=')?;
        let mut quoted = false;
        let end = after.find(|c| {
            quoted ^= c == '"';
            !quoted && matches!(c, ';' | ':')
        })?;
        let (value, after) = after.split_at_checked(end)?;
        parameters.push((key.to_ascii_uppercase(), value.replace('"', "")));
        rest = after;
    }
    Some(Line {
        name: name.to_ascii_uppercase(),
        parameters,
        value: rest.strip_prefix(':')?.to_owned(),
        span,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_unfolded_and_keep_their_place() {
        let text =
            "BEGIN:VEVENT\r\nsummary;x=\"a:b;c\";Y=1:one\r\n  two\\, th\r\n\tree\r\nnot a line\r\n";
        let found: Vec<_> = lines(text).collect();
        let summary = found[1].clone().unwrap();
        assert_eq!(summary.name, "SUMMARY");
        assert_eq!(summary.parameter("X"), Some("a:b;c"));
        assert_eq!(summary.text(), "one two, three");
        assert!(text[summary.span].starts_with("summary"));
        assert_eq!(found[2], Err(text.find("not").unwrap()..text.len() - 2));
    }
}
