//! Hints for keys that do not exist.
//!
//! Owns: guessing what was meant.
//! Never: reads a file.
//! Read next: `schema`.

use crate::schema::{Section, Table, sections};

/// Words of other schedulers, and ours.
const OTHER_WORDS: [(&str, &str); 14] = [
    ("tz", "timezone"),
    ("zone", "timezone"),
    ("schedule", "cron"),
    ("when", "cron"),
    ("interval", "every"),
    ("tenant", "tenants"),
    ("customers", "tenants"),
    ("concurrency", "overlap"),
    ("catchup", "missed"),
    ("deadline", "timeout"),
    ("retries", "attempts"),
    ("backoff", "delay"),
    ("mode", "access"),
    ("keep", "keep-last"),
];

/// The key of a table that an unknown one is probably meant to be.
pub(crate) fn nearest_key<'a>(key: &str, section: &'a Section) -> Option<&'a str> {
    nearest(key, section.keys.iter().map(|key| key.name.as_str())).or_else(|| {
        let ours = OTHER_WORDS
            .iter()
            .filter(|(other, _)| *other == key)
            .find_map(|(_, ours)| section.key(ours));
        ours.map(|key| key.name.as_str())
    })
}

/// What to do about an unknown key of a table.
pub(crate) fn hint(key: &str, section: &Section) -> String {
    if let Some(meant) = nearest_key(key, section) {
        return format!("did you mean `{meant}`?");
    }
    if let Some((table, other)) = sections().find(|(_, other)| other.key(key).is_some()) {
        return match table {
            Table::File => format!(
                "`[[{key}]]` begins a new entry; write it with two brackets on a line of its own"
            ),
            Table::Schedule => {
                format!(
                    "`{key}` belongs to `{}`: move it above the first `[schedule.…]` line of its entry",
                    other.header
                )
            }
            _ => format!("`{key}` belongs to `{}`", other.header),
        };
    }
    if let Some((meant, other)) =
        sections().find_map(|(_, other)| Some((nearest_key(key, other)?, other)))
    {
        return format!("did you mean `{meant}` of `{}`?", other.header);
    }
    let keys: Vec<_> = section.keys.iter().map(|key| key.name.as_str()).collect();
    format!("its keys are: {}", keys.join(", "))
}

/// What to write instead of a word that is none of the choices.
pub(crate) fn choices(word: &str, choices: &[String]) -> String {
    if let Some(near) = nearest(word, choices.iter().map(String::as_str)) {
        return format!("did you mean `\"{near}\"`?");
    }
    let all: Vec<_> = choices
        .iter()
        .map(|choice| format!("`\"{choice}\"`"))
        .collect();
    match all.split_last() {
        Some((only, [])) => format!("it can only be {only}"),
        Some((last, others)) => format!("it can be {} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The known word that a word is most probably meant to be.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing costs time by the product of the lengths.
    if word.len() > 40 {
        return None;
    }
    let word = word.to_lowercase().replace('_', "-");
    known
        .map(|known| (strsim::damerau_levenshtein(&word, known), known))
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::section;

    #[test]
    fn the_hint_names_what_was_probably_meant() {
        for (key, table, expected) in [
            ("time-zone", Table::Schedule, "did you mean `timezone`?"),
            ("dst_gap", Table::Schedule, "did you mean `dst-gap`?"),
            ("tz", Table::Schedule, "did you mean `timezone`?"),
            (
                "floor",
                Table::Schedule,
                "`floor` belongs to `[schedule.retention]`",
            ),
            ("retries", Table::Retry, "did you mean `attempts`?"),
            (
                "retries",
                Table::Schedule,
                "did you mean `attempts` of `[schedule.retry]`?",
            ),
            (
                "zzz",
                Table::Retry,
                "its keys are: attempts, delay, longest",
            ),
        ] {
            assert_eq!(hint(key, section(table)), expected);
        }
        assert!(
            hint("enabled", section(Table::Grants))
                .contains("move it above the first `[schedule.…]` line")
        );
    }
}
