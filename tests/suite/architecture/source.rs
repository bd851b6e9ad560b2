//! The repository's files as the rules see them: text, code without comments and literals, offenders.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the repository.
pub(super) struct Source {
    /// Relative to the root, `/`-separated.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// Lines of code: comments, strings and characters are blank, so that line numbers stay.
    pub(super) fn code(&self) -> String {
        code_only(&self.text)
    }

    /// `file:line: text` of every line of this text that breaks a rule.
    pub(super) fn lines_where(&self, text: &str, breaks: impl Fn(&str) -> bool) -> Vec<String> {
        let numbered = text.lines().zip(self.text.lines()).enumerate();
        numbered
            .filter(|(_, (seen, _))| breaks(seen))
            .map(|(index, (_, shown))| format!("{}:{}: {}", self.path, index + 1, shown.trim()))
            .collect()
    }
}

/// The repository's root.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ is inside the repository")
        .to_owned()
}

/// Every file of the repository, built things aside.
pub(super) fn everything() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let entry = entry.expect("a folder of the repository can be read");
            let path = entry.path();
            let relative = path
                .strip_prefix(&root)
                .expect("it is beneath the root")
                .to_string_lossy()
                .into_owned();
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() && relative != "target" && relative != ".git" {
                open.push(path);
            } else if kind.is_file() {
                // What is not text (a released plugin, an archive) has no words to check.
                let text = fs::read(&path)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .unwrap_or_default();
                found.push(Source {
                    path: relative,
                    text,
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Every Rust file beneath these folders.
pub(super) fn rust(folders: &[&str]) -> Vec<Source> {
    let found: Vec<Source> = everything()
        .into_iter()
        .filter(|file| {
            file.path.ends_with(".rs") && folders.iter().any(|folder| file.path.starts_with(folder))
        })
        .collect();
    assert!(
        !found.is_empty(),
        "no Rust file beneath {folders:?}: the rule would hold nothing"
    );
    found
}

/// Fails with all offenders.
#[track_caller]
pub(super) fn none(rule: &str, offenders: Vec<String>) {
    assert!(
        offenders.is_empty(),
        "{rule}\n{} offenders:\n  {}\n",
        offenders.len(),
        offenders.join("\n  ")
    );
}

/// Whether the word stands in the code as a whole identifier.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    identifiers(line).any(|found| found == word)
}

/// The identifiers (and numbers) of a line.
pub(super) fn identifiers(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|part| !part.is_empty())
}

/// `MailHandler`, `mail_handler` and `mail-handler` are `mail` and `handler`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let begins = c.is_uppercase() && !before.is_uppercase();
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words
                .last_mut()
                .expect("there is always one")
                .extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Blanks comments, strings and characters.
fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut code = String::with_capacity(text.len());
    let mut index = 0;
    while index < chars.len() {
        let end = literal_end(&at, index).unwrap_or(index);
        if end > index {
            code.extend(
                (index..end.min(chars.len())).map(|i| if at(i) == '\n' { '\n' } else { ' ' }),
            );
            index = end;
        } else {
            code.push(at(index));
            index += 1;
        }
    }
    code
}

/// Where the comment, string or character that begins here ends.
fn literal_end(at: &impl Fn(usize) -> char, start: usize) -> Option<usize> {
    let until =
        |from: usize, stop: &dyn Fn(usize) -> bool| (from..).find(|&i| stop(i) || at(i) == '\0');
    let raw = start == 0 || !(at(start - 1).is_alphanumeric() || at(start - 1) == '_');
    match (at(start), at(start + 1)) {
        ('/', '/') => until(start, &|i| at(i) == '\n'),
        ('/', '*') => {
            let mut depth = 0;
            let mut i = start;
            while at(i) != '\0' {
                match (at(i), at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 {
                    break;
                }
            }
            Some(i)
        }
        ('r', '#' | '"') if raw => raw_end(at, start + 1),
        ('b' | 'c', 'r') if raw && matches!(at(start + 2), '#' | '"') => raw_end(at, start + 2),
        ('"', _) => quoted_end(at, start, '"'),
        ('\'', '\\') => quoted_end(at, start, '\''),
        ('\'', _) if at(start + 2) == '\'' => Some(start + 3),
        _ => None,
    }
}

fn quoted_end(at: &impl Fn(usize) -> char, start: usize, quote: char) -> Option<usize> {
    let mut i = start + 1;
    while at(i) != quote && at(i) != '\0' {
        i += if at(i) == '\\' { 2 } else { 1 };
    }
    Some(i + 1)
}

/// `from` is at the first `#` or the quote; `r#name` is an identifier, not a string.
fn raw_end(at: &impl Fn(usize) -> char, from: usize) -> Option<usize> {
    let hashes = (from..).take_while(|&i| at(i) == '#').count();
    if at(from + hashes) != '"' {
        return None;
    }
    let closes = |i: usize| at(i) == '"' && (1..=hashes).all(|n| at(i + n) == '#');
    (from + hashes + 1..)
        .find(|&i| closes(i) || at(i) == '\0')
        .map(|i| i + 1 + hashes)
}

#[cfg(test)]
mod tests {
    use super::{code_only, has_word, words};

    #[test]
    fn the_rules_see_code_without_comments_and_literals() {
        let text = "let a = \"unsafe \\\" x\"; // unsafe\nb('\\'', 'u', r#\"un\"safe\"#); /* un /* in */ safe */ fn f<'a>() {}";
        let code = code_only(text);
        assert_eq!(code.lines().count(), 2);
        assert!(!code.contains("safe") && !code.contains(" in "), "{code}");
        assert!(
            has_word(&code, "let") && code.contains("fn f<'a>() {}"),
            "{code}"
        );
        assert!(code_only("let r#type = 1; bar\"").contains("r#type"));
    }

    #[test]
    fn names_fall_apart_into_words() {
        assert_eq!(words("MailHandler"), ["mail", "handler"]);
        assert_eq!(words("mail_handler-v2"), ["mail", "handler", "v2"]);
        assert_eq!(words("HTTPServer"), ["httpserver"]);
    }
}
