//! Headers: which a plugin may set, how they are read, and which of an answer it gets.
//!
//! Strict on purpose: a byte that two programs could read in two ways is refused, not interpreted (RFC 9110, RFC 9112).

use http::HeaderName;
use http::header::{HeaderMap, HeaderValue};

use crate::error::{Failure, shown};

/// Most headers of a request, and their most bytes: a plugin needs a handful.
const COUNT_LIMIT: usize = 64;
/// Most bytes of a request's headers.
const BYTES_LIMIT: usize = 16 * 1024;

/// About the connection, about who we are, or about how the body is framed: only the host sets these.
const THE_HOSTS_OWN: [&str; 19] = [
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

/// About one connection (RFC 9110, 7.6.1), or a state that a plugin must not have.
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

/// Whether a header is never a plugin's to set.
pub(crate) fn is_the_hosts_own(name: &str) -> bool {
    THE_HOSTS_OWN.contains(&name) || name.starts_with("proxy-")
}

/// Reads a plugin's headers: names in lower case, values of visible ASCII and inner spaces. `reserved` are names that the
/// credential sets.
///
/// # Errors
/// [`Failure::Malformed`]: a value that could be read in two ways; [`Failure::Denied`]: a header that only the host sets.
/// The sentence begins with `request`.
pub(crate) fn read(
    request: &str,
    given: &[(String, Vec<u8>)],
    authority: &str,
    body: usize,
    reserved: &[String],
) -> Result<Vec<(String, String)>, Failure> {
    let bytes: usize = given
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if given.len() > COUNT_LIMIT || bytes > BYTES_LIMIT {
        return Err(Failure::Malformed(format!(
            "{request} has more than {COUNT_LIMIT} headers or {BYTES_LIMIT} bytes of them"
        )));
    }
    let mut read: Vec<(String, String)> = Vec::new();
    let mut dropped: Vec<&'static str> = Vec::new();
    for (name, value) in given {
        let (name, value) = one(request, name, value)?;
        let harmless = match name.as_str() {
            "host" if value == authority => Some("host"),
            "content-length" if value == body.to_string() => Some("content-length"),
            "accept-encoding" if value == "identity" => Some("accept-encoding"),
            _ => None,
        };
        if let Some(name) = harmless {
            if dropped.contains(&name) {
                return Err(Failure::Malformed(format!(
                    "{request} has the header `{name}` twice"
                )));
            }
            dropped.push(name);
        } else if is_the_hosts_own(&name) || reserved.contains(&name) {
            return Err(Failure::Denied(format!(
                "{request} sets the header `{name}`, which only the host sets"
            )));
        } else {
            read.push((name, value));
        }
    }
    Ok(read)
}

fn one(request: &str, name: &str, value: &[u8]) -> Result<(String, String), Failure> {
    let lower = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
        Failure::Malformed(format!(
            "{request} has a header whose name is none: `{}`",
            shown(name)
        ))
    })?;
    let plain = value.iter().all(|b| b.is_ascii_graphic() || *b == b' ')
        && value.first() != Some(&b' ')
        && value.last() != Some(&b' ');
    match std::str::from_utf8(value) {
        Ok(value) if plain => Ok((lower.as_str().to_owned(), value.to_owned())),
        _ => Err(Failure::Malformed(format!(
            "{request} has a header `{lower}` with something else than visible ASCII in its value"
        ))),
    }
}

/// The headers of an answer that a plugin gets; `Connection` may name more that it does not.
pub(crate) fn of_answer(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
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
