//! A schedule file as text.
//!
//! Owns: lines and columns of a text.
//! Never: what the text means, or where it comes from (`files`).
//! Read next: `diagnostic`.

use std::ops::Range;
use std::path::PathBuf;

/// One schedule file.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// As it is shown to people.
    pub path: PathBuf,
    /// Absolute: relative paths in the text start here.
    pub folder: PathBuf,
    /// The whole text.
    pub text: String,
}

impl SourceFile {
    /// The file from the root, whatever it is shown as.
    #[must_use]
    pub fn absolute(&self) -> PathBuf {
        let name = self.path.file_name();
        name.map_or_else(|| self.folder.clone(), |name| self.folder.join(name))
    }

    /// Line and column of a byte, both counted from 1; columns count characters.
    #[must_use]
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before
            .get(line_start..)
            .map_or(0, |text| text.chars().count())
            + 1;
        (line, column)
    }

    /// Moves a range out of a decoded TOML string into the file: `value` is where the string stands, quotes included.
    ///
    /// A string with escapes has no such place for each character; then it is the whole string.
    pub(crate) fn inside(
        &self,
        value: &Range<usize>,
        decoded: &str,
        inner: &Range<usize>,
    ) -> Range<usize> {
        let raw = self.text.get(value.clone()).unwrap_or_default();
        let Some(offset) = raw.find(decoded).filter(|_| !decoded.is_empty()) else {
            return value.clone();
        };
        let start = value.start + offset;
        start + inner.start.min(decoded.len())..start + inner.end.min(decoded.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> SourceFile {
        SourceFile {
            path: "a.toml".into(),
            folder: "/etc".into(),
            text: text.into(),
        }
    }

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let source = source("a = 1\nü = \"é\" # x\n");
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(6), (2, 1));
        assert_eq!(source.position("a = 1\nü = \"é\"".len()), (2, 8));
        assert_eq!(source.position(1_000), (3, 1));
    }

    #[test]
    fn a_place_in_a_string_is_found_in_the_file() {
        let text = "cron = \"0 3 x\"\nlong = '''\n0 3 x'''\nescaped = \"0\\t3 x\"";
        let source = source(text);
        let place = |raw: &str, decoded: &str, inner| {
            let start = text.find(raw).unwrap();
            source.text[source.inside(&(start..start + raw.len()), decoded, &inner)].to_owned()
        };
        assert_eq!(place("\"0 3 x\"", "0 3 x", 4..5), "x");
        assert_eq!(place("'''\n0 3 x'''", "0 3 x", 2..3), "3");
        assert_eq!(place("\"0\\t3 x\"", "0\t3 x", 2..3), "\"0\\t3 x\"");
    }
}
