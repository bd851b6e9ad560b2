//! The lines of `SHA256SUMS`, as `sha256sum` writes and checks them.
//!
//! Owns: the escaping of odd names. Never: lists anything but regular files.

use crate::encoding::Digest;

/// One line: the digest, two spaces, the path. A backslash, newline or carriage return in it is escaped, and the line
/// then begins with a backslash.
pub(crate) fn line(digest: &Digest, path: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(path.len() + 68);
    if path
        .iter()
        .any(|byte| matches!(byte, b'\\' | b'\n' | b'\r'))
    {
        line.push(b'\\');
    }
    line.extend_from_slice(digest.to_string().as_bytes());
    line.extend_from_slice(b"  ");
    for &byte in path {
        match byte {
            b'\\' => line.extend_from_slice(b"\\\\"),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            plain => line.push(plain),
        }
    }
    line.push(b'\n');
    line
}

/// Reads a line without its newline.
pub(crate) fn parse(line: &[u8]) -> Option<(Digest, Vec<u8>)> {
    let (escaped, line) = match line.strip_prefix(b"\\") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let digest = Digest::from_hex(line.get(..64)?)?;
    let name = line.get(64..)?.strip_prefix(b"  ")?;
    if !escaped {
        return Some((digest, name.to_vec()));
    }
    let (mut path, mut bytes) = (Vec::with_capacity(name.len()), name.iter());
    while let Some(&byte) = bytes.next() {
        path.push(match byte {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
            plain => plain,
        });
    }
    Some((digest, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_name_reads_back(path in proptest::collection::vec(1_u8.., 1..64), digest: [u8; 32]) {
            let written = line(&Digest(digest), &path);
            let (last, line) = written.split_last().unwrap();
            prop_assert_eq!(*last, b'\n');
            prop_assert!(!line.contains(&b'\n'));
            prop_assert_eq!(parse(line), Some((Digest(digest), path)));
        }
    }

    #[test]
    fn a_line_that_is_none_is_refused() {
        for wrong in [
            &b""[..],
            b"abc",
            &[b'0'; 64],
            &[&[b'g'; 64][..], b"  x"].concat(),
            &[b"\\", &[b'0'; 64][..], b"  x\\q"].concat(),
        ] {
            assert_eq!(parse(wrong), None);
        }
    }
}
