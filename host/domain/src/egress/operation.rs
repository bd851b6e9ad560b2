//! One operation of a provider's interface, as a plugin publishes it (`wit/egress.wit`).
//!
//! Owns: the grammar: method, path template, which query keys and which fields of the body may be there and with what.

use std::collections::BTreeSet;
use std::fmt;

use super::origin::Origin;
use super::template::{TENANT, Template, Values};
use crate::grants::Access;

/// Longest text of one part of an operation, in bytes; a person reads them.
const TEXT_LIMIT: usize = 512;
/// Most rules of one operation.
const RULES_LIMIT: usize = 128;

/// What a plugin says about an operation, unread (`operation` in `wit/egress.wit`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is documented in wit/egress.wit")]
pub struct OperationText {
    pub name: String,
    pub service: String,
    pub method: String,
    pub path: String,
    pub query: Vec<String>,
    pub headers: Vec<String>,
    pub body: String,
    pub fields: Vec<String>,
    pub access: String,
    pub reason: String,
}

/// One kind of request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Unique in the plugin: lower-case words joined by hyphens.
    pub name: String,
    /// Of which service; the operator says where it is.
    pub service: String,
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// From the service's own root, beginning with a slash.
    pub path: Template,
    /// Keys of the query.
    pub query: Vec<Rule>,
    /// Headers beside those that every plugin may set.
    pub headers: Vec<Rule>,
    /// The body.
    pub body: Body,
    /// Reading leaves everything as it is; only that is allowed in a dry run.
    pub access: Access,
    /// One sentence for the person who grants it.
    pub reason: String,
}

/// What the body of a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    None,
    /// `application/x-www-form-urlencoded`.
    Form(Vec<Rule>),
    /// `application/json`.
    Json(Vec<Rule>),
}

/// A key that may be in a query or body, and what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Names joined by dots; `#` is a number, `*` any one name, `**` at the end everything below.
    key: Vec<String>,
    /// Absent: anything.
    value: Option<Template>,
    /// It must be there.
    required: bool,
}

/// Why an operation is none; half a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its operation `{name}` {reason}")]
pub struct InvalidOperation {
    /// The name it gives itself, shortened.
    pub name: String,
    /// What is wrong.
    pub reason: String,
}

impl Operation {
    /// Reads what a plugin published.
    ///
    /// # Errors
    /// [`InvalidOperation`] names the operation and what is wrong with it.
    pub fn read(text: OperationText) -> Result<Self, InvalidOperation> {
        let name: String = text
            .name
            .chars()
            .filter(|c| !c.is_control())
            .take(64)
            .collect();
        Self::checked(text).map_err(|reason| InvalidOperation { name, reason })
    }

    fn checked(text: OperationText) -> Result<Self, String> {
        for (what, word) in [("name", &text.name), ("service", &text.service)] {
            if !is_word(word) {
                return Err(format!(
                    "has a {what} that is not 1 to 63 lower-case letters, digits and inner hyphens"
                ));
            }
        }
        if text.query.len() + text.headers.len() + text.fields.len() > RULES_LIMIT {
            return Err(format!("has more than {RULES_LIMIT} keys"));
        }
        let long = text
            .query
            .iter()
            .chain(&text.headers)
            .chain(&text.fields)
            .chain([&text.path, &text.reason]);
        if long
            .into_iter()
            .any(|part| part.len() > TEXT_LIMIT || part.contains(char::is_control))
        {
            return Err(format!(
                "has a text of more than {TEXT_LIMIT} bytes or with control characters"
            ));
        }
        if !matches!(
            text.method.as_str(),
            "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
        ) {
            return Err("has a method that is not GET, POST, PUT, PATCH or DELETE".to_owned());
        }
        let access = match text.access.as_str() {
            "read" => Access::Read,
            "write" => Access::Write,
            _ => return Err("has an access that is neither `read` nor `write`".to_owned()),
        };
        if access == Access::Read && !matches!(text.method.as_str(), "GET" | "POST") {
            return Err(format!("reads by {}, which changes things", text.method));
        }
        let path = text
            .path
            .strip_prefix('/')
            .ok_or("has a path that does not begin with a slash")?;
        let rules = |texts: &[String]| {
            texts
                .iter()
                .map(|text| Rule::parse(text))
                .collect::<Result<Vec<_>, _>>()
        };
        let body = match (text.body.as_str(), text.method.as_str()) {
            ("none", _) if text.fields.is_empty() => Body::None,
            ("none", _) => return Err("has fields and no body".to_owned()),
            (_, "GET") => return Err("has a body and is a GET".to_owned()),
            ("form", _) => Body::Form(rules(&text.fields)?),
            ("json", _) => Body::Json(rules(&text.fields)?),
            _ => return Err("has a body that is not `none`, `form` or `json`".to_owned()),
        };
        Ok(Self {
            path: Template::parse(path)?,
            query: rules(&text.query)?,
            headers: headers(&text.headers)?,
            name: text.name,
            service: text.service,
            method: text.method,
            body,
            access,
            reason: text.reason,
        })
    }

    /// The rules of its body.
    #[must_use]
    pub fn fields(&self) -> &[Rule] {
        match &self.body {
            Body::None => &[],
            Body::Form(rules) | Body::Json(rules) => rules,
        }
    }

    /// Every template in it.
    fn templates(&self) -> impl Iterator<Item = &Template> {
        let values = self
            .query
            .iter()
            .chain(&self.headers)
            .chain(self.fields())
            .filter_map(|rule| rule.value.as_ref());
        std::iter::once(&self.path).chain(values)
    }

    /// Whether any request of it can have this value where the parameter stands.
    pub(super) fn could_take(&self, parameter: &str, value: &str) -> bool {
        // In a path a backslash is read as a slash by some.
        let in_path = !value.contains('\\') && self.path.could_take(parameter, value);
        let mut others = self.templates().skip(1);
        in_path || others.any(|template| template.could_take(parameter, value))
    }

    /// The parameters an operator must bind; `tenant` is bound by the host.
    #[must_use]
    pub fn to_bind(&self) -> BTreeSet<&str> {
        self.templates()
            .flat_map(Template::bound)
            .filter(|name| *name != TENANT)
            .collect()
    }

    /// Every parameter that may be bound.
    #[must_use]
    pub fn parameters(&self) -> BTreeSet<&str> {
        self.templates()
            .flat_map(Template::names)
            .filter(|name| *name != TENANT)
            .collect()
    }
}

/// Headers that the host sets, that carry keys, or that make another request of it.
const OWN_HEADERS: [&str; 22] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
];
/// How other such headers begin.
const OWN_BEGINNINGS: [&str; 4] = ["proxy-", "sec-", "x-forwarded-", "x-auth-"];

fn headers(texts: &[String]) -> Result<Vec<Rule>, String> {
    let rule = |text: &String| {
        let rule = Rule::parse(text)?;
        let name = rule.key.join(".");
        if name
            .bytes()
            .any(|b| !(b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
        {
            return Err(format!(
                "has the header `{name}`, which is none in lower case"
            ));
        }
        let own = OWN_HEADERS.contains(&name.as_str())
            || OWN_BEGINNINGS.iter().any(|begin| name.starts_with(begin));
        if own {
            Err(format!(
                "wants to set the header `{name}`, which is the host's"
            ))
        } else {
            Ok(rule)
        }
    };
    texts.iter().map(rule).collect()
}

impl Operation {
    /// What it allows at a place with the values that were bound, in words a person can approve.
    #[must_use]
    pub fn permission(&self, origin: &Origin, values: &Values) -> String {
        let verb = if self.access == Access::Read {
            "read"
        } else {
            "change"
        };
        let mut words = format!(
            "{verb}: {} {origin}/{}",
            self.method,
            self.path.shown(values)
        );
        for (what, rules) in [
            ("query", &self.query[..]),
            ("headers", &self.headers),
            ("body", self.fields()),
        ] {
            let shown: Vec<String> = rules.iter().map(|rule| rule.shown(values)).collect();
            if !shown.is_empty() {
                words.push_str(&format!("; {what}: {}", shown.join(", ")));
            }
        }
        words
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /{}", self.method, self.path)?;
        for (between, rules) in [(" ?", self.query.as_slice()), (" with ", self.fields())] {
            for (at, rule) in rules.iter().filter(|rule| rule.value.is_some()).enumerate() {
                write!(f, "{}{rule}", if at == 0 { between } else { ", " })?;
            }
        }
        Ok(())
    }
}

impl Rule {
    fn parse(text: &str) -> Result<Self, String> {
        let (key, value) = text
            .split_once('=')
            .map_or((text, None), |(key, value)| (key, Some(value)));
        let (key, required) = key
            .strip_suffix('?')
            .map_or((key, value.is_some()), |key| (key, false));
        let key: Vec<String> = key.split('.').map(str::to_owned).collect();
        let deep = key.iter().rev().skip(1).any(|part| part == "**");
        if deep
            || key
                .iter()
                .any(|part| part.is_empty() || part.contains(['{', '}', '=']))
        {
            return Err(format!("has the key `{text}`, which is none"));
        }
        let value = value.map(Template::parse).transpose()?;
        Ok(Self {
            key,
            value,
            required,
        })
    }

    /// Whether the rule is about this key.
    pub(super) fn covers(&self, key: &[String]) -> bool {
        match self.key.split_last() {
            Some((last, before)) if last == "**" => key.len() >= before.len() && alike(before, key),
            _ => self.key.len() == key.len() && alike(&self.key, key),
        }
    }

    /// Whether the rule is about something below this key, where nothing is.
    pub(super) fn covers_below(&self, key: &[String]) -> bool {
        self.value.is_none()
            && self.key.len() > key.len()
            && alike(self.key.get(..key.len()).unwrap_or_default(), key)
    }

    /// Whether everything below this key is covered, whatever its names are.
    pub(super) fn covers_any_below(&self, key: &[String]) -> bool {
        matches!(self.key.split_last(), Some((last, before))
            if self.value.is_none() && (last == "**" && key.len() >= before.len() || last == "*" && key.len() == before.len()) && alike(before, key))
    }

    /// As `key` or `key = value`.
    fn shown(&self, values: &Values) -> String {
        let key = self.key.join(".");
        self.value.as_ref().map_or(key.clone(), |value| {
            format!("{key} = {}", value.shown(values))
        })
    }

    /// What the value must be.
    pub(super) fn value(&self) -> Option<&Template> {
        self.value.as_ref()
    }

    /// Whether it must be there.
    pub(super) fn required(&self) -> bool {
        self.required
    }
}

fn alike(rule: &[String], key: &[String]) -> bool {
    rule.iter().zip(key).all(|(rule, key)| match rule.as_str() {
        "*" => true,
        "#" => !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit()),
        rule => rule == key,
    })
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key.join("."))?;
        match (&self.value, self.required) {
            (Some(value), true) => write!(f, "={value}"),
            (Some(value), false) => write!(f, "?={value}"),
            (None, _) => Ok(()),
        }
    }
}

/// 1 to 63 lower-case letters, digits and inner hyphens.
fn is_word(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(good)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
pub(super) mod tests;
