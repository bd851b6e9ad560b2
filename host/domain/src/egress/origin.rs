//! The origin of a service: scheme, host, port and base path (RFC 6454, RFC 3986).

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The protocol of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Without TLS: only to addresses that the grant names.
    Http,
    /// With TLS.
    Https,
}

/// Where a service is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    /// The protocol.
    pub scheme: Scheme,
    /// A name in lower case, or an address (IPv6 without brackets).
    pub host: String,
    /// The port, by default that of the scheme.
    pub port: u16,
    /// The base path: empty, or begins with a slash and does not end with one.
    pub path: String,
}

/// The reason why a text is not an origin, as half a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidOrigin(pub &'static str);

impl Origin {
    /// Parses `https://host`, perhaps with port and path.
    ///
    /// # Errors
    /// [`InvalidOrigin`] says what is wrong in half a sentence.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        let fail = |reason| Err(InvalidOrigin(reason));
        let (scheme, rest) = match text.split_once("://") {
            Some(("https", rest)) => (Scheme::Https, rest),
            Some(("http", rest)) => (Scheme::Http, rest),
            _ => return fail("it does not begin with `https://` or `http://`"),
        };
        if rest.contains(['?', '#', '@', '\\', '%']) || !rest.bytes().all(|b| b.is_ascii_graphic())
        {
            return fail("it holds something else than host, port and path");
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path = path.strip_suffix('/').unwrap_or(path);
        if path
            .split('/')
            .skip(1)
            .any(|part| matches!(part, "" | "." | ".."))
        {
            return fail("its path has an empty or a dot part");
        }
        let (host, port) = match authority
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
        {
            Some((host, "")) => (host, None),
            Some((host, rest)) => (host, Some(rest.strip_prefix(':').unwrap_or("none"))),
            None => authority
                .split_once(':')
                .map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        let default = if scheme == Scheme::Https { 443 } else { 80 };
        let port = port.map_or(Ok(default), |port| {
            port.parse().ok().filter(|port| *port != 0).ok_or(())
        });
        let Ok(port) = port else {
            return fail("its port is not 1 to 65535");
        };
        let host = host.to_ascii_lowercase();
        if !(is_name(&host) || (host.parse::<IpAddr>().is_ok())) {
            return fail("its host is neither a name nor an address");
        }
        Ok(Self {
            scheme,
            host,
            port,
            path: path.to_owned(),
        })
    }

    /// The value of `Host`: with the port if it is not the scheme's own (RFC 9110, 7.2).
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match (self.scheme, self.port) {
            (Scheme::Https, 443) | (Scheme::Http, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }

    /// Whether both have the same scheme, host and port, whatever the path.
    #[must_use]
    pub fn same_server(&self, other: &Self) -> bool {
        (self.scheme, &self.host, self.port) == (other.scheme, &other.host, other.port)
    }
}

/// Whether a text is a DNS name: labels of letters, digits, hyphens and underscores, the last not a number, which would
/// be an address in another form.
fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253
        && host.split('.').all(label)
        && last.starts_with(|c: char| c.is_ascii_alphabetic())
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.scheme == Scheme::Https {
            "https"
        } else {
            "http"
        };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

impl TryFrom<String> for Origin {
    type Error = InvalidOrigin;
    fn try_from(text: String) -> Result<Self, InvalidOrigin> {
        Self::parse(&text)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_parsed_and_written_in_one_way() {
        for (text, written) in [
            ("https://Compute.Example.com", "https://compute.example.com"),
            (
                "https://compute.example.com:443/",
                "https://compute.example.com",
            ),
            ("https://host:8776/v3/abc/", "https://host:8776/v3/abc"),
            ("http://127.0.0.1:80", "http://127.0.0.1"),
            ("https://[::1]:8443", "https://[::1]:8443"),
            ("https://[::1]", "https://[::1]"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().to_string(), written, "{text}");
        }
        assert_eq!(
            Origin::parse("https://host:8443").unwrap().authority(),
            "host:8443"
        );
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "ftp://host",
            "host",
            "https://",
            "https://user@host",
            "https://host?x",
            "https://host#x",
            "https://a b",
            "https://host:0",
            "https://host:99999",
            "https://host:",
            "https://[::1",
            "https://[::1]x",
            "https://-a",
            "https://a..b",
            "https://host/a//b",
            "https://host/../x",
            "https://0x7f.1",
            "https://2130706433",
            "https://host%2e",
            "https://ho\u{430}st",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }
}
