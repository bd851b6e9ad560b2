//! An endpoint: one API call that a plugin may make, as the plugin publishes it (`wit/egress.wit`).
//!
//! Owns: its grammar: method, path template, which query keys, headers and fields of the body a request may have.
//! Read next: `rule`, `template`.

use std::collections::BTreeSet;
use std::fmt;

use super::origin::Origin;
use super::rule::Rule;
use super::template::{TENANT, Template, Values};
use crate::access::Access;

/// Longest text of one part of an endpoint, in bytes; a person reads them.
const TEXT_LIMIT: usize = 512;
/// Most rules of one endpoint.
const RULES_LIMIT: usize = 128;
/// The methods a request can have.
pub(super) const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// An endpoint as a plugin publishes it, before it is checked (`wit/egress.wit`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is documented in wit/egress.wit")]
pub struct RawEndpoint {
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

/// One API call that a plugin may make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Unique in the plugin: lower-case words joined by hyphens.
    pub name: String,
    /// The plugin's name of the service; the operator says where it is.
    pub service: String,
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// The path below the service's origin, beginning with a slash.
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

/// The kind of a request's body, and the rules about its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// No body.
    None,
    /// `application/x-www-form-urlencoded`.
    Form(Vec<Rule>),
    /// `application/json`.
    Json(Vec<Rule>),
}

/// The reason why a published endpoint is invalid, as half a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its operation `{name}` {reason}")]
pub struct InvalidEndpoint {
    /// The name it gives itself, shortened.
    pub name: String,
    /// What is wrong.
    pub reason: String,
}

impl Endpoint {
    /// Parses what a plugin published.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] names the endpoint and what is wrong with it.
    pub fn parse(raw: RawEndpoint) -> Result<Self, InvalidEndpoint> {
        let visible = raw.name.chars().filter(|c| !c.is_control());
        let name: String = visible.take(64).collect();
        Self::checked(raw).map_err(|reason| InvalidEndpoint { name, reason })
    }

    fn checked(raw: RawEndpoint) -> Result<Self, String> {
        for (what, word) in [("name", &raw.name), ("service", &raw.service)] {
            if !is_word(word) {
                return Err(format!(
                    "has a {what} that is not 1 to 63 lower-case letters, digits and inner hyphens"
                ));
            }
        }
        if raw.query.len() + raw.headers.len() + raw.fields.len() > RULES_LIMIT {
            return Err(format!("has more than {RULES_LIMIT} keys"));
        }
        let texts = [&raw.query, &raw.headers, &raw.fields]
            .into_iter()
            .flatten();
        if texts
            .chain([&raw.path, &raw.reason])
            .any(|text| text.len() > TEXT_LIMIT || text.contains(char::is_control))
        {
            return Err(format!(
                "has a text of more than {TEXT_LIMIT} bytes or with control characters"
            ));
        }
        if !METHODS.contains(&raw.method.as_str()) {
            return Err("has a method that is not GET, POST, PUT, PATCH or DELETE".to_owned());
        }
        let access = match raw.access.as_str() {
            "read" => Access::Read,
            "write" => Access::Write,
            _ => return Err("has an access that is neither `read` nor `write`".to_owned()),
        };
        if access == Access::Read && !matches!(raw.method.as_str(), "GET" | "POST") {
            return Err(format!("reads by {}, which changes things", raw.method));
        }
        let path = raw
            .path
            .strip_prefix('/')
            .ok_or("has a path that does not begin with a slash")?;
        let rules = |texts: &[String]| {
            let rules = texts.iter().map(|text| Rule::parse(text));
            rules.collect::<Result<Vec<_>, _>>()
        };
        let body = match (raw.body.as_str(), raw.method.as_str()) {
            ("none", _) if raw.fields.is_empty() => Body::None,
            ("none", _) => return Err("has fields and no body".to_owned()),
            (_, "GET") => return Err("has a body and is a GET".to_owned()),
            ("form", _) => Body::Form(rules(&raw.fields)?),
            ("json", _) => Body::Json(rules(&raw.fields)?),
            _ => return Err("has a body that is not `none`, `form` or `json`".to_owned()),
        };
        Ok(Self {
            path: Template::parse(path)?,
            query: rules(&raw.query)?,
            headers: headers(&raw.headers)?,
            name: raw.name,
            service: raw.service,
            method: raw.method,
            body,
            access,
            reason: raw.reason,
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

    /// Every template in it, the path first.
    fn templates(&self) -> impl Iterator<Item = &Template> {
        let rules = self.query.iter().chain(&self.headers).chain(self.fields());
        std::iter::once(&self.path).chain(rules.filter_map(Rule::value))
    }

    /// Whether any request to it can have this value where the parameter stands.
    pub(super) fn could_take(&self, parameter: &str, value: &str) -> bool {
        // Some servers read a backslash in a path as a slash.
        let in_path = !value.contains('\\') && self.path.could_take(parameter, value);
        let mut others = self.templates().skip(1);
        in_path || others.any(|template| template.could_take(parameter, value))
    }

    /// The parameters an operator must bind; `tenant` is bound by the host.
    #[must_use]
    pub fn to_bind(&self) -> BTreeSet<&str> {
        let bound = self.templates().flat_map(Template::bound);
        bound.filter(|name| *name != TENANT).collect()
    }

    /// Every parameter that may be bound.
    #[must_use]
    pub fn parameters(&self) -> BTreeSet<&str> {
        let names = self.templates().flat_map(Template::names);
        names.filter(|name| *name != TENANT).collect()
    }

    /// What it allows at an origin with the values that were bound, in words a person can approve.
    #[must_use]
    pub fn permission(&self, origin: &Origin, values: &Values) -> String {
        let verb = match self.access {
            Access::Read => "read",
            Access::Write => "change",
        };
        let path = self.path.shown(values);
        let mut words = format!("{verb}: {} {origin}/{path}", self.method);
        for (what, rules) in [
            ("query", self.query.as_slice()),
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

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /{}", self.method, self.path)?;
        for (between, rules) in [(" ?", self.query.as_slice()), (" with ", self.fields())] {
            let valued = rules.iter().filter(|rule| rule.value().is_some());
            for (at, rule) in valued.enumerate() {
                write!(f, "{}{rule}", if at == 0 { between } else { ", " })?;
            }
        }
        Ok(())
    }
}

/// Headers that the host sets, that carry keys, or that turn a request into another one.
const HOST_HEADERS: [&str; 22] = [
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
/// Prefixes of other such headers.
const HOST_HEADER_PREFIXES: [&str; 4] = ["proxy-", "sec-", "x-forwarded-", "x-auth-"];

fn headers(texts: &[String]) -> Result<Vec<Rule>, String> {
    texts.iter().map(|text| header(text)).collect()
}

/// Parses the rule of a header, which must not be one of the host's.
fn header(text: &str) -> Result<Rule, String> {
    let rule = Rule::parse(text)?;
    let name = rule.key();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !name.bytes().all(plain) {
        return Err(format!(
            "has the header `{name}`, which is none in lower case"
        ));
    }
    if HOST_HEADERS.contains(&name.as_str())
        || HOST_HEADER_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
    {
        return Err(format!(
            "wants to set the header `{name}`, which is the host's"
        ));
    }
    Ok(rule)
}

/// Whether a text is 1 to 63 lower-case letters, digits and inner hyphens.
fn is_word(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(good)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
pub(super) mod tests;
