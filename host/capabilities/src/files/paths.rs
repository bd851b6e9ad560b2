//! Which paths a plugin may name at all, before the kernel is asked.
//!
//! Owns: the textual rules of `wit/files.wit`. Never: touches the file system.
//! Read next: `trees`, which resolves what passed here.

use super::failures::{Answer, refused};

/// The kernel takes 4 095 bytes; the contract says so in round figures.
const PATH_BYTES: usize = 4_096;
/// What every Linux file system takes.
const NAME_BYTES: usize = 255;
/// Deeper trees are made by mistakes and attacks; it also bounds what a walk holds.
pub(super) const LEVELS: usize = 256;

/// A path that passed the rules: relative, without `.`, `..` or empty components. Empty: the tree itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TreePath<'a>(&'a [u8]);

impl<'a> TreePath<'a> {
    /// Checks a path.
    pub(super) fn new(path: &'a [u8]) -> Answer<Self> {
        if path.is_empty() {
            return Ok(Self(path));
        }
        if path.len() > PATH_BYTES {
            return Err(refused("longer than 4 096 bytes"));
        }
        if path.first() == Some(&b'/') {
            return Err(refused("absolute: paths are relative to the tree"));
        }
        let mut levels = 0;
        for name in path.split(|byte| *byte == b'/') {
            check_name(name)?;
            levels += 1;
        }
        if levels > LEVELS {
            return Err(refused("more than 256 levels deep"));
        }
        Ok(Self(path))
    }

    /// As the kernel wants it: the tree itself is `.`.
    pub(super) fn for_kernel(self) -> &'a [u8] {
        if self.0.is_empty() { b"." } else { self.0 }
    }

    /// How many components.
    pub(super) fn levels(self) -> usize {
        if self.0.is_empty() {
            0
        } else {
            1 + self.0.iter().filter(|byte| **byte == b'/').count()
        }
    }

    /// The folder and the last component; the tree itself has none.
    pub(super) fn split(self) -> Answer<(Self, &'a [u8])> {
        if self.0.is_empty() {
            return Err(refused("the granted folder itself"));
        }
        match self.0.iter().rposition(|byte| *byte == b'/') {
            None => Ok((Self(b""), self.0)),
            Some(slash) => {
                let (folder, rest) = self.0.split_at(slash);
                Ok((Self(folder), rest.get(1..).unwrap_or_default()))
            }
        }
    }
}

fn check_name(name: &[u8]) -> Answer<()> {
    match name {
        b"" => Err(refused("an empty component: no double or trailing `/`")),
        b"." | b".." => Err(refused("`.` and `..` are not followed")),
        _ if name.len() > NAME_BYTES => Err(refused("a component longer than 255 bytes")),
        _ if name.contains(&0) => Err(refused("a NUL byte")),
        _ => Ok(()),
    }
}

/// Appends a component to a path.
pub(super) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(folder.len() + 1 + name.len());
    path.extend_from_slice(folder);
    if !folder.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_pass() {
        for path in [
            &b""[..],
            b"a",
            b"a/b",
            b"new\nline",
            b"\xff\xfe",
            b"...",
            b"..a",
            b" ",
            &[b'n'; 255],
        ] {
            assert_eq!(TreePath::new(path).unwrap().0, path);
        }
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        let long = [b"a".repeat(255), b"/".to_vec()].concat().repeat(17);
        let deep = b"d/".repeat(256);
        let bad: [&[u8]; 14] = [
            b"/",
            b"/etc",
            b"..",
            b"../a",
            b"a/..",
            b"a/../b",
            b".",
            b"a/.",
            b"./a",
            b"a//b",
            b"a/",
            b"a\0b",
            &[b'n'; 256],
            &long,
        ];
        for path in bad.into_iter().chain([&deep[..]]) {
            assert!(
                matches!(
                    TreePath::new(path),
                    Err(strongroom_sandbox::capability::files::FileError::Refused(_))
                ),
                "{path:?}"
            );
        }
        assert!(
            TreePath::new(&deep[..511]).is_ok(),
            "256 levels are the last that pass"
        );
    }

    #[test]
    fn a_path_splits_into_folder_and_name() {
        let split = |path| {
            TreePath::new(path)
                .unwrap()
                .split()
                .map(|(folder, name)| (folder.0, name))
        };
        assert_eq!(split(b"a/b/c"), Ok((&b"a/b"[..], &b"c"[..])));
        assert_eq!(split(b"a"), Ok((&b""[..], &b"a"[..])));
        assert!(split(b"").is_err());
        assert_eq!(TreePath::new(b"a/b").unwrap().levels(), 2);
        assert_eq!(join(b"", b"x"), b"x");
        assert_eq!(join(b"a", b"x"), b"a/x");
    }
}
