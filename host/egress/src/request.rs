//! What goes in and what comes out, with nothing of HTTP's freedoms in it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::egress::{Credential, Policy, ServiceGrant};

/// Longest body of a request, in bytes (`wit/egress.wit`).
pub const BODY_LIMIT: usize = 1 << 20;

/// One service, opened to one call.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The name that the plugin uses.
    pub service: String,
    /// What the operator gave.
    pub grant: ServiceGrant,
    /// What is allowed there.
    pub policy: Policy,
    /// How the host proves there who it is.
    pub credential: Option<Arc<Credential>>,
}

/// A request of a plugin, as it gave it.
#[derive(Clone)]
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// `https`.
    pub scheme: String,
    /// The service's name.
    pub authority: String,
    /// The path, perhaps with a query.
    pub target: String,
    /// Names and values in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// At most [`BODY_LIMIT`] bytes.
    pub body: Vec<u8>,
    /// A shorter time for the connection than the host's own; likewise the next two.
    pub connect_timeout: Option<Duration>,
    /// Until the answer's headers are there.
    pub first_byte_timeout: Option<Duration>,
    /// Between two pieces of the answer.
    pub between_bytes_timeout: Option<Duration>,
}

/// An answer, freed of secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// As the server gave it.
    pub status: u16,
    /// Names in lower case, and values, in order, without those that are about the connection.
    pub headers: Vec<(String, Vec<u8>)>,
    /// All of it.
    pub body: Vec<u8>,
}

/// Without values of headers and bodies, which may hold anything.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("scheme", &self.scheme)
            .field("authority", &self.authority)
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Without values of headers and bodies, which may hold anything.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}
