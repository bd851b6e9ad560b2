//! Schedules that name other schedules: hints for names that nobody has, and tenants that the other one lacks.
//!
//! Never: a problem; those who refer say what the reference is for.
//! Read next: `drills`, `off_site`, `swaps`.

use std::collections::HashSet;

use strongroom_domain::ScheduleName;

use crate::located::Located;
use crate::merge::Merged;
use crate::unknown::nearest;

/// A name is compared with all others for so many hints.
const GUESSES: usize = 20;
/// Most tenants that are named in one message.
const NAMED: usize = 5;

/// What to write in place of names that no schedule has.
#[derive(Default)]
pub(crate) struct Hints(usize);

impl Hints {
    /// The nearest name of the folder, or else what is said.
    pub(crate) fn instead(&mut self, name: &ScheduleName, read: &Merged, or: &str) -> String {
        self.0 += 1;
        let names = read.names().map(ScheduleName::as_str);
        let near = (self.0 <= GUESSES).then(|| nearest(name.as_str(), names));
        near.flatten().map_or_else(
            || or.to_owned(),
            |near| format!("did you mean `\"{near}\"`?"),
        )
    }
}

/// The tenants of one schedule that the other one does not have, in words; `None`: it has them all.
pub(crate) fn lacking(located: &Located, other: &Located) -> Option<String> {
    let theirs: HashSet<_> = other.schedule.tenants.iter().collect();
    let missing: Vec<String> = (located.schedule.tenants.iter())
        .filter(|tenant| !theirs.contains(tenant))
        .map(|tenant| format!("`{tenant}`"))
        .collect();
    let (named, more) = missing.split_at(missing.len().min(NAMED));
    match (named.is_empty(), more.len()) {
        (true, _) => None,
        (false, 0) => Some(named.join(", ")),
        (false, more) => Some(format!("{} and {more} more", named.join(", "))),
    }
}
