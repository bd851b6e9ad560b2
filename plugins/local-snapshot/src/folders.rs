//! The directories that a walk is inside of. Their modes and times are set when the walk has left them, because
//! everything made inside would change them again.

use strongroom_plugin::files::Change;

use crate::order::within;

/// From the outermost to the innermost.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    open: Vec<Change>,
    left: Vec<Change>,
}

impl Folders {
    /// The walk is at `path` now: every directory that does not contain it was left.
    pub(crate) fn at(&mut self, path: &[u8]) {
        while let Some(innermost) = self.open.pop_if(|folder| !within(&folder.path, path)) {
            self.left.push(innermost);
        }
    }

    /// The walk enters a directory, whose metadata is to be set on leaving.
    pub(crate) fn enter(&mut self, folder: Change) {
        self.open.push(folder);
    }

    /// The directories left since the last question, innermost first.
    pub(crate) fn take_left(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.left)
    }

    /// All that remain, at the end of the walk.
    pub(crate) fn take_all(&mut self) -> Vec<Change> {
        let mut all = self.take_left();
        all.extend(self.open.drain(..).rev());
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_left_once_and_after_what_it_contains() {
        let mut folders = Folders::default();
        for path in [&b"a"[..], b"a/b", b"a/b/c"] {
            folders.at(path);
            folders.enter(Change::of(path));
        }
        folders.at(b"a/b/file");
        folders.at(b"a/bc");
        let left: Vec<Vec<u8>> = folders
            .take_left()
            .into_iter()
            .map(|change| change.path)
            .collect();
        assert_eq!(left, [b"a/b/c".to_vec(), b"a/b".to_vec()]);
        assert!(folders.take_left().is_empty());
        assert_eq!(folders.take_all().len(), 1);
    }
}
