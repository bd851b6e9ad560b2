//! Headers: which a plugin may set, how they are parsed, and which of a response it gets.
//!
//! The rules are strict: a byte that two programs could read in two ways is refused, not interpreted (RFC 9110, RFC 9112).

use http::HeaderName;
use http::header::{HeaderMap, HeaderValue};

use crate::error::{Failure, printable};

/// Most headers of a request, and their most bytes: a plugin needs a handful.
const COUNT_LIMIT: usize = 64;
/// Most bytes of a request's headers.
const BYTES_LIMIT: usize = 16 * 1024;

/// Headers about the connection, the identity or the framing of the body, which only the host sets.
const HOST_HEADERS: [&str; 19] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];

/// Headers of a response about one connection (RFC 9110, 7.6.1), or with a state that a plugin must not have.
const NOT_FOR_PLUGINS: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-connection",
    "set-cookie",
    "set-cookie2",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether only the host sets a header.
pub(crate) fn is_host_header(name: &str) -> bool {
    HOST_HEADERS.contains(&name) || name.starts_with("proxy-")
}

/// Parses a plugin's headers: names in lower case, values of visible ASCII and inner spaces. `reserved` are names that the
/// credential sets; `request` makes the words with which a sentence begins.
pub(crate) fn parse(
    request: &dyn Fn() -> String,
    given: &[(String, Vec<u8>)],
    authority: &str,
    body_length: usize,
    reserved: &[String],
) -> Result<Vec<(String, String)>, Failure> {
    let bytes: usize = given
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if given.len() > COUNT_LIMIT || bytes > BYTES_LIMIT {
        return Err(Failure::Malformed(format!(
            "{} has more than {COUNT_LIMIT} headers or {BYTES_LIMIT} bytes of them",
            request()
        )));
    }
    let mut parsed: Vec<(String, String)> = Vec::with_capacity(given.len());
    let mut dropped: Vec<&'static str> = Vec::new();
    for (name, value) in given {
        let (name, value) = header(request, name, value)?;
        let harmless = match name.as_str() {
            "host" if value == authority => Some("host"),
            "content-length" if value == body_length.to_string() => Some("content-length"),
            "accept-encoding" if value == "identity" => Some("accept-encoding"),
            _ => None,
        };
        if let Some(name) = harmless {
            if dropped.contains(&name) {
                return Err(Failure::Malformed(format!(
                    "{} has the header `{name}` twice",
                    request()
                )));
            }
            dropped.push(name);
        } else if is_host_header(&name) || reserved.contains(&name) {
            return Err(Failure::Denied(format!(
                "{} sets the header `{name}`, which only the host sets",
                request()
            )));
        } else {
            parsed.push((name, value));
        }
    }
    Ok(parsed)
}

fn header(
    request: &dyn Fn() -> String,
    name: &str,
    value: &[u8],
) -> Result<(String, String), Failure> {
    let lower = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
        Failure::Malformed(format!(
            "{} has a header whose name is none: `{}`",
            request(),
            printable(name)
        ))
    })?;
    let plain = value.iter().all(|b| b.is_ascii_graphic() || *b == b' ')
        && value.first() != Some(&b' ')
        && value.last() != Some(&b' ');
    match std::str::from_utf8(value) {
        Ok(value) if plain => Ok((lower.as_str().to_owned(), value.to_owned())),
        _ => Err(Failure::Malformed(format!(
            "{} has a header `{lower}` with something else than visible ASCII in its value",
            request()
        ))),
    }
}

/// Returns the headers of a response that a plugin gets; `Connection` may name more that it does not.
pub(crate) fn for_plugin(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let named: Vec<String> = headers
        .get_all(http::header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let kept = |(name, _): &(&HeaderName, &HeaderValue)| {
        !NOT_FOR_PLUGINS.contains(&name.as_str())
            && !named.iter().any(|other| other == name.as_str())
    };
    headers
        .iter()
        .filter(kept)
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect()
}
