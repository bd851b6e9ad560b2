//! Sets owners, modes, attributes and times, as far as the host's user may.
//!
//! Owns: what is given up, in which order, and that it is counted: owners need privilege, attributes a file system
//! that has them. Never: gives up a mode or a time silently.

use strongroom_plugin::Failure;
use strongroom_plugin::files::{Change, Error, Tree};

use crate::order::show;

/// Paths remembered by name.
const NAMED: usize = 20;

/// What could not be set.
#[derive(Debug, Default)]
pub(crate) struct GivenUp {
    pub(crate) owners: u64,
    pub(crate) attributes: u64,
    pub(crate) attribute_paths: Vec<String>,
}

impl GivenUp {
    /// Applies all changes; what is refused is tried again without the owner, then without the attributes.
    pub(crate) fn apply(&mut self, tree: &Tree, mut changes: Vec<Change>) -> Result<(), Failure> {
        for round in 0..3 {
            let answers = tree.set(&changes);
            let mut again = Vec::new();
            for (mut change, answer) in changes.into_iter().zip(answers) {
                let Err(error) = answer else { continue };
                match (&error, round) {
                    (Error::Permission, _) if change.owner.is_some() => {
                        change.owner = None;
                        // Set-id bits are for the owner that the file does not get.
                        change.mode = change.mode.map(|mode| mode & 0o1777);
                        self.owners += 1;
                    }
                    (Error::Full, _) => return Err(error.at(&change.path)),
                    _ if !change.attributes.is_empty() => {
                        change.attributes.clear();
                        self.attributes += 1;
                        if self.attribute_paths.len() < NAMED {
                            self.attribute_paths.push(show(&change.path));
                        }
                    }
                    _ => return Err(error.at(&change.path)),
                }
                again.push(change);
            }
            if again.is_empty() {
                return Ok(());
            }
            changes = again;
        }
        Ok(())
    }
}
