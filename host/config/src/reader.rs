//! Takes keys out of TOML tables, one by one, so that one wrong key never hides another.
//!
//! Owns: kinds of values, and keys that do not exist.
//! Never: what a value means.
//! Read next: `section`, `unknown`, `raw`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, Range};

use serde_json::{Map, Value as Json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::json;
use crate::problems::{Problems, shortened};
use crate::section::{Key, Kind, Section};
use crate::unknown;

/// The longest text, in bytes: the longest path of Linux. Hints compare texts, which costs time by their length.
const TEXT_LIMIT: usize = 4_096;

/// A value and where it stands in the file; of a table, its header or all of its braces.
#[derive(Debug, Clone)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A table of a file as written: every key, nothing checked but its kind.
pub(crate) trait RawTable: Sized {
    /// Its keys.
    const SECTION: &'static Section;
    /// The tables of all files in which a misplaced key may belong.
    const FILES: &'static [&'static Section];

    /// Takes every key; one of the wrong kind is reported and left out.
    fn read(keys: Keys<'_>) -> Self;

    /// The keys that are there and of the right kind, with their places.
    fn places(&self) -> Vec<(&'static Key, Range<usize>)>;

    /// The keys that are there or are meant to be, whatever their kind.
    fn given(&self) -> &BTreeSet<&'static str>;

    /// Whether a key is there or is meant to be.
    fn has(&self, key: &str) -> bool {
        self.given().contains(key)
    }

    /// The required keys that are not there.
    fn missing(&self) -> impl Iterator<Item = &'static Key> {
        let required = Self::SECTION.keys.iter().filter(|key| key.required);
        required.filter(|key| !self.has(key.name))
    }
}

/// What the value of a key is read as.
pub(crate) trait Value: Sized {
    /// The value, or `None` and a reported problem.
    fn read(keys: &mut Keys<'_>, found: &Found<'_>) -> Option<Self>;
}

/// A key that is there.
pub(crate) struct Found<'a> {
    key: &'static Key,
    value: &'a DeValue<'a>,
    span: Range<usize>,
}

/// One table of the file, being read.
pub(crate) struct Keys<'a> {
    table: &'a DeTable<'a>,
    section: &'static Section,
    files: &'static [&'static Section],
    /// The names of the tables above and of this one; empty for an entry.
    path: [&'a str; 3],
    problems: &'a mut Problems,
}

/// An entry of a file and its place.
pub(crate) type Entry<'a> = (&'a DeTable<'a>, Range<usize>);

/// The entries of a name in a file; what is none is reported.
pub(crate) fn entries<'a>(
    name: &str,
    root: &'a DeTable<'a>,
    problems: &mut Problems,
) -> Vec<Entry<'a>> {
    let Some(found) = root.get(name) else {
        return Vec::new();
    };
    let DeValue::Array(list) = found.get_ref() else {
        let message = format!("`{name}` must be a list of entries");
        let hint = format!("write `[[{name}]]`, with two brackets");
        problems.error(&found.span(), message, hint);
        return Vec::new();
    };
    let mut entries = Vec::with_capacity(list.len());
    for entry in list {
        let span = problems.placed(entry.span());
        if let DeValue::Table(table) = entry.get_ref() {
            entries.push((table, span));
        } else {
            let hint = format!("begin it with a line `[[{name}]]`");
            problems.error(&span, format!("a {name} must be a table"), hint);
        }
    }
    entries
}

/// Reads an entry.
pub(crate) fn entry<T: RawTable>(table: &DeTable<'_>, problems: &mut Problems) -> T {
    T::read(Keys {
        table,
        section: T::SECTION,
        files: T::FILES,
        path: [""; 3],
        problems,
    })
}

impl Keys<'_> {
    /// The value of a key.
    pub(crate) fn take<T: Value>(&mut self, key: &'static Key) -> Option<At<T>> {
        let value = self.table.get(key.name)?;
        let found = Found {
            key,
            value: value.get_ref(),
            span: self.problems.placed(value.span()),
        };
        let value = T::read(self, &found)?;
        let span = found.span;
        Some(At { value, span })
    }

    /// Reports every key that the table cannot have. Answers with the keys that are there, or are meant to be: what is
    /// misspelt is not missing as well.
    pub(crate) fn refuse_unknown(&mut self) -> BTreeSet<&'static str> {
        let section = self.section;
        let mut given = BTreeSet::new();
        let mut unknown = Vec::new();
        for (key, value) in self.table {
            match section.key(key.get_ref()) {
                Some(known) => {
                    given.insert(known.name);
                }
                None => unknown.push((key, value.get_ref().is_table())),
            }
        }
        unknown.sort_by_key(|(key, _)| key.span().start);
        if unknown.is_empty() {
            return given;
        }
        let known: Vec<_> = self.files.iter().flat_map(|file| file.all()).collect();
        for (key, is_table) in unknown {
            let name = key.get_ref();
            let message = format!("`{}` is not a key of `{}`", shortened(name), section.header);
            let hint = unknown::hint(name, is_table, section, &known);
            let span = self.problems.placed(key.span());
            self.problems.error(&span, message, hint);
            given.extend(unknown::nearest_key(name, section));
        }
        given
    }

    /// The text, if it is one of the few that the key may have.
    fn chosen(&mut self, key: &Key, text: &str, span: &Range<usize>) -> Option<String> {
        let choices = key.choices();
        if choices.is_empty() || choices.contains(&text) {
            return Some(text.to_owned());
        }
        let message = format!("`{}` cannot be \"{}\"", key.name, shortened(text));
        self.problems
            .error(span, message, unknown::choices(text, choices));
        None
    }

    /// Reports a value of another kind.
    fn other_kind<T>(&mut self, found: &Found<'_>, kind: &str) -> Option<T> {
        let (key, other) = (found.key.name, kind_of(found.value));
        self.wrong(found, format!("`{key}` must be {kind}, not {other}"))
    }

    fn wrong<T>(&mut self, found: &Found<'_>, message: String) -> Option<T> {
        let hint = match (found.key.line(), found.key.kind) {
            (Some(line), _) => format!("for example: `{line}`"),
            (None, Kind::Named(below)) => format!("begin each one with a line `{}`", below.header),
            (None, _) => {
                let above = self.path.iter().filter(|name| !name.is_empty());
                let above: String = above.map(|name| format!("{name}.")).collect();
                format!(
                    "begin it with a line `[schedule.{above}{}]`",
                    found.key.name
                )
            }
        };
        self.problems.error(&found.span, message, hint);
        None
    }

    /// A table below this one.
    fn below<T: RawTable>(&mut self, table: &DeTable<'_>, path: [&str; 3]) -> T {
        T::read(Keys {
            table,
            section: T::SECTION,
            files: self.files,
            path,
            problems: self.problems,
        })
    }
}

impl Value for String {
    fn read(keys: &mut Keys<'_>, found: &Found<'_>) -> Option<Self> {
        let key = found.key;
        match (key.kind, found.value) {
            (Kind::Time, DeValue::Datetime(date)) => Some(date.to_string()),
            (_, DeValue::String(text)) if text.len() > TEXT_LIMIT => {
                let (name, bytes) = (key.name, text.len());
                let message = format!("`{name}` is {bytes} bytes long; the limit is {TEXT_LIMIT}");
                keys.wrong(found, message)
            }
            (_, DeValue::String(text)) => keys.chosen(key, text, &found.span),
            (Kind::Time, _) => keys.other_kind(found, "a time"),
            _ => keys.other_kind(found, "a text in quotes"),
        }
    }
}

impl Value for bool {
    fn read(keys: &mut Keys<'_>, found: &Found<'_>) -> Option<Self> {
        let flag = found.value.as_bool();
        flag.or_else(|| keys.other_kind(found, "true or false"))
    }
}

impl Value for u32 {
    fn read(keys: &mut Keys<'_>, found: &Found<'_>) -> Option<Self> {
        let Some(number) = found.value.as_integer() else {
            return keys.other_kind(found, "a whole number");
        };
        let whole = Self::from_str_radix(number.as_str(), number.radix());
        whole.ok().or_else(|| {
            let (name, most) = (found.key.name, Self::MAX);
            let message = format!("`{name}` must be a whole number from 0 to {most}");
            keys.wrong(found, message)
        })
    }
}

impl Value for Vec<At<String>> {
    fn read(keys: &mut Keys<'_>, found: &Found<'_>) -> Option<Self> {
        let one_will_do = matches!(found.key.kind, Kind::TextOrTexts);
        let is_text = |item: &Spanned<DeValue<'_>>| item.get_ref().is_str();
        let list = match found.value {
            DeValue::String(_) if one_will_do => {
                let (value, span) = (String::read(keys, found)?, found.span.clone());
                return Some(vec![At { value, span }]);
            }
            DeValue::Array(list) if !one_will_do || list.is_empty() || list.iter().any(is_text) => {
                list
            }
            _ if one_will_do => return keys.other_kind(found, "a text or a list of texts"),
            _ => return keys.other_kind(found, "a list of texts"),
        };
        let mut texts = Self::new();
        let mut chosen = true;
        for item in list {
            let item = Found {
                key: found.key,
                value: item.get_ref(),
                span: keys.problems.placed(item.span()),
            };
            if let DeValue::String(text) = item.value {
                let value = keys.chosen(item.key, text, &item.span);
                chosen &= value.is_some();
                let span = item.span;
                texts.extend(value.map(|value| At { value, span }));
            } else {
                keys.other_kind::<()>(&item, "a list of texts in quotes");
            }
        }
        // Items of another kind are reported; what is left is still checked.
        (chosen && (list.is_empty() || !texts.is_empty())).then_some(texts)
    }
}

/// Any table.
impl Value for Map<String, Json> {
    fn read(keys: &mut Keys<'_>, found: &Found<'_>) -> Option<Self> {
        match found.value {
            DeValue::Table(table) => Some(json::object(table, keys.problems)),
            _ => keys.other_kind(found, "a table"),
        }
    }
}

/// A table with keys of its own.
impl<T: RawTable> Value for T {
    fn read(keys: &mut Keys<'_>, found: &Found<'_>) -> Option<Self> {
        match found.value {
            DeValue::Table(table) => Some(keys.below(table, [found.key.name, "", ""])),
            _ => keys.other_kind(found, "a table"),
        }
    }
}

/// A table of tables, by names that the operator chooses.
impl<T: RawTable> Value for BTreeMap<String, At<T>> {
    fn read(keys: &mut Keys<'_>, found: &Found<'_>) -> Option<Self> {
        let DeValue::Table(named) = found.value else {
            return keys.other_kind(found, "a table");
        };
        let ([above, ..], key) = (keys.path, found.key.name);
        let mut tables = Self::new();
        for (name, value) in named {
            let (name, span) = (name.get_ref(), keys.problems.placed(value.span()));
            if let DeValue::Table(table) = value.get_ref() {
                let value = keys.below(table, [above, key, name]);
                tables.insert(name.to_string(), At { value, span });
                continue;
            }
            let other = kind_of(value.get_ref());
            let required = T::SECTION.keys.iter().filter(|key| key.required);
            let example: Vec<_> = required.filter_map(Key::short_line).collect();
            let example = example.join(", ");
            let hint = format!("for example: `{key}.{name} = {{ {example} }}`");
            let message = format!("`{key}.{name}` must be a table, not {other}");
            keys.problems.error(&span, message, hint);
        }
        Some(tables)
    }
}

/// Words for a kind of value.
fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
