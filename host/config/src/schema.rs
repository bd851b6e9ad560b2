//! The JSON Schema (2020-12) of the files, made from the description of their keys.
//!
//! Owns: how a kind of value is said in JSON Schema.
//! Never: a key of its own.
//! Read next: `section`, `raw`.

use serde_json::{Map, Value, json};

use crate::raw::{CALENDAR, FILE};
use crate::section::{Key, Kind, Section};

/// The JSON Schema of a schedule file, with a description and an example for every key.
#[must_use]
pub fn json_schema() -> Value {
    document(&FILE, "Strongroom schedule file")
}

/// The JSON Schema of a calendar file in TOML.
#[must_use]
pub fn calendar_json_schema() -> Value {
    document(&CALENDAR, "Strongroom calendar file")
}

fn document(section: &Section, title: &str) -> Value {
    let dialect = "https://json-schema.org/draft/2020-12/schema";
    with(with(table(section), "$schema", dialect), "title", title)
}

fn table(section: &Section) -> Value {
    let keys = section.keys.iter();
    let properties = keys.clone().map(|key| (key.name.to_owned(), property(key)));
    let required: Vec<&str> = keys
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    let mut schema = json!({
        "type": "object",
        "description": section.about.trim(),
        "properties": properties.collect::<Map<_, _>>(),
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema = with(schema, "required", required);
    }
    for (rule, sets) in [("oneOf", section.one_of), ("anyOf", section.any_of)] {
        if !sets.is_empty() {
            let sets: Value = sets
                .iter()
                .map(|keys| json!({ "required": keys }))
                .collect();
            schema = with(schema, rule, sets);
        }
    }
    schema
}

fn property(key: &Key) -> Value {
    let mut schema = with(value(key.kind), "description", key.about.trim());
    if let Some(example) = key.example {
        schema = with(schema, "examples", vec![example.json()]);
    }
    if let Some(default) = key.default {
        schema = with(schema, "default", default.json());
    }
    schema
}

fn value(kind: Kind) -> Value {
    let text = json!({ "type": "string" });
    let text_or_texts = json!({ "anyOf": [text, { "type": "array", "items": text }] });
    let object_of = |tables: Value| json!({ "type": "object", "additionalProperties": tables });
    match kind {
        Kind::Text(Some(pattern)) => with(text, "pattern", pattern),
        Kind::Text(None) | Kind::Time => text,
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Whole(least, most) => {
            let schema = json!({ "type": "integer", "format": "uint32", "minimum": least });
            most.map_or(schema.clone(), |most| with(schema, "maximum", most))
        }
        Kind::Choice(choices) => with(text, "enum", choices),
        Kind::Choices(choices) => {
            let items = with(text, "enum", choices);
            json!({ "type": "array", "items": items, "minItems": 1, "uniqueItems": true })
        }
        Kind::Texts(items) => {
            let schema = json!({ "type": "array", "items": text, "maxItems": items.most });
            let schema = at_least(items.least, schema);
            if items.distinct {
                with(schema, "uniqueItems", true)
            } else {
                schema
            }
        }
        Kind::TextOrTexts => text_or_texts,
        Kind::Bounds => object_of(with(text_or_texts, "description", "A text or several.")),
        Kind::Object => object_of(true.into()),
        Kind::Table(section) => table(section),
        Kind::Named(section) => object_of(table(section)),
        Kind::Entries(section, least) => {
            at_least(least, json!({ "type": "array", "items": table(section) }))
        }
    }
}

fn at_least(items: usize, schema: Value) -> Value {
    if items == 0 {
        schema
    } else {
        with(schema, "minItems", items)
    }
}

fn with(mut schema: Value, keyword: &str, value: impl Into<Value>) -> Value {
    if let Value::Object(object) = &mut schema {
        object.insert(keyword.to_owned(), value.into());
    }
    schema
}
