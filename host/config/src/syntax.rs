//! Text that is not TOML.
//!
//! Owns: plain words and hints for the usual slips.
//! Never: the grammar; the TOML reader has it.
//! Read next: `set`.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::problems::{Problems, shortened};

/// The most that are reported: after the first few, the reader is lost and so is the person.
const SHOWN: usize = 5;

/// The most that are looked at to find them: a damaged file can have one for every byte.
const LOOKED_AT: usize = 200;

/// What the TOML reader says, what we say, and what to do.
const SLIPS: [(&str, &str, &str); 10] = [
    (
        "invalid boolean",
        "this is neither `true` nor `false`",
        "write `true` or `false`, in lower case",
    ),
    (
        "invalid basic string",
        "the quotes are not closed",
        "add the missing quote at the end of the text",
    ),
    (
        "invalid literal string",
        "the quotes are not closed",
        "add the missing quote at the end of the text",
    ),
    (
        "missing escaped value",
        "a backslash has a meaning of its own between double quotes",
        r"put the text between single quotes, as in `'a\b'`, or write two backslashes",
    ),
    (
        "unclosed table",
        "this line is not closed",
        "end it with `]`",
    ),
    (
        "unclosed array table",
        "this line is not closed",
        "end it with `]]`",
    ),
    (
        "key with no value",
        "`=` and a value are missing",
        "every line has the form `key = value`",
    ),
    (
        "invalid datetime",
        "this is not a date or a time",
        "put a text between quotes, as in `timezone = \"-03:00\"`",
    ),
    (
        "missing value for key",
        "a value is missing",
        "write it after `=`, or remove the line",
    ),
    (
        "invalid unquoted key",
        "this cannot be a key",
        "keys consist of letters, digits, `-` and `_`",
    ),
];

/// What to say of one slip.
struct Advice {
    message: String,
    hint: String,
    /// What follows would only be an echo.
    last: bool,
    /// Where the list begins whose end is missing.
    list: Option<Range<usize>>,
}

/// Reports what the TOML reader says.
pub(crate) fn report(errors: &[toml::de::Error], problems: &mut Problems) {
    let mut lines = BTreeSet::new();
    let errors = errors.iter().take(LOOKED_AT);
    let mut errors: Vec<_> = errors
        .map(|error| (error.span().unwrap_or_default(), error.message()))
        .collect();
    errors.sort_by_key(|(span, _)| span.start);
    for (span, said) in errors {
        let (line, _) = problems.source.position(span.start);
        // Further errors of a line follow from its first.
        if lines.len() == SHOWN || !lines.insert(line) {
            continue;
        }
        let advice = advice(said, &span, &problems.source.text);
        let mut problem = problems.at(&span, advice.message, advice.hint);
        if let Some(list) = advice.list {
            problem = problem.noted(&problems.source, list, "the list begins here");
        }
        problems.add(problem);
        if advice.last {
            return;
        }
    }
}

fn advice(said: &str, span: &Range<usize>, text: &str) -> Advice {
    let line = line(text, span.start);
    let found = text.get(span.clone()).unwrap_or_default();
    let new = |message: String, hint: String, last: bool| Advice {
        message,
        hint,
        last,
        list: None,
    };
    if ["<<<<<<<", "=======", ">>>>>>>"]
        .iter()
        .any(|mark| line.starts_with(mark))
    {
        let message = "a merge conflict was left in this file".to_owned();
        return new(
            message,
            "decide for one side, and remove the three marks".to_owned(),
            true,
        );
    }
    if looks_like_yaml(line) {
        let hint =
            "schedule files are TOML: `[[schedule]]` on a line, then `name = \"acme-daily\"`";
        return new("this looks like YAML".to_owned(), hint.to_owned(), true);
    }
    let kind = match said.split(", expected").next().unwrap_or(said) {
        "string values must be quoted" if found.is_empty() => "missing value for key",
        kind => kind,
    };
    if let Some((_, message, hint)) = SLIPS.iter().find(|(slip, _, _)| *slip == kind) {
        return new((*message).to_owned(), (*hint).to_owned(), false);
    }
    match kind {
        "duplicate key" => {
            let message = format!("`{}` is written a second time", shortened(found));
            new(
                message,
                "keep one of the two; a line `[[schedule]]` begins another schedule".to_owned(),
                false,
            )
        }
        "string values must be quoted" => new(
            "this text is not between straight quotes".to_owned(),
            quoted(found),
            false,
        ),
        "missing comma between array elements" | "unclosed array" => Advice {
            message: "a comma or the end of the list is missing".to_owned(),
            hint: "write `[\"acme\", \"globex\"]`: commas between, `]` at the end".to_owned(),
            last: true,
            list: list(text, span.start),
        },
        _ => {
            let hint = "every line has the form `key = value` or `[table]`".to_owned();
            new(format!("this is not TOML: {said}"), hint, false)
        }
    }
}

/// What to write instead of a word without quotes.
fn quoted(found: &str) -> String {
    match found {
        "yes" | "no" | "on" | "off" | "TRUE" | "FALSE" => "write `true` or `false`".to_owned(),
        _ => {
            let word = found.trim_matches(['“', '”', '„', '‘', '’', '`', ' ']);
            format!("write `\"{}\"`", shortened(word))
        }
    }
}

/// The bracket that opened the list of a place, if it stands in an earlier line.
fn list(text: &str, at: usize) -> Option<Range<usize>> {
    let before = text.get(..at)?;
    let assigned = before.rfind('=')?;
    let open = assigned + before.get(assigned..)?.find('[')?;
    before.get(open..)?.contains('\n').then_some(open..open + 1)
}

fn line(text: &str, at: usize) -> &str {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = at + after.find('\n').unwrap_or(after.len());
    text.get(start..end).unwrap_or_default()
}

fn looks_like_yaml(line: &str) -> bool {
    let key = line.trim_start().trim_start_matches("- ");
    let word = key
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
        .unwrap_or(key.len());
    word > 0
        && key
            .get(word..)
            .is_some_and(|rest| rest.trim_end() == ":" || rest.starts_with(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_is_known_by_its_lines() {
        for line in ["schedule:", "  - name: acme", "cron: \"0 3 * * *\""] {
            assert!(looks_like_yaml(line), "{line}");
        }
        for line in ["", "name = \"a: b\"", "at = 12:30", "[a]", ": x", "a:b"] {
            assert!(!looks_like_yaml(line), "{line}");
        }
    }
}
