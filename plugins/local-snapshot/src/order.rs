//! The order of a walk: a directory before its content, names in byte order.

use std::cmp::Ordering;

/// Compares two paths by their place in a walk.
pub(crate) fn compare(left: &[u8], right: &[u8]) -> Ordering {
    // No name contains NUL, so with the separator as the least byte whole components are compared.
    let key = |&byte: &u8| if byte == b'/' { 0 } else { byte };
    left.iter().map(key).cmp(right.iter().map(key))
}

/// Whether `path` is `folder` or lies beneath it. Everything lies beneath the empty path.
pub(crate) fn within(folder: &[u8], path: &[u8]) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// A path and a name beneath it.
pub(crate) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    match (folder.is_empty(), name.is_empty()) {
        (true, _) => name.to_vec(),
        (_, true) => folder.to_vec(),
        _ => [folder, b"/", name].concat(),
    }
}

/// A path for a message: one line, control characters and bytes that are no text written as escapes.
pub(crate) fn show(path: &[u8]) -> String {
    let mut text = String::new();
    for chunk in path.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter.is_control() || letter == '\\' {
                text.extend(letter.escape_default())
            } else {
                text.push(letter)
            }
        }
        text.extend(chunk.invalid().escape_ascii().map(char::from));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_comes_right_before_its_content() {
        let mut paths: Vec<&[u8]> = vec![
            b"a-b", b"a/z", b"b", b"a", b"a.b", b"a/b/c", b"a/b", b"a\x01", b"\xff",
        ];
        paths.sort_by(|left, right| compare(left, right));
        let expected: Vec<&[u8]> = vec![
            b"a", b"a/b", b"a/b/c", b"a/z", b"a\x01", b"a-b", b"a.b", b"b", b"\xff",
        ];
        assert_eq!(paths, expected);
    }

    #[test]
    fn a_name_that_begins_alike_lies_not_within() {
        assert!(within(b"a/b", b"a/b/c") && within(b"a/b", b"a/b") && within(b"", b"x"));
        assert!(!within(b"a/b", b"a/bc") && !within(b"a/b", b"a"));
    }

    #[test]
    fn a_message_stays_on_one_line() {
        assert_eq!(show(b"na\xc3\xafve\n\xff\\"), "na\u{ef}ve\\n\\xff\\\\");
    }
}
