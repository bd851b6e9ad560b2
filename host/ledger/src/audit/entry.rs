//! An entry as bytes: canonical JSON, so that the same facts always hash the same.
//!
//! Keys sorted by their bytes, no spaces, strings as serde_json escapes them, whole numbers only (a fraction has many
//! spellings).

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::error::LedgerError;
use crate::time::whole_ms;

/// The longest entry: bundles give lengths in two bytes.
pub(crate) const ENTRY_BYTES: usize = u16::MAX as usize;

/// Deeper nesting than this is no record of facts.
const DEPTH: usize = 16;

/// Something to put on record. The ledger adds the sequence number and the time.
///
/// Fields are names, ids, digests and counts: personal data is never in an entry. Numbers are whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct AuditEntry {
    kind: &'static str,
    fields: Map<String, Value>,
}

impl AuditEntry {
    /// Makes an entry of an object; only `audit_entries` does, so that each kind has one shape.
    pub(crate) fn new(kind: &'static str, fields: Value) -> Self {
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Self { kind, fields }
    }

    /// Adds the fields of an object.
    pub(crate) fn with(mut self, fields: Value) -> Self {
        if let Value::Object(fields) = fields {
            self.fields.extend(fields);
        }
        self
    }

    /// What happened, as words joined by hyphens.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The facts, by name.
    #[must_use]
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }
}

/// The bytes of an entry at its place in the log.
pub(crate) fn encode(
    entry: &AuditEntry,
    sequence: u64,
    time: Timestamp,
) -> Result<String, LedgerError> {
    let mut text = String::with_capacity(256);
    text.push_str("{\"fields\":");
    write_object(&entry.fields, &mut text, 1).map_err(|why| refused(entry, why))?;
    text.push_str(",\"kind\":");
    write_text(entry.kind, &mut text).map_err(|why| refused(entry, why))?;
    text.push_str(",\"sequence\":");
    text.push_str(&sequence.to_string());
    text.push_str(",\"time\":\"");
    text.push_str(&whole_ms(time).to_string());
    text.push_str("\"}");
    if text.len() > ENTRY_BYTES {
        return Err(refused(entry, "it is longer than 65 535 bytes"));
    }
    Ok(text)
}

fn refused(entry: &AuditEntry, why: &str) -> LedgerError {
    LedgerError::Invalid(format!(
        "the audit entry `{}` cannot be written: {why}",
        entry.kind
    ))
}

/// What a reader needs of an entry, if the bytes are one in canonical form.
pub(crate) fn decode(bytes: &[u8]) -> Option<(u64, Timestamp)> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let Value::Object(object) = &value else {
        return None;
    };
    let mut canonical = String::with_capacity(bytes.len());
    write_object(object, &mut canonical, 0).ok()?;
    let known = ["fields", "kind", "sequence", "time"];
    if canonical.as_bytes() != bytes
        || object.len() != known.len()
        || !known.iter().all(|key| object.contains_key(*key))
    {
        return None;
    }
    Some((
        object.get("sequence")?.as_u64()?,
        object.get("time")?.as_str()?.parse().ok()?,
    ))
}

fn write_object(
    object: &Map<String, Value>,
    text: &mut String,
    depth: usize,
) -> Result<(), &'static str> {
    if depth > DEPTH {
        return Err("it is nested too deeply");
    }
    // serde_json may keep insertion order when another crate asks it to; never rely on it.
    let mut keys: Vec<&String> = object.keys().collect();
    keys.sort_unstable();
    text.push('{');
    for (index, key) in keys.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_text(key, text)?;
        text.push(':');
        if let Some(value) = object.get(key) {
            write_value(value, text, depth + 1)?;
        }
    }
    text.push('}');
    Ok(())
}

fn write_value(value: &Value, text: &mut String, depth: usize) -> Result<(), &'static str> {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) if number.is_i64() || number.is_u64() => {
            text.push_str(&number.to_string())
        }
        Value::Number(_) => return Err("a number in it is not whole"),
        Value::String(string) => write_text(string, text)?,
        Value::Array(_) if depth > DEPTH => return Err("it is nested too deeply"),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(item, text, depth + 1)?;
            }
            text.push(']');
        }
        Value::Object(object) => write_object(object, text, depth)?,
    }
    Ok(())
}

fn write_text(string: &str, text: &mut String) -> Result<(), &'static str> {
    // Most texts are names and times: nothing in them has to be escaped.
    if !string
        .bytes()
        .any(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
    {
        text.push('"');
        text.push_str(string);
        text.push('"');
        return Ok(());
    }
    text.push_str(&serde_json::to_string(string).map_err(|_| "a text in it cannot be written")?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(fields: Value) -> AuditEntry {
        AuditEntry::new("tested", fields)
    }

    #[test]
    fn an_entry_is_sorted_compact_and_carries_its_place_and_time() {
        let entry = entry(json!({ "b": [1, null, "ü\n"], "a": { "y": true, "x": -5 } }));
        let text = encode(&entry, 7, Timestamp::from_millisecond(1_500).unwrap()).unwrap();
        assert_eq!(
            text,
            r#"{"fields":{"a":{"x":-5,"y":true},"b":[1,null,"ü\n"]},"kind":"tested","sequence":7,"time":"1970-01-01T00:00:01.5Z"}"#
        );
        assert_eq!(
            decode(text.as_bytes()),
            Some((7, Timestamp::from_millisecond(1_500).unwrap()))
        );
    }

    #[test]
    fn a_text_is_written_as_serde_json_writes_it() {
        for code in 0..0x1_1000 {
            let Some(character) = char::from_u32(code) else {
                continue;
            };
            let (string, mut text) = (format!("a{character}b"), String::new());
            write_text(&string, &mut text).unwrap();
            assert_eq!(text, serde_json::to_string(&string).unwrap());
        }
    }

    #[test]
    fn what_has_no_single_spelling_is_refused() {
        let refused = |fields| {
            encode(&entry(fields), 0, Timestamp::UNIX_EPOCH)
                .unwrap_err()
                .to_string()
        };
        assert!(refused(json!({ "a": 1.5 })).contains("not whole"));
        assert!(refused(json!({ "a": "x".repeat(65_536) })).contains("65 535"));
        let deep = (0..20).fold(json!(1), |inner, _| json!([inner]));
        assert!(refused(json!({ "a": deep })).contains("nested"));
    }

    #[test]
    fn another_spelling_of_an_entry_is_not_an_entry() {
        for text in [
            r#"{"fields":{},"kind":"k","sequence":0, "time":"1970-01-01T00:00:00Z"}"#,
            r#"{"kind":"k","fields":{},"sequence":0,"time":"1970-01-01T00:00:00Z"}"#,
            r#"{"fields":{},"kind":"k","sequence":0,"time":"1970-01-01T00:00:00Z","x":1}"#,
            r#"{"fields":{},"kind":"k","time":"1970-01-01T00:00:00Z"}"#,
            "[]",
            "",
        ] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }
}
