//! A calendar file as written in TOML: `[[day]]` and `[[time]]`.
//!
//! Owns: their keys, descriptions and examples.
//! Never: what a value means.
//! Read next: `calendars`.

use std::collections::BTreeSet;
use std::ops::Range;

use schemars::JsonSchema;

use super::At;
use crate::reader::Keys;

/// A calendar: days and times at which nothing begins, for schedules that name this file.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "Strongroom calendar file")]
#[expect(dead_code, reason = "describes the file; entries are read one by one")]
pub(crate) struct RawCalendar {
    /// Whole days.
    pub(crate) day: Option<Vec<RawDay>>,
    /// From one moment up to another.
    pub(crate) time: Option<Vec<RawTime>>,
}

/// One day, or all days from a first to a last one; days of the zone of the schedule.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RawDay {
    /// The day, if it is one.
    #[schemars(example = &"2026-12-25")]
    pub(crate) date: Option<At<String>>,
    /// The first day.
    #[schemars(example = &"2026-12-24")]
    pub(crate) first: Option<At<String>>,
    /// The last day, which belongs to it.
    #[schemars(example = &"2027-01-02")]
    pub(crate) last: Option<At<String>>,
    /// What people call it.
    #[schemars(required, example = &"Christmas")]
    pub(crate) name: Option<At<String>>,
    /// Where the table begins.
    #[schemars(skip)]
    pub(crate) span: Range<usize>,
    /// The keys that are there, whatever their kind.
    #[schemars(skip)]
    pub(crate) given: BTreeSet<&'static str>,
}

/// From one moment up to another: both with an offset, or both without one, in the zone of the schedule.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RawTime {
    /// From.
    #[schemars(required, example = &"2026-11-27T18:00:00-03:00")]
    pub(crate) from: Option<At<String>>,
    /// Up to, exclusive.
    #[schemars(required, example = &"2026-11-30T08:00:00-03:00")]
    pub(crate) to: Option<At<String>>,
    /// What people call it.
    #[schemars(required, example = &"release freeze")]
    pub(crate) name: Option<At<String>>,
    /// Where the table begins.
    #[schemars(skip)]
    pub(crate) span: Range<usize>,
    /// The keys that are there, whatever their kind.
    #[schemars(skip)]
    pub(crate) given: BTreeSet<&'static str>,
}

impl RawDay {
    /// Takes every key of an entry; a key of the wrong kind is reported and left out.
    pub(crate) fn read(mut keys: Keys<'_>) -> Self {
        Self {
            date: keys.text_or_date("date"),
            first: keys.text_or_date("first"),
            last: keys.text_or_date("last"),
            name: keys.text("name"),
            span: keys.span(),
            given: keys.refuse_unknown(),
        }
    }
}

impl RawTime {
    /// Takes every key of an entry; a key of the wrong kind is reported and left out.
    pub(crate) fn read(mut keys: Keys<'_>) -> Self {
        Self {
            from: keys.text_or_date("from"),
            to: keys.text_or_date("to"),
            name: keys.text("name"),
            span: keys.span(),
            given: keys.refuse_unknown(),
        }
    }
}
