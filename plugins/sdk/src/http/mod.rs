//! Requests to the services that a schedule grants: endpoints that are published and granted one by one.
//!
//! Owns: requests and answers, whole. Never: a place, a key, a redirect followed, a second try: the host knows the place,
//! adds the key, and retries by the failure you answer with. Only a plugin that sends imports `wasi:http`.
//! Read next: `endpoint.rs`, then `wit/egress.wit`.

mod endpoint;
#[cfg(target_arch = "wasm32")]
mod wasi;

use std::fmt;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Failure;

pub use endpoint::Endpoint;

/// What stays as it is in a part of a path and in a query (RFC 3986, `unreserved`), and `:`.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':');

/// Characters of an answer shown in a message.
const SHOWN: usize = 200;

/// A request to a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, …
    pub method: &'static str,
    /// The name of the service.
    pub service: String,
    /// Path and query, encoded.
    pub target: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 100 to 599.
    pub status: u16,
    /// Names in lower case, and values; values that are no text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer. Whether a request that changes something was carried out is then unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The request is none of the granted endpoints, or leads to a place that is not.
    Denied(String),
    /// The server cannot be reached, or did not answer in time, or hung up.
    Unreachable(String),
    /// The server is not who it should be, or the host has nothing to prove itself with.
    Untrusted(String),
    /// It answered something that is no HTTP or too much of it.
    Unreadable(String),
}

impl Request {
    fn new(method: &'static str, service: &str, path: &[&str]) -> Self {
        let mut target = String::new();
        for part in path {
            target.push('/');
            target.extend(utf8_percent_encode(part, KEPT));
        }
        if path.is_empty() {
            target.push('/');
        }
        Self {
            method,
            service: service.to_owned(),
            target,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Asks for what is at a path, given in parts that are encoded here.
    #[must_use]
    pub fn get(service: &str, path: &[&str]) -> Self {
        Self::new("GET", service, path)
    }

    /// Adds or does something.
    #[must_use]
    pub fn post(service: &str, path: &[&str]) -> Self {
        Self::new("POST", service, path)
    }

    /// Replaces something.
    #[must_use]
    pub fn put(service: &str, path: &[&str]) -> Self {
        Self::new("PUT", service, path)
    }

    /// Changes something in part.
    #[must_use]
    pub fn patch(service: &str, path: &[&str]) -> Self {
        Self::new("PATCH", service, path)
    }

    /// Deletes something.
    #[must_use]
    pub fn delete(service: &str, path: &[&str]) -> Self {
        Self::new("DELETE", service, path)
    }

    /// Adds a key to the query.
    #[must_use]
    pub fn query(mut self, key: &str, value: impl ToString) -> Self {
        self.target
            .push(if self.target.contains('?') { '&' } else { '?' });
        self.target.extend(utf8_percent_encode(key, KEPT));
        self.target.push('=');
        self.target
            .extend(utf8_percent_encode(&value.to_string(), KEPT));
        self
    }

    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Sends a value as JSON.
    #[must_use]
    pub fn json(mut self, value: &impl Serialize) -> Self {
        // Only a map with keys that are no texts cannot be written; then the host refuses the empty body.
        self.body = serde_json::to_vec(value).unwrap_or_default();
        self.header("content-type", "application/json")
    }

    /// Sends pairs as a form.
    #[must_use]
    pub fn form<K: AsRef<str>, V: AsRef<str>>(mut self, pairs: &[(K, V)]) -> Self {
        let mut text = String::new();
        for (key, value) in pairs {
            if !text.is_empty() {
                text.push('&');
            }
            text.extend(utf8_percent_encode(key.as_ref(), KEPT));
            text.push('=');
            text.extend(utf8_percent_encode(value.as_ref(), KEPT));
        }
        self.body = text.into_bytes();
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// Sends it and waits for the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`Error`]: there is no answer.
    pub fn send(self) -> Result<Response, Error> {
        #[cfg(target_arch = "wasm32")]
        return wasi::send(&self);
        #[cfg(not(target_arch = "wasm32"))]
        return crate::testing::http::answer(self);
    }
}

impl Response {
    /// Whether the status is 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of that name (in lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`Failure::Other`]: it is something else, such as a page of a proxy; what the server did is unknown.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Failure::other(format!(
                "the provider answered {} with something that is not the expected JSON ({error}): {}",
                self.status,
                self.shown()
            ))
        })
    }

    /// The beginning of the body on one line, for a message.
    #[must_use]
    pub fn shown(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars()
            .filter(|c| !c.is_control())
            .take(SHOWN)
            .collect()
    }

    /// How long the server asks to wait (`Retry-After` in seconds, RFC 9110, 10.2.3), at most a day.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds: u64 = self.header("retry-after")?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds.min(86_400)))
    }

    /// What an answer means that the provider did not write: a proxy's, or of something else that answers there. Of what
    /// was asked for it says nothing, so it is only ever trouble on the way.
    #[must_use]
    pub fn foreign(&self, detail: impl Into<String>) -> Failure {
        match self.status {
            408 | 425 | 429 | 500 | 502..=504 => self.failure(detail),
            _ => Failure::Other(detail.into()),
        }
    }

    /// What the status means by itself (RFC 9110, 15; RFC 6585), with a detail of your own; a provider may know better.
    #[must_use]
    pub fn failure(&self, detail: impl Into<String>) -> Failure {
        let detail = detail.into();
        match self.status {
            400 | 405 | 406 | 411 | 413..=417 | 422 => Failure::Invalid(detail),
            401 | 403 | 407 => Failure::Denied(detail),
            404 | 410 => Failure::NotFound(detail),
            409 | 412 | 423 => Failure::Conflict(detail),
            429 => Failure::Throttled(
                detail,
                self.retry_after().unwrap_or(Duration::from_secs(30)),
            ),
            503 if self.retry_after().is_some() => {
                Failure::Throttled(detail, self.retry_after().unwrap_or_default())
            }
            408 | 425 | 500 | 502..=504 => Failure::Unavailable(detail),
            _ => Failure::Other(detail),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(what)
            | Self::Unreachable(what)
            | Self::Untrusted(what)
            | Self::Unreadable(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(what) | Error::Untrusted(what) => Self::Denied(what),
            Error::Unreachable(what) => Self::Unavailable(what),
            Error::Unreadable(what) => Self::Other(what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_encoded_once() {
        let request = Request::get("compute", &["v1", "a b/c", "x:y"])
            .query("filter", "a=b&c")
            .query("n", 3);
        assert_eq!(request.target, "/v1/a%20b%2Fc/x:y?filter=a%3Db%26c&n=3");
        let request = Request::post("ec", &[]).form(&[("Action", "Describe"), ("Tag.1", "a b+c")]);
        assert_eq!(
            (request.target.as_str(), request.body.as_slice()),
            ("/", b"Action=Describe&Tag.1=a%20b%2Bc".as_slice())
        );
        assert_eq!(
            request.headers,
            [(
                "content-type".to_owned(),
                "application/x-www-form-urlencoded".to_owned()
            )]
        );
    }

    #[test]
    fn a_status_says_what_the_host_does_next() {
        let response = |status, headers: &[(&str, &str)]| Response {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: b"<html>\n busy </html>".to_vec(),
        };
        assert_eq!(response(404, &[]).failure("x"), Failure::not_found("x"));
        assert_eq!(
            response(429, &[("retry-after", "7")]).failure("x"),
            Failure::throttled("x", Duration::from_secs(7))
        );
        assert_eq!(response(503, &[]).failure("x"), Failure::unavailable("x"));
        assert_eq!(response(418, &[]).failure("x"), Failure::other("x"));
        let failure = response(200, &[]).json::<serde_json::Value>().unwrap_err();
        assert!(
            matches!(&failure, Failure::Other(detail) if detail.ends_with("<html> busy </html>")),
            "{failure}"
        );
    }
}
