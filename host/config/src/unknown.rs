//! Hints for keys that do not exist.
//!
//! Owns: guessing what was meant.
//! Never: reads a file.
//! Read next: `section`.

use crate::section::{Kind, Section};

/// The key of a table that an unknown one is probably meant to be.
pub(crate) fn nearest_key(key: &str, section: &Section) -> Option<&'static str> {
    let alias = || section.keys.iter().find(|ours| ours.aliases.contains(&key));
    nearest(key, section.names().into_iter()).or_else(|| Some(alias()?.name))
}

/// What to do about an unknown key of a table, with a table as its value or not; `known` are all tables of such files.
pub(crate) fn hint(key: &str, table: bool, section: &Section, known: &[&Section]) -> String {
    if let Some(meant) = nearest_key(key, section) {
        return format!("did you mean `{meant}`?");
    }
    let there = |other: &&Section| Some((other.key(key)?, other.header));
    if let Some((found, header)) = known.iter().find_map(there) {
        return match found.kind {
            Kind::Entries(..) => format!(
                "`[[{key}]]` begins a new entry; write it with two brackets on a line of its own"
            ),
            _ if header == "[[schedule]]" => format!(
                "`{key}` belongs to `{header}`: move it above the first `[schedule.…]` line of its entry"
            ),
            _ => format!("`{key}` belongs to `{header}`"),
        };
    }
    let near = |other: &&Section| Some((nearest_key(key, other)?, other.header));
    if let Some((meant, header)) = known.iter().find_map(near) {
        return format!("did you mean `{meant}` of `{header}`?");
    }
    let is_table = |name: &&str| section.key(name).is_some_and(|key| key.kind.is_table());
    let tables: Vec<_> = section.names().into_iter().filter(is_table).collect();
    if table && !tables.is_empty() {
        return format!("its tables are: {}", tables.join(", "));
    }
    format!("its keys are: {}", section.names().join(", "))
}

/// What to write instead of a word that is none of the choices.
pub(crate) fn choices(word: &str, choices: &[&str]) -> String {
    if let Some(near) = nearest(word, choices.iter().copied()) {
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
