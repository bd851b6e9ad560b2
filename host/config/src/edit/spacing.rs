//! Blanks, blank lines and line breaks between what a file says.
//!
//! Owns: one blank line before each table, at most one anywhere else, `key = value`, lists on one line or one to a line.
//! Never: touches the text of a comment or a value; a list with comments in it stays as it was laid out.

use toml_edit::{
    Array, Decor, DocumentMut, InlineTable, Item, Key, KeyMut, RawString, Table, Value,
};

/// Longer lists are put one element to a line.
const COLUMNS: usize = 100;
const INDENT: &str = "\n    ";

/// Lays out a whole file.
pub(super) fn document(document: &mut DocumentMut) {
    let trailing = lines(document.trailing());
    document.set_trailing(if trailing.is_empty() {
        String::new()
    } else {
        format!("\n{trailing}")
    });
    table(document.as_table_mut(), &mut true);
}

/// Lays out a table; `first`: no key of it was printed yet.
fn table(table: &mut Table, first: &mut bool) {
    for (mut key, item) in table.iter_mut() {
        match item {
            Item::Value(value) => line(&mut key, value, first),
            Item::Table(inner) if inner.is_dotted() => {
                dotted(&mut key);
                self::table(inner, first);
            }
            Item::Table(inner) => {
                header(&mut key, inner);
                self::table(inner, &mut true);
            }
            Item::ArrayOfTables(list) => {
                for inner in list.iter_mut() {
                    header(&mut key, inner);
                    self::table(inner, &mut true);
                }
            }
            Item::None => {}
        }
    }
}

fn header(key: &mut KeyMut<'_>, table: &mut Table) {
    dotted(key);
    plain(key.leaf_decor_mut());
    let decor = table.decor_mut();
    let above = decor.prefix().map(lines).unwrap_or_default();
    decor.set_prefix(format!("\n{above}"));
    let beside = decor.suffix().map(remark).unwrap_or_default();
    decor.set_suffix(beside);
}

/// A key with its value on a line, below the comments that belong to it.
fn line(key: &mut KeyMut<'_>, value: &mut Value, first: &mut bool) {
    dotted(key);
    let decor = key.leaf_decor_mut();
    let raw = decor.prefix().map(text).unwrap_or_default();
    let apart = !std::mem::take(first) && gap(raw);
    let above = decor.prefix().map(lines).unwrap_or_default();
    decor.set_prefix(if apart { format!("\n{above}") } else { above });
    decor.set_suffix(" ");
    let beside = value.decor().suffix().map(remark).unwrap_or_default();
    let room = COLUMNS.saturating_sub(key.display_repr().chars().count() + 3);
    layout(value, room);
    *value.decor_mut() = Decor::new(" ", beside);
}

fn dotted(key: &mut KeyMut<'_>) {
    plain(key.dotted_decor_mut());
}

/// Nothing around a key, unless a comment stands there.
fn plain(decor: &mut Decor) {
    let comment = [decor.prefix(), decor.suffix()]
        .into_iter()
        .flatten()
        .any(|raw| text(raw).contains('#'));
    if !comment {
        *decor = Decor::new("", "");
    }
}

/// A value without what is around it.
fn layout(value: &mut Value, room: usize) {
    if commented(value) {
        return;
    }
    match value {
        Value::Array(list) => {
            one_line(list);
            let mut alone = list.clone();
            *alone.decor_mut() = Decor::new("", "");
            if alone.to_string().chars().count() > room {
                one_to_a_line(list);
            }
        }
        Value::InlineTable(table) => braces(table),
        _ => {}
    }
}

fn one_line(list: &mut Array) {
    for (index, value) in list.iter_mut().enumerate() {
        layout(value, usize::MAX);
        *value.decor_mut() = Decor::new(if index == 0 { "" } else { " " }, "");
    }
    list.set_trailing("");
    list.set_trailing_comma(false);
}

fn one_to_a_line(list: &mut Array) {
    for value in list.iter_mut() {
        *value.decor_mut() = Decor::new(INDENT, "");
    }
    list.set_trailing("\n");
    list.set_trailing_comma(true);
}

fn braces(table: &mut InlineTable) {
    table.set_trailing("");
    table.set_trailing_comma(false);
    let last = table.len().saturating_sub(1);
    for (index, (mut key, value)) in table.iter_mut().enumerate() {
        let end = if index == last { " " } else { "" };
        dotted(&mut key);
        *key.leaf_decor_mut() = Decor::new(" ", " ");
        match value {
            Value::InlineTable(inner) if inner.is_dotted() => {
                braces(inner);
                last_of(inner, end);
            }
            value => {
                layout(value, usize::MAX);
                *value.decor_mut() = Decor::new(" ", end);
            }
        }
    }
}

/// What follows the last value of a dotted key.
fn last_of(table: &mut InlineTable, end: &str) {
    if let Some((_, value)) = table.iter_mut().last() {
        match value {
            Value::InlineTable(inner) if inner.is_dotted() => last_of(inner, end),
            value => value.decor_mut().set_suffix(end),
        }
    }
}

/// Whether there is a comment inside a value.
pub(super) fn commented(value: &Value) -> bool {
    let mut bare = value.clone();
    *bare.decor_mut() = Decor::new("", "");
    !super::comments::comments(&bare.to_string()).is_empty()
}

/// Whether a blank line stands above the first comment, or above the line.
fn gap(above: &str) -> bool {
    above
        .split('#')
        .next()
        .is_some_and(|blank| blank.contains('\n'))
}

/// Puts nothing above a key, or a blank line.
pub(super) fn set_gap(key: &mut KeyMut<'_>, item: &mut Item, gap: bool) {
    match item {
        Item::Table(inner) if inner.is_dotted() => {
            if let Some((mut key, item)) = inner.iter_mut().next() {
                set_gap(&mut key, item, gap);
            }
        }
        _ => key.leaf_decor_mut().set_prefix(if gap { "\n" } else { "" }),
    }
}

/// Blank lines and comments above a key; above the first line, if it is written with dots.
pub(super) fn above<'a>(key: &'a Key, item: &'a Item) -> &'a str {
    let inner = item
        .as_table()
        .filter(|table| table.is_dotted())
        .and_then(|table| {
            let (name, item) = table.iter().next()?;
            Some(above(table.key(name)?, item))
        });
    inner.unwrap_or_else(|| key.leaf_decor().prefix().map(text).unwrap_or_default())
}

fn text(raw: &RawString) -> &str {
    raw.as_str().unwrap_or_default()
}

/// The lines above something: comments without indentation, one blank line at most, none at the start.
fn lines(raw: &RawString) -> String {
    let mut out = String::new();
    let mut blank = true;
    let all = text(raw);
    for line in all.lines() {
        let line = line.trim();
        if line.is_empty() {
            if !blank {
                out.push('\n');
            }
            blank = true;
        } else {
            out.push_str(line);
            out.push('\n');
            blank = false;
        }
    }
    out
}

/// A comment beside something, where it was: columns of comments stay columns.
fn remark(raw: &RawString) -> String {
    let comment = text(raw).trim_end();
    if comment.is_empty() || comment.starts_with([' ', '\t']) {
        comment.to_owned()
    } else {
        format!(" {comment}")
    }
}
