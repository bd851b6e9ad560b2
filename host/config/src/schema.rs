//! The JSON Schema of schedule files, and what messages need of it: keys, examples, choices.
//!
//! Owns: the published schema.
//! Never: reads a file.
//! Read next: `written`, where the keys are described.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::raw::{RawCalendar, RawFile};

/// The JSON Schema (2020-12) of a schedule file, with a description and an example for every key.
#[must_use]
pub fn json_schema() -> Value {
    schema_of::<RawFile>()
}

/// The JSON Schema (2020-12) of a calendar file in TOML.
#[must_use]
pub fn calendar_json_schema() -> Value {
    schema_of::<RawCalendar>()
}

fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(RecursiveTransform(without_null))
        .with_transform(RecursiveTransform(without_line_breaks));
    settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// TOML has no null: a key is there or not.
fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(some)) = schema.get_mut("anyOf") {
        some.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
        // What is left of an optional choice is the choice itself.
        if let [Value::Object(one)] = some.as_slice()
            && one.contains_key("anyOf")
        {
            let inner = one.get("anyOf").cloned().unwrap_or_default();
            schema.insert("anyOf".to_owned(), inner);
        }
    }
    let Some(Value::Array(kinds)) = schema.get("type") else {
        return;
    };
    let mut kinds = kinds.clone();
    kinds.retain(|kind| kind != "null");
    if let [kind] = kinds.as_slice() {
        schema.insert("type".to_owned(), kind.clone());
    }
}

/// Editors show a description as one paragraph.
fn without_line_breaks(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}

/// A table of the schedule file and its keys.
#[derive(Debug)]
pub(crate) struct Section {
    /// As a person writes it: `[schedule.retry]`.
    pub(crate) header: &'static str,
    pub(crate) keys: Vec<Key>,
}

/// A key, by its schema.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    /// A line that could stand in the file.
    pub(crate) example: Option<String>,
    /// The only values it may have; empty: any.
    pub(crate) choices: Vec<String>,
}

/// Which table a set of keys is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    File,
    Schedule,
    Retry,
    Retention,
    OffSite,
    Blackout,
    Grants,
    Tree,
    Service,
    Credential,
    Limit,
    Day,
    Time,
}

const TABLES: [(Table, &str, &str); 13] = [
    (Table::File, "a schedule file", ""),
    (
        Table::Schedule,
        "[[schedule]]",
        "/properties/schedule/items",
    ),
    (
        Table::Retry,
        "[schedule.retry]",
        "/properties/schedule/items/properties/retry",
    ),
    (
        Table::Retention,
        "[schedule.retention]",
        "/properties/schedule/items/properties/retention",
    ),
    (
        Table::OffSite,
        "[schedule.off-site]",
        "/properties/schedule/items/properties/off-site",
    ),
    (
        Table::Blackout,
        "[schedule.blackout]",
        "/properties/schedule/items/properties/blackout",
    ),
    (
        Table::Grants,
        "[schedule.grants]",
        "/properties/schedule/items/properties/grants",
    ),
    (
        Table::Tree,
        "[schedule.grants.files.NAME]",
        "/properties/schedule/items/properties/grants/properties/files/additionalProperties",
    ),
    (
        Table::Service,
        "[schedule.grants.http.SERVICE]",
        "/properties/schedule/items/properties/grants/properties/http/additionalProperties",
    ),
    (
        Table::Credential,
        "[[credential]]",
        "/properties/credential/items",
    ),
    (Table::Limit, "[[limit]]", "/properties/limit/items"),
    (Table::Day, "[[day]]", "/properties/day/items"),
    (Table::Time, "[[time]]", "/properties/time/items"),
];

static SECTIONS: LazyLock<Vec<(Table, Section)>> = LazyLock::new(|| {
    let schemas = [json_schema(), calendar_json_schema()];
    let section = |(table, header, place): (Table, &'static str, &str)| {
        let properties = schemas
            .iter()
            .find_map(|schema| schema.pointer(place)?.get("properties"))
            .and_then(Value::as_object);
        let keys = properties.into_iter().flatten();
        let mut keys: Vec<_> = keys.map(|(name, described)| key(name, described)).collect();
        // Messages list them; the order of a JSON object depends on how serde_json was built.
        keys.sort_by(|one, other| one.name.cmp(&other.name));
        (table, Section { header, keys })
    };
    TABLES.into_iter().map(section).collect()
});

/// Every table of the file.
pub(crate) fn sections() -> impl Iterator<Item = (Table, &'static Section)> {
    SECTIONS.iter().map(|(table, section)| (*table, section))
}

/// One table of the file.
pub(crate) fn section(table: Table) -> &'static Section {
    static NONE: Section = Section {
        header: "",
        keys: Vec::new(),
    };
    sections()
        .find(|(other, _)| *other == table)
        .map_or(&NONE, |(_, section)| section)
}

impl Section {
    pub(crate) fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

fn key(name: &str, described: &Value) -> Key {
    let list = |at: &str| {
        described
            .get(at)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let of_items = described
        .pointer("/items/enum")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let choices = list("enum")
        .iter()
        .chain(&of_items)
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    // JSON's texts, numbers, truth values and lists are TOML's as well.
    let example = list("examples")
        .first()
        .map(|value| format!("{name} = {}", value.to_string().replace("\",\"", "\", \"")));
    Key {
        name: name.to_owned(),
        example,
        choices,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(schema: &Value, at: &str, missing: &mut Vec<String>) {
        for (name, key) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let at = format!("{at}.{name}");
            let text = key["description"].as_str().unwrap_or_default();
            let table = key["type"] == "object" || key["items"]["type"] == "object";
            if !text.ends_with('.')
                || text.contains('\n')
                || (!table && key["examples"][0].is_null())
            {
                missing.push(at.clone());
            }
            for below in [key, &key["items"], &key["additionalProperties"]] {
                described(below, &at, missing);
            }
        }
    }

    #[test]
    fn every_key_has_a_description_and_an_example() {
        let mut missing = Vec::new();
        described(&json_schema(), "", &mut missing);
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn every_table_of_the_file_is_found_in_the_schema() {
        for (_, section) in sections() {
            assert!(!section.keys.is_empty(), "{}", section.header);
        }
        assert_eq!(
            section(Table::Retry)
                .key("delay")
                .unwrap()
                .example
                .as_deref(),
            Some("delay = \"2m\"")
        );
        assert_eq!(
            section(Table::Schedule).key("missed").unwrap().choices,
            ["latest", "all", "none"]
        );
    }

    #[test]
    fn nothing_in_the_schema_may_be_null() {
        assert!(!json_schema().to_string().contains("\"null\""));
    }
}
