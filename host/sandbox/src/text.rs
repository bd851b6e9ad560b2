//! Text of guests made fit for people's eyes and log files.
//!
//! Owns: escaping of control, bidirectional and ANSI characters; cutting at a number of bytes.
//! Never: a decision about what is worth showing.

use std::borrow::Cow;

/// Whether a character could forge lines, colours or reading order.
fn harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// One line: everything harmful is written as an escape.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |c| harmful(c) && c != '\t')
}

/// Several lines: line ends stay, everything else that is harmful is written as an escape.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| harmful(c) && c != '\t' && c != '\n')
}

fn escaped(text: &str, harmful: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if harmful(c) {
            out.extend(c.escape_default())
        } else {
            out.push(c)
        }
    }
    Cow::Owned(out)
}

/// At most `limit` bytes, cut between characters, with a mark where something is missing.
pub(crate) fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    const MARK: &str = " […]";
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let mark = if limit < MARK.len() { "" } else { MARK };
    let end = text.floor_char_boundary(limit - mark.len());
    let kept = text.get(..end).unwrap_or_default();
    Cow::Owned(format!("{kept}{mark}"))
}

/// An error of wasmtime as one line without its backtrace.
pub(crate) fn one_line(text: &str) -> String {
    let joined = text
        .lines()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    cut(&line(&joined), 1_024).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_deceive_a_reader_is_escaped() {
        assert_eq!(line("plain, é 漢\t."), "plain, é 漢\t.");
        assert_eq!(line("a\nb\r\x1b[31mred\0"), "a\\nb\\r\\u{1b}[31mred\\u{0}");
        assert_eq!(
            line("invoice\u{202e}fdp.exe\u{2066}"),
            "invoice\\u{202e}fdp.exe\\u{2066}"
        );
        assert_eq!(lines("one\ntwo\u{85}"), "one\ntwo\\u{85}");
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("ééé", 3), "é");
        assert_eq!(cut("ééé", 0), "");
        for limit in 7..20 {
            let text = cut("éééééééééééééééééééé", limit).into_owned();
            assert!(
                text.len() <= limit && text.ends_with(" […]"),
                "{limit}: {text}"
            );
        }
    }
}
