//! Reading or writing: what may be done with a tree of files or by a request.

use serde::{Deserialize, Serialize};

/// What may be done; writing includes reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Look and read.
    Read,
    /// Also make, change and remove.
    Write,
}
