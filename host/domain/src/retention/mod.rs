//! What stays on the shelf: a shelf, rules and a moment in, a verdict with its reasons for every copy out.
//!
//! Owns: the rules (`keep-within`, `keep-last`, hourly to yearly, `floor`), holds, and the sentences that explain them.
//! Never: deleting; a verdict is only a decision, and a copy that is in doubt stays.
//! Read next: `decide`.

mod decide;
mod within;

use jiff::Timestamp;
use uuid::Uuid;

pub use decide::decide;
pub use within::{Within, WithinError};

/// What to keep. A copy stays if any rule keeps it; without any rule everything stays.
///
/// A count of 0 is no rule. Periods are civil periods of the schedule's zone, and only periods with a copy count, so a
/// pause of the schedule does not empty the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Retention {
    /// Every copy up to this age.
    pub keep_within: Option<Within>,
    /// The newest so many.
    pub keep_last: Option<u32>,
    /// The last copy of each of the latest so many hours.
    pub keep_hourly: Option<u32>,
    /// The last copy of each of the latest so many days.
    pub keep_daily: Option<u32>,
    /// The last copy of each of the latest so many ISO weeks.
    pub keep_weekly: Option<u32>,
    /// The last copy of each of the latest so many months.
    pub keep_monthly: Option<u32>,
    /// The last copy of each of the latest so many years.
    pub keep_yearly: Option<u32>,
    /// The newest so many good copies are never dropped, however old.
    pub floor: u32,
}

impl Default for Retention {
    /// No rule, and the last good copy is never dropped.
    fn default() -> Self {
        Self {
            keep_within: None,
            keep_last: None,
            keep_hourly: None,
            keep_daily: None,
            keep_weekly: None,
            keep_monthly: None,
            keep_yearly: None,
            floor: 1,
        }
    }
}

impl Retention {
    /// Whether there is any rule; if not, everything stays.
    #[must_use]
    pub fn has_rules(&self) -> bool {
        let counts = [
            self.keep_last,
            self.keep_hourly,
            self.keep_daily,
            self.keep_weekly,
            self.keep_monthly,
            self.keep_yearly,
        ];
        self.keep_within.is_some() || counts.iter().flatten().any(|count| *count > 0)
    }
}

/// One copy on the shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfItem {
    /// Its identity.
    pub id: Uuid,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Ready and not known to be damaged.
    pub good: bool,
    /// A named reason to keep it.
    pub hold: Option<Hold>,
}

/// A named reason to keep a copy, whatever the rules say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its name.
    pub name: String,
    /// Why, in words.
    pub reason: String,
    /// When it ends; absent: when somebody lifts it.
    pub until: Option<Timestamp>,
}

impl Hold {
    /// Whether it still holds.
    #[must_use]
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// What is to be done with a copy, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The copy.
    pub id: Uuid,
    /// False: it may be deleted.
    pub keep: bool,
    /// Every reason, each a sentence for people; at least one.
    pub rules: Vec<String>,
}
