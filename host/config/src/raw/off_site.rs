//! `[schedule.off-site]` as written.
//!
//! Owns: its keys, descriptions and examples.
//! Never: what a value means.
//! Read next: `reader`, then `meant`.

use std::collections::BTreeSet;
use std::ops::Range;

use schemars::JsonSchema;

use super::At;
use crate::reader::Keys;

/// Its snapshots are a second shelf, in another place than those of another schedule.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RawOffSite {
    /// The schedule that fills the first shelf. It has every tenant of this one, and is not off-site itself.
    #[schemars(required, example = &"acme-daily", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) of: Option<At<String>>,
    /// `true`: the newest good snapshot of that schedule is copied, by the same plugin. `false`: this schedule takes its own
    /// snapshot of the same data.
    #[schemars(example = true, extend("default" = false))]
    pub(crate) copy: Option<At<bool>>,
    /// Where the table begins.
    #[schemars(skip)]
    pub(crate) span: Range<usize>,
    /// The keys that are there, whatever their kind.
    #[schemars(skip)]
    pub(crate) given: BTreeSet<&'static str>,
}

impl RawOffSite {
    pub(super) fn read(mut keys: Keys<'_>) -> Self {
        Self {
            of: keys.text("of"),
            copy: keys.flag("copy"),
            span: keys.span(),
            given: keys.refuse_unknown(),
        }
    }
}
