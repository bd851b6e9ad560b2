//! A rule about one key of a query, of the headers or of a body: `key`, `key=TEMPLATE` or `key?=TEMPLATE`.

use std::fmt;

use super::template::{Template, Values};

/// A key that may be in a request, and what its value must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Names joined by dots; `#` is a number, `*` any one name, `**` at the end everything below.
    key: Vec<String>,
    /// Absent: any value.
    value: Option<Template>,
    required: bool,
}

impl Rule {
    /// Parses a rule; an error is half a sentence about the endpoint.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (key, value) = text
            .split_once('=')
            .map_or((text, None), |(key, value)| (key, Some(value)));
        let (key, required) = key
            .strip_suffix('?')
            .map_or((key, value.is_some()), |key| (key, false));
        let key: Vec<String> = key.split('.').map(str::to_owned).collect();
        let deep = key.iter().rev().skip(1).any(|part| part == "**");
        let named = |part: &String| !part.is_empty() && !part.contains(['{', '}', '=']);
        if deep || !key.iter().all(named) {
            return Err(format!("has the key `{text}`, which is none"));
        }
        let value = value.map(Template::parse).transpose()?;
        Ok(Self {
            key,
            value,
            required,
        })
    }

    /// The key as it was written.
    pub(super) fn key(&self) -> String {
        self.key.join(".")
    }

    /// The template of the value; absent: any value.
    pub(super) fn value(&self) -> Option<&Template> {
        self.value.as_ref()
    }

    /// Whether a request must have the key.
    pub(super) fn required(&self) -> bool {
        self.required
    }

    /// Whether the rule is about this key.
    pub(super) fn covers<K: AsRef<str>>(&self, key: &[K]) -> bool {
        match self.key.split_last() {
            Some((last, before)) if last == "**" => key.len() >= before.len() && alike(before, key),
            _ => self.key.len() == key.len() && alike(&self.key, key),
        }
    }

    /// Whether the rule is about something below this key, any value of which may be absent.
    pub(super) fn covers_below<K: AsRef<str>>(&self, key: &[K]) -> bool {
        self.value.is_none() && self.key.len() > key.len() && alike(&self.key, key)
    }

    /// Whether the rule is about everything below this key, whatever its names are.
    pub(super) fn covers_any_below<K: AsRef<str>>(&self, key: &[K]) -> bool {
        let Some((last, before)) = self.key.split_last() else {
            return false;
        };
        let deep = match last.as_str() {
            "**" => key.len() >= before.len(),
            "*" => key.len() == before.len(),
            _ => false,
        };
        deep && self.value.is_none() && alike(before, key)
    }

    /// `key` or `key = value`, with the values that were bound.
    pub(super) fn shown(&self, values: &Values) -> String {
        match &self.value {
            None => self.key(),
            Some(value) => format!("{} = {}", self.key(), value.shown(values)),
        }
    }
}

/// Whether the names agree as far as both go.
fn alike<K: AsRef<str>>(rule: &[String], key: &[K]) -> bool {
    rule.iter()
        .zip(key.iter().map(AsRef::as_ref))
        .all(|(rule, key)| match rule.as_str() {
            "*" => true,
            "#" => !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit()),
            rule => rule == key,
        })
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key())?;
        match (&self.value, self.required) {
            (Some(value), true) => write!(f, "={value}"),
            (Some(value), false) => write!(f, "?={value}"),
            (None, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_may_hold_numbers_and_any_names() {
        let covers = |rule: &str, key: &str| {
            let key: Vec<&str> = key.split('.').collect();
            Rule::parse(rule).unwrap().covers(&key)
        };
        assert!(covers("Tag.#.Key", "Tag.12.Key"));
        assert!(!covers("Tag.#.Key", "Tag.x.Key"));
        assert!(covers("labels.*", "labels.tenant"));
        assert!(!covers("labels.*", "labels.a.b"));
        assert!(covers("config.**", "config.a.b"));
        assert!(!covers("name", "names"));
    }
}
