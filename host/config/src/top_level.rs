//! What stands outside of any entry of a schedule file.
//!
//! Owns: guessing which line is missing above it.
//! Never: reads an entry.
//! Read next: `raw`, `unknown`.

use toml::de::DeTable;

use crate::diagnostic::Diagnostic;
use crate::problems::{Problems, shortened};
use crate::raw::{CALENDAR, FILE, RawSchedule};
use crate::reader::RawTable;
use crate::unknown;

/// Reports every key at the top of the file that cannot stand there, and a file that holds nothing.
pub(crate) fn report(root: &DeTable<'_>, problems: &mut Problems) {
    let mut others: Vec<_> = root
        .keys()
        .filter(|key| FILE.key(key.get_ref()).is_none())
        .collect();
    others.sort_by_key(|key| key.span().start);
    if others.is_empty() && root.is_empty() {
        let problem = Diagnostic::of_file(&problems.source.path, "this file holds no schedule");
        problems.add(
            problem
                .hinted("a schedule begins with a line `[[schedule]]`")
                .as_warning(),
        );
    }
    let mut headless = false;
    for key in others {
        let name = shortened(key.get_ref());
        let hint = if RawSchedule::SECTION.key(key.get_ref()).is_some() {
            // One missing header makes all of its keys stand outside.
            if std::mem::replace(&mut headless, true) {
                continue;
            }
            "write a line `[[schedule]]` above it".to_owned()
        } else if let Some(meant) = unknown::nearest_key(key.get_ref(), &FILE) {
            format!("did you mean `[[{meant}]]`?")
        } else if CALENDAR.key(key.get_ref()).is_some() {
            "a calendar is a file of its own, named in `calendars` of `[schedule.blackout]`"
                .to_owned()
        } else {
            "everything in a schedule file stands below a line `[[schedule]]`, `[[limit]]` or `[[credential]]`"
                .to_owned()
        };
        problems.error(
            &key.span(),
            format!("`{name}` stands outside of any schedule"),
            hint,
        );
    }
}
