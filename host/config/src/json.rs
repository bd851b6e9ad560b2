//! A plugin's configuration: TOML values as JSON.
//!
//! Owns: what has no counterpart in JSON.
//! Never: the plugin's own schema; that is checked where the plugin is known.
//! Read next: `reader`.

use std::ops::Range;

use serde_json::{Map, Number, Value};
use toml::de::{DeTable, DeValue};

use crate::problems::Problems;

/// A table as a JSON object. Dates become texts. What JSON cannot say is reported and left out.
pub(crate) fn object(table: &DeTable<'_>, problems: &mut Problems) -> Map<String, Value> {
    let mut object = Map::new();
    for (key, found) in table {
        if let Some(value) = value(found.get_ref(), &found.span(), problems) {
            object.insert(key.get_ref().to_string(), value);
        }
    }
    object
}

fn value(found: &DeValue<'_>, span: &Range<usize>, problems: &mut Problems) -> Option<Value> {
    let json = match found {
        DeValue::String(text) => Some(Value::String(text.to_string())),
        DeValue::Boolean(flag) => Some(Value::Bool(*flag)),
        DeValue::Datetime(date) => Some(Value::String(date.to_string())),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(|number| Value::Number(number.into())),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number),
        DeValue::Array(list) => {
            let items = list
                .iter()
                .filter_map(|item| value(item.get_ref(), &item.span(), problems));
            Some(Value::Array(items.collect()))
        }
        DeValue::Table(table) => Some(Value::Object(object(table, problems))),
    };
    if json.is_none() {
        problems.error(
            &problems.placed(span.clone()),
            "the plugin cannot be given this number",
            "configuration reaches the plugin as JSON, which has no infinity and no whole number beyond 64 bits; \
             if the plugin takes a text, write it in quotes",
        );
    }
    json
}
