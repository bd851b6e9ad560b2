//! The files as written: every table with all that is known of its keys, and nothing checked but their kind.
//!
//! Owns: the one list of keys. Reading, hints, drills and shadows, `schedule fmt`, the reference and the JSON Schema use
//! it; the order here is the order of a tidy file.
//! Never: what a value means.
//! Read next: `schedule`, then `resolved`.

mod calendar;
mod grants;
mod schedule;
mod tables;

pub(crate) use calendar::{CALENDAR, RawDay, RawTime};
pub(crate) use grants::{RawCredential, RawGrants, RawService, RawTree};
pub(crate) use schedule::{FILE, RawSchedule, TENANTS_LIMIT};
pub(crate) use tables::{
    CALENDARS_LIMIT, DAYS_LIMIT, RawBlackout, RawLimit, RawOffSite, RawRetention, RawRetry,
};

use crate::reader::RawTable;
use crate::section::Section;

/// The tables in which a misplaced key may belong.
const FILES: &[&Section] = &[&FILE, RawDay::SECTION, RawTime::SECTION];

/// Declares a table: its description and header, then each key with its description, the type it is read as, and what
/// else is known of it.
macro_rules! raw_table {
    (
        $(#[doc = $about:literal])+
        $name:ident, $header:literal
        $(, one_of: [$($one:expr),+ $(,)?])? $(, any_of: [$($any:expr),+])?;
        $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $key:expr;)+
    ) => {
        $(#[doc = $about])+
        #[derive(Debug)]
        pub(crate) struct $name {
            $(
                $(#[doc = $doc])+
                pub(crate) $field: Option<$crate::reader::At<$type>>,
            )+
            given: std::collections::BTreeSet<&'static str>,
        }

        impl $crate::reader::RawTable for $name {
            const SECTION: &'static $crate::section::Section = &$crate::section::Section {
                header: $header,
                about: concat!($($about),+),
                keys: &[$($key.about(concat!($($doc),+))),+],
                one_of: &[$($($one),+)?],
                any_of: &[$($($any),+)?],
            };
            const FILES: &'static [&'static $crate::section::Section] = $crate::raw::FILES;

            fn read(mut keys: $crate::reader::Keys<'_>) -> Self {
                let mut section = Self::SECTION.keys.iter();
                Self {
                    $($field: section.next().and_then(|key| keys.take(key)),)+
                    given: keys.refuse_unknown(),
                }
            }

            fn places(&self) -> Vec<(&'static $crate::section::Key, std::ops::Range<usize>)> {
                let spans = [$(self.$field.as_ref().map(|at| at.span.clone())),+];
                let keys = Self::SECTION.keys.iter().zip(spans);
                keys.filter_map(|(key, span)| Some((key, span?))).collect()
            }

            fn given(&self) -> &std::collections::BTreeSet<&'static str> {
                &self.given
            }
        }
    };
}
use raw_table;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::{Group, Kind};
    use crate::unknown::hint;

    #[test]
    fn the_hint_names_what_was_probably_meant() {
        let (schedule, retry) = (RawSchedule::SECTION, RawRetry::SECTION);
        let known: Vec<_> = FILES.iter().flat_map(|file| file.all()).collect();
        for (key, section, expected) in [
            ("time-zone", schedule, "did you mean `timezone`?"),
            ("dst_gap", schedule, "did you mean `dst-gap`?"),
            ("tz", schedule, "did you mean `timezone`?"),
            (
                "floor",
                schedule,
                "`floor` belongs to `[schedule.retention]`",
            ),
            ("retries", retry, "did you mean `attempts`?"),
            (
                "retries",
                schedule,
                "did you mean `attempts` of `[schedule.retry]`?",
            ),
            ("zzz", retry, "its keys are: attempts, delay, longest"),
        ] {
            assert_eq!(hint(key, false, section, &known), expected);
        }
        let above = "move it above the first `[schedule.…]` line";
        assert!(hint("enabled", false, RawGrants::SECTION, &known).contains(above));
        assert_eq!(
            hint("permissions", true, RawGrants::SECTION, &known),
            "its tables are: files, http"
        );
    }

    #[test]
    fn every_key_is_described_once_and_its_example_is_not_its_default() {
        for section in FILES.iter().flat_map(|file| file.all()) {
            let names = section.names();
            assert!(names.windows(2).all(|two| two[0] != two[1]), "{names:?}");
            for key in section.keys {
                let at = format!("{} {}", section.header, key.name);
                assert!(key.about.ends_with('.'), "{at}");
                let begins_entries = matches!(key.kind, Kind::Entries(..));
                assert_eq!(
                    key.line().is_none(),
                    key.kind.is_table() || begins_entries,
                    "{at}"
                );
                let default = key.default.map(|value| format!("{} = {value}", key.name));
                assert!(default.is_none() || key.line() != default, "{at}");
                let entry = section.header == RawSchedule::SECTION.header;
                assert!(entry || key.group == Group::Any, "{at}");
            }
        }
    }
}
