//! Standing notices: what is wrong until somebody mends it.

use jiff::Timestamp;

/// Something an operator must know, for as long as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which: `schedules`, `plugin:FILE`, `clock`; one of a name at a time.
    pub name: String,
    /// Since when it stands; a notice with the same text keeps its beginning.
    pub since: Timestamp,
    /// For a person, without markup; may be several lines.
    pub text: String,
}
