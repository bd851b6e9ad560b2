//! A calendar file in TOML and its entries, `[[day]]` and `[[time]]`.
//!
//! Owns: their keys.
//! Never: what a value means.
//! Read next: `calendars`.

use super::raw_table;
use crate::reader::RawTable;
use crate::section::{Key, Kind, Section};

/// A calendar file.
pub(crate) const CALENDAR: Section = Section {
    header: "a calendar file",
    about: "A calendar: days and times at which nothing begins, for schedules that name this file.",
    keys: &[
        Key::new("day", Kind::Entries(RawDay::SECTION, 0)).about("Whole days."),
        Key::new("time", Kind::Entries(RawTime::SECTION, 0))
            .about("From one moment up to another."),
    ],
    one_of: &[],
    any_of: &[],
};

raw_table! {
    /// One day, or all days from a first to a last one; days of the zone of the schedule.
    RawDay, "[[day]]";
    /// The day, if it is one.
    date: String = Key::time("date", "2026-12-25");
    /// The first day.
    first: String = Key::time("first", "2026-12-24");
    /// The last day, which belongs to it.
    last: String = Key::time("last", "2027-01-02");
    /// What people call it.
    name: String = Key::text("name", "Christmas").required();
}

raw_table! {
    /// From one moment up to another: both with an offset, or both without one, in the zone of the schedule.
    RawTime, "[[time]]";
    /// From.
    from: String = Key::time("from", "2026-11-27T18:00:00-03:00").required();
    /// Up to, exclusive.
    to: String = Key::time("to", "2026-11-30T08:00:00-03:00").required();
    /// What people call it.
    name: String = Key::text("name", "release freeze").required();
}
