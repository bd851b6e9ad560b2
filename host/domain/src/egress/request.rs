//! A request of a plugin, parsed into its parts.
//!
//! What is decided on is what is sent: everything is decoded once, and the request that leaves is built again from the
//! parts. A text with two readings (encoded twice, a key given twice, hidden slashes) is refused, not interpreted.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::endpoint::METHODS;

/// Characters that are not encoded in one part of a path (RFC 3986, `pchar`).
const PART: &AsciiSet = &QUERY
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');
/// Characters that are not encoded in a query (RFC 3986, `unreserved`).
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Longest path with its query, in bytes.
const TARGET_LIMIT: usize = 16 * 1024;

/// A request in parts, everything decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedRequest {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The parts of the path between its slashes; one empty part is `/`.
    pub path: Vec<String>,
    /// Keys and values, no key twice.
    pub query: Vec<(String, String)>,
    /// Names in lower case, and values, of the headers that the plugin set itself.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub content: Content,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// No body.
    Empty,
    /// Keys and values, no key twice.
    Form(Vec<(String, String)>),
    /// JSON, no key twice.
    Json(Value),
}

/// The reason why a request cannot be read in exactly one way, as half a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableRequest(pub String);

fn refuse<T>(reason: impl Into<String>) -> Result<T, UnreadableRequest> {
    Err(UnreadableRequest(reason.into()))
}

impl ParsedRequest {
    /// Parses a method, a path with its query, the headers the plugin set and a body.
    ///
    /// # Errors
    /// [`UnreadableRequest`]: something in it has no meaning or more than one.
    pub fn parse(
        method: &str,
        target: &str,
        headers: Vec<(String, String)>,
        body: &[u8],
    ) -> Result<Self, UnreadableRequest> {
        let Some(method) = METHODS.into_iter().find(|known| *known == method) else {
            return refuse("its method is not GET, POST, PUT, PATCH or DELETE");
        };
        if target.len() > TARGET_LIMIT {
            return refuse(format!(
                "its path and query have more than {TARGET_LIMIT} bytes"
            ));
        }
        let visible = |b: u8| b.is_ascii_graphic() && b != b'#' && b != b'\\';
        if !target.bytes().all(visible) {
            return refuse("its path holds a character that must be encoded");
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let Some(path) = path.strip_prefix('/') else {
            return refuse("its path does not begin with a slash");
        };
        let path = path.split('/').map(part).collect::<Result<_, _>>()?;
        let query = pairs("its query", query.as_bytes())?;
        let mut names = BTreeSet::new();
        if let Some((name, _)) = headers
            .iter()
            .find(|(name, _)| !names.insert(name.as_str()))
        {
            return refuse(format!("it has the header `{name}` twice"));
        }
        let content_type = headers.iter().find(|(name, _)| name == "content-type");
        let content = content(content_type.map_or("", |(_, value)| value), body)?;
        Ok(Self {
            method,
            path,
            query,
            headers,
            content,
        })
    }

    /// The path and query as they are sent, below a base path.
    #[must_use]
    pub fn target(&self, base: &str) -> String {
        let mut target = base.to_owned();
        for part in &self.path {
            target.push('/');
            target.extend(utf8_percent_encode(part, PART));
        }
        for (at, (key, value)) in self.query.iter().enumerate() {
            target.push(if at == 0 { '?' } else { '&' });
            target.extend(utf8_percent_encode(key, QUERY));
            target.push('=');
            target.extend(utf8_percent_encode(value, QUERY));
        }
        target
    }

    /// The body as it is sent.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        match &self.content {
            Content::Empty => Vec::new(),
            Content::Form(pairs) => form_urlencoded::Serializer::new(String::new())
                .extend_pairs(pairs)
                .finish()
                .into_bytes(),
            Content::Json(value) => value.to_string().into_bytes(),
        }
    }

    /// The type of the body that is sent.
    #[must_use]
    pub fn content_type(&self) -> Option<&'static str> {
        match self.content {
            Content::Empty => None,
            Content::Form(_) => Some("application/x-www-form-urlencoded"),
            Content::Json(_) => Some("application/json"),
        }
    }
}

/// Decodes one part of a path.
fn part(text: &str) -> Result<String, UnreadableRequest> {
    let decoded =
        decoded(text).ok_or_else(|| UnreadableRequest("its path is encoded wrongly".to_owned()))?;
    if decoded.contains(['/', '\\'])
        || decoded.contains(char::is_control)
        || matches!(&*decoded, "." | "..")
    {
        return refuse("its path hides a slash, a dot part or a control character");
    }
    Ok(decoded.into_owned())
}

/// Decodes `%XX` strictly: no stray percent sign, valid UTF-8.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    for (at, _) in text.match_indices('%') {
        let digits = text.as_bytes().get(at + 1..at + 3)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
    }
    percent_decode_str(text).decode_utf8().ok()
}

fn pairs(what: &str, text: &[u8]) -> Result<Vec<(String, String)>, UnreadableRequest> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (key, value) in form_urlencoded::parse(text) {
        if key.is_empty()
            || key.contains(char::is_control)
            || key.contains(char::REPLACEMENT_CHARACTER)
        {
            return refuse(format!("{what} has a key that is none"));
        }
        if !seen.insert(key.clone()) {
            let shown: String = key.chars().take(64).collect();
            return refuse(format!("{what} has the key `{shown}` twice"));
        }
        found.push((key.into_owned(), value.into_owned()));
    }
    Ok(found)
}

fn content(content_type: &str, body: &[u8]) -> Result<Content, UnreadableRequest> {
    if body.is_empty() {
        return Ok(Content::Empty);
    }
    let (kind, parameters) = content_type
        .split_once(';')
        .unwrap_or((content_type, "charset=utf-8"));
    if !parameters.trim().eq_ignore_ascii_case("charset=utf-8") {
        return refuse("its content type has parameters other than `charset=utf-8`");
    }
    match kind.trim().to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => pairs("its body", body).map(Content::Form),
        "application/json" => match serde_json::from_slice(body) {
            Ok(Unique(value)) => Ok(Content::Json(value)),
            Err(error) => refuse(format!("its body is not JSON with each key once: {error}")),
        },
        _ => {
            refuse("its body is neither `application/json` nor `application/x-www-form-urlencoded`")
        }
    }
}

/// JSON in which no object has a key twice: programs differ in which of the two values they take.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut found = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            found.push(item);
        }
        Ok(Value::Array(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut found = Map::new();
        while let Some((key, Unique(value))) = entries.next_entry::<String, Unique>()? {
            if found.insert(key, value).is_some() {
                return Err(de::Error::custom("a key is there twice"));
            }
        }
        Ok(Value::Object(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(target: &str) -> Result<ParsedRequest, UnreadableRequest> {
        ParsedRequest::parse("GET", target, Vec::new(), b"")
    }

    fn with_body(kind: &str, body: &str) -> Result<ParsedRequest, UnreadableRequest> {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        ParsedRequest::parse("POST", "/", headers, body.as_bytes())
    }

    #[test]
    fn what_is_parsed_is_what_is_sent() {
        for (given, sent) in [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a%20b/c:d", "/a%20b/c:d"),
            ("/%61", "/a"),
            ("/a?b=c+d&e=%26", "/a?b=c%20d&e=%26"),
            ("/a?b", "/a?b="),
        ] {
            assert_eq!(read(given).unwrap().target(""), sent);
        }
        let form = with_body(
            "application/x-www-form-urlencoded",
            "Action=Create%20It&a.1=b",
        )
        .unwrap();
        assert_eq!(form.body(), b"Action=Create+It&a.1=b");
        let json = with_body(
            "application/json; charset=UTF-8",
            r#"{"b": [1, 2.5, "x"], "a": null}"#,
        )
        .unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&json.body()).unwrap(),
            serde_json::json!({"a": null, "b": [1, 2.5, "x"]})
        );
    }

    #[test]
    fn what_could_be_read_twice_is_refused() {
        for target in [
            "a",
            "http://host/",
            "/a/../b",
            "/a/%2e%2e/b",
            "/a%2fb",
            "/a%5cb",
            "/a\\b",
            "/%",
            "/%zz",
            "/%ff",
            "/a%00b",
            "/a#b",
            "/a b",
            "/a?x=1&x=2",
            "/a?=1",
            "/é",
        ] {
            assert!(read(target).is_err(), "{target}");
        }
        for (kind, body) in [
            ("application/json", r#"{"a": 1, "a": 2}"#),
            ("application/json", r#"{"x": {"a": 1, "\u0061": 2}}"#),
            ("application/json", "{} {}"),
            ("application/json", "{"),
            ("application/json; charset=utf-16", "{}"),
            ("application/x-www-form-urlencoded", "a=1&a=2"),
            ("application/x-www-form-urlencoded", "a=1&%61=2"),
            ("text/plain", "hello"),
            ("", "hello"),
        ] {
            assert!(with_body(kind, body).is_err(), "{kind} {body}");
        }
        for method in ["CONNECT", "TRACE", "get", "OPTIONS", "HEAD", ""] {
            assert!(
                ParsedRequest::parse(method, "/", Vec::new(), b"").is_err(),
                "{method}"
            );
        }
        let twice = vec![
            ("accept".to_owned(), "a".to_owned()),
            ("accept".to_owned(), "b".to_owned()),
        ];
        assert!(ParsedRequest::parse("GET", "/", twice, b"").is_err());
    }
}
