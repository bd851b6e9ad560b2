//! What an operator granted, and why it cannot be used.
//!
//! Owns: the words for both. Never: opens anything.
//! Read next: `trees`.

use std::path::PathBuf;

use strongroom_domain::grants::Access;

/// A folder granted to a plugin under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedTree {
    /// The name of the grant.
    pub name: String,
    /// The folder, its `{tenant}` already filled in. May itself be reached through links.
    pub folder: PathBuf,
    /// What may be done in it.
    pub access: Access,
}

/// Why a granted folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// Nothing there.
    #[error("tree `{name}`: {} does not exist; make the folder or correct the grant", folder.display())]
    Missing {
        /// The name of the grant.
        name: String,
        /// The folder.
        folder: PathBuf,
    },
    /// Something else than a folder.
    #[error("tree `{name}`: {} is not a folder; a grant names a folder", folder.display())]
    NotAFolder {
        /// The name of the grant.
        name: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The operating system does not let the host in, or not in this way.
    #[error("tree `{name}`: {} cannot be opened: {cause}; the host's user needs to reach it", folder.display())]
    Unreachable {
        /// The name of the grant.
        name: String,
        /// The folder.
        folder: PathBuf,
        /// In the operating system's words.
        cause: std::io::Error,
    },
    /// The system lacks something that every tree needs.
    #[error("granted trees need {0}")]
    Unsupported(&'static str),
}
