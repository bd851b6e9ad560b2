//! Takes keys out of TOML tables, one by one, so that one wrong key never hides another.
//!
//! Owns: kinds of values, and keys that do not exist.
//! Never: what a value means.
//! Read next: `unknown`, `written`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::json;
use crate::problems::{Problems, shortened};
use crate::raw::At;
use crate::schema::{Section, Table, section};
use crate::unknown;

/// The longest text, in bytes: the longest path of Linux. Hints compare texts, which costs time by their length.
const TEXT_LIMIT: usize = 4_096;

/// One table of the file, being read.
pub(crate) struct Keys<'a> {
    table: &'a DeTable<'a>,
    /// The header, or the whole value of a table in braces.
    span: Range<usize>,
    section: &'static Section,
    /// The names of the tables above and of this one; empty for an entry.
    path: [&'a str; 3],
    problems: &'a mut Problems,
}

impl<'a> Keys<'a> {
    /// Begins to read an entry of the file: `[[schedule]]` or `[[limit]]`.
    pub(crate) fn of_entry(
        kind: Table,
        table: &'a DeTable<'a>,
        span: Range<usize>,
        problems: &'a mut Problems,
    ) -> Self {
        Self {
            table,
            span,
            section: section(kind),
            path: [""; 3],
            problems,
        }
    }

    /// Where the table begins.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// A text.
    pub(crate) fn text(&mut self, key: &str) -> Option<At<String>> {
        let text = self.take(key, "a text in quotes", |value| {
            value.as_str().map(str::to_owned)
        })?;
        if text.value.len() > TEXT_LIMIT {
            self.wrong(
                key,
                &text.span,
                format!(
                    "`{key}` is {} bytes long; the limit is {TEXT_LIMIT}",
                    text.value.len()
                ),
            );
            return None;
        }
        Some(text)
    }

    /// A text, or a date without quotes.
    pub(crate) fn text_or_date(&mut self, key: &str) -> Option<At<String>> {
        self.take(key, "a time", |value| match value {
            DeValue::Datetime(date) => Some(date.to_string()),
            other => other.as_str().map(str::to_owned),
        })
    }

    /// True or false.
    pub(crate) fn flag(&mut self, key: &str) -> Option<At<bool>> {
        self.take(key, "true or false", |value| value.as_bool())
    }

    /// A whole number from 0.
    pub(crate) fn whole(&mut self, key: &str) -> Option<At<u32>> {
        let number = self.take(key, "a whole number", |value| value.as_integer().map(whole))?;
        let Some(value) = number.value else {
            self.wrong(
                key,
                &number.span,
                format!("`{key}` must be a whole number from 0 to {}", u32::MAX),
            );
            return None;
        };
        Some(At {
            value,
            span: number.span,
        })
    }

    /// A text out of a few.
    pub(crate) fn choice(&mut self, key: &str) -> Option<At<String>> {
        let text = self.text(key)?;
        self.chosen(key, text)
    }

    /// A list of texts out of a few; a wrong one is reported.
    pub(crate) fn choices(&mut self, key: &str) -> Option<At<Vec<At<String>>>> {
        let list = self.texts(key)?;
        let written = list.value.len();
        let chosen = list.value.into_iter();
        let value: Vec<_> = chosen.filter_map(|text| self.chosen(key, text)).collect();
        (value.len() == written).then_some(At {
            value,
            span: list.span,
        })
    }

    fn chosen(&mut self, key: &str, text: At<String>) -> Option<At<String>> {
        let choices = self.section.key(key).map_or(&[][..], |key| &key.choices);
        if choices.contains(&text.value) {
            return Some(text);
        }
        let hint = unknown::choices(&text.value, choices);
        let message = format!("`{key}` cannot be \"{}\"", shortened(&text.value));
        self.problems.error(&text.span, message, hint);
        None
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, key: &str) -> Option<At<Vec<At<String>>>> {
        let (value, span) = self.find(key)?;
        let DeValue::Array(list) = value else {
            self.kind(key, "a list of texts", value, &span);
            return None;
        };
        let mut texts = Vec::new();
        for item in list {
            match item.get_ref() {
                DeValue::String(text) => texts.push(At {
                    value: text.to_string(),
                    span: self.problems.placed(item.span()),
                }),
                other => self.kind(
                    key,
                    "a list of texts in quotes",
                    other,
                    &self.problems.placed(item.span()),
                ),
            }
        }
        // Items of another kind are reported; what is left is still checked.
        (list.is_empty() || !texts.is_empty()).then_some(At { value: texts, span })
    }

    /// A list of texts, or one text that stands for a list of itself.
    pub(crate) fn text_or_texts(&mut self, key: &str) -> Option<At<Vec<At<String>>>> {
        let (value, span) = self.find(key)?;
        match value {
            DeValue::Array(list)
                if list.is_empty() || list.iter().any(|item| item.get_ref().is_str()) =>
            {
                self.texts(key)
            }
            DeValue::String(_) => self.text(key).map(|at| At {
                span: at.span.clone(),
                value: vec![at],
            }),
            other => {
                self.kind(key, "a text or a list of texts", other, &span);
                None
            }
        }
    }

    /// Any table, as JSON.
    pub(crate) fn json(
        &mut self,
        key: &str,
    ) -> Option<At<serde_json::Map<String, serde_json::Value>>> {
        let (value, span) = self.find(key)?;
        let DeValue::Table(table) = value else {
            self.kind(key, "a table", value, &span);
            return None;
        };
        let value = json::object(table, self.problems);
        Some(At { value, span })
    }

    /// A table with keys of its own.
    pub(crate) fn table(&mut self, key: &'static str) -> Option<Keys<'_>> {
        let (value, span) = self.find(key)?;
        let DeValue::Table(table) = value else {
            self.kind(key, "a table", value, &span);
            return None;
        };
        let section = match key {
            "retry" => section(Table::Retry),
            "retention" => section(Table::Retention),
            "blackout" => section(Table::Blackout),
            "off-site" => section(Table::OffSite),
            _ => section(Table::Grants),
        };
        Some(Keys {
            table,
            span,
            section,
            path: [key, "", ""],
            problems: self.problems,
        })
    }

    /// A table of tables, by names that the operator chooses.
    pub(crate) fn tables<T>(
        &mut self,
        key: &'static str,
        of: Table,
        read: impl Fn(Keys<'_>) -> T,
    ) -> Option<BTreeMap<String, T>> {
        let (value, span) = self.find(key)?;
        let DeValue::Table(named) = value else {
            self.kind(key, "a table", value, &span);
            return None;
        };
        let mut found = BTreeMap::new();
        for (name, value) in named {
            let (name, span) = (name.get_ref(), self.problems.placed(value.span()));
            let DeValue::Table(table) = value.get_ref() else {
                let message = format!(
                    "`{key}.{name}` must be a table, not {}",
                    kind_of(value.get_ref())
                );
                let example = match of {
                    Table::Service => {
                        "origin = \"https://compute.example.com\", operations = [\"list\"]"
                    }
                    _ => "path = \"/srv/{tenant}\", access = \"read\"",
                };
                let hint = format!("for example: `{key}.{name} = {{ {example} }}`");
                self.problems.error(&span, message, hint);
                continue;
            };
            let [above, ..] = self.path;
            let keys = Keys {
                table,
                span,
                section: section(of),
                path: [above, key, name],
                problems: self.problems,
            };
            found.insert(name.to_string(), read(keys));
        }
        Some(found)
    }

    /// Reports every key that the table cannot have. Answers with the keys that are there, or are meant to be: what is
    /// misspelt is not missing as well.
    pub(crate) fn refuse_unknown(&mut self) -> BTreeSet<&'static str> {
        let section = self.section;
        let mut given = BTreeSet::new();
        let mut unknown = Vec::new();
        for key in self.table.keys() {
            match section.key(key.get_ref()) {
                Some(known) => {
                    given.insert(known.name.as_str());
                }
                None => unknown.push(key),
            }
        }
        unknown.sort_by_key(|key| key.span().start);
        for key in unknown {
            let message = format!(
                "`{}` is not a key of `{}`",
                shortened(key.get_ref()),
                section.header
            );
            let hint = unknown::hint(key.get_ref(), section);
            let span = self.problems.placed(key.span());
            self.problems.error(&span, message, hint);
            given.extend(unknown::nearest_key(key.get_ref(), section));
        }
        given
    }

    fn take<T>(
        &mut self,
        key: &str,
        kind: &str,
        read: impl Fn(&DeValue<'_>) -> Option<T>,
    ) -> Option<At<T>> {
        let (found, span) = self.find(key)?;
        let value = read(found);
        if value.is_none() {
            self.kind(key, kind, found, &span);
        }
        Some(At {
            value: value?,
            span,
        })
    }

    fn find(&self, key: &str) -> Option<(&'a DeValue<'a>, Range<usize>)> {
        let value: &Spanned<DeValue<'_>> = self.table.get(key)?;
        Some((value.get_ref(), self.problems.placed(value.span())))
    }

    fn kind(&mut self, key: &str, expected: &str, found: &DeValue<'_>, span: &Range<usize>) {
        self.wrong(
            key,
            span,
            format!("`{key}` must be {expected}, not {}", kind_of(found)),
        );
    }

    fn wrong(&mut self, key: &str, span: &Range<usize>, message: String) {
        let hint = match self.section.key(key).and_then(|key| key.example.as_ref()) {
            Some(example) => format!("for example: `{example}`"),
            None if key == "files" => {
                "begin each folder with a line `[schedule.grants.files.NAME]`".to_owned()
            }
            None => {
                let above: String = self
                    .path
                    .iter()
                    .filter(|name| !name.is_empty())
                    .map(|name| format!("{name}."))
                    .collect();
                format!("begin it with a line `[schedule.{above}{key}]`")
            }
        };
        self.problems.error(span, message, hint);
    }
}

fn whole(number: &DeInteger<'_>) -> Option<u32> {
    u32::from_str_radix(number.as_str(), number.radix()).ok()
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
