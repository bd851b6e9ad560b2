//! The one tidy form of a schedule file.
//!
//! Owns: the order of keys, and the promise that meaning and comments stay; it is checked each time.
//! Never: moves a table, a paragraph, a comment or the keys of `config`, or rewrites a value: `1_000` stays `1_000`.
//! Read next: `spacing`, `order`.

use std::fmt;

use toml_edit::{DocumentMut, InlineTable, Item, Table, Value};

use super::comments::comments;
use super::order::Order;
use super::spacing;

/// Says why a text was not tidied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTidied {
    /// It is not TOML.
    Broken(String),
    /// The tidy text would not say the same: a bug, and the file is better left alone.
    Different,
}

impl fmt::Display for NotTidied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(why) => write!(f, "this is not TOML: {why}"),
            Self::Different => f.write_str("the tidy text would not mean the same"),
        }
    }
}

impl std::error::Error for NotTidied {}

/// Brings a schedule file into its tidy form; what is tidy stays as it is.
///
/// # Errors
/// [`NotTidied`]: nothing is to be written.
pub fn tidy(text: &str) -> Result<String, NotTidied> {
    let broken = |error: &dyn fmt::Display| NotTidied::Broken(error.to_string());
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| broken(&error))?;
    table(document.as_table_mut(), Order::of_file());
    spacing::document(&mut document);
    let mut tidied = document.to_string().trim_start_matches('\n').to_owned();
    tidied.truncate(tidied.trim_end_matches(['\n', ' ', '\t']).len());
    if !tidied.is_empty() {
        tidied.push('\n');
    }
    let before: toml::Table = toml::from_str(text).map_err(|error| broken(&error))?;
    let same = toml::from_str::<toml::Table>(&tidied).is_ok_and(|after| after == before)
        && comments(&tidied) == comments(text);
    if same {
        Ok(tidied)
    } else {
        Err(NotTidied::Different)
    }
}

/// Puts the keys of a table and of those inside it in order.
fn table(table: &mut Table, order: Order) {
    let mut before = 0;
    for (paragraph, commented, name) in ordered(table, order) {
        if let Some((mut key, item)) = table.get_key_value_mut(&name).filter(|_| !commented) {
            spacing::set_gap(&mut key, item, paragraph != before);
        }
        before = paragraph;
        // Taken out and put in again, each comes to stand at the end.
        if let Some((key, item)) = table.remove_entry(&name) {
            table.insert_formatted(&key, item);
        }
    }
    for (key, item) in table.iter_mut() {
        let below = order.below(key.get());
        match item {
            Item::Table(inner) => self::table(inner, below),
            Item::ArrayOfTables(list) => {
                list.iter_mut().for_each(|inner| self::table(inner, below))
            }
            Item::Value(inner) => value(inner, below),
            Item::None => {}
        }
    }
}

/// The keys of a table with values, in the order in which they are to stand, each with the number of its paragraph and
/// whether a comment stands above it.
///
/// A blank line or a comment begins a paragraph. Paragraphs stay in their places, and below a comment the first line
/// stays the first: a comment may be about one line or about all of its paragraph.
fn ordered(table: &Table, order: Order) -> Vec<(usize, bool, String)> {
    if order.is_free() {
        return Vec::new();
    }
    let mut keys = Vec::new();
    let mut paragraph = 0;
    for (name, item) in table.iter() {
        let dotted = item.as_table().is_some_and(Table::is_dotted);
        let Some(key) = table.key(name).filter(|_| dotted || item.is_value()) else {
            continue;
        };
        let above = spacing::above(key, item);
        let commented = above.contains('#');
        if commented || above.contains('\n') {
            paragraph += 1;
        }
        keys.push((paragraph, !commented, order.rank(name), name.to_owned()));
    }
    keys.sort_by_key(|(paragraph, follows, rank, _)| (*paragraph, *follows, *rank));
    keys.into_iter()
        .map(|(paragraph, follows, _, name)| (paragraph, !follows, name))
        .collect()
}

fn value(value: &mut Value, order: Order) {
    match value {
        Value::InlineTable(table) => inline(table, order),
        Value::Array(list) => list.iter_mut().for_each(|inner| self::value(inner, order)),
        _ => {}
    }
}

fn inline(table: &mut InlineTable, order: Order) {
    // The last one is not followed by a comma: a comment after it would be moved into the middle of the line.
    if !spacing::commented(&Value::InlineTable(table.clone())) {
        table
            .sort_values_by(|one, _, other, _| order.rank(one.get()).cmp(&order.rank(other.get())));
    }
    for (key, inner) in table.iter_mut() {
        value(inner, order.below(key.get()));
    }
}
