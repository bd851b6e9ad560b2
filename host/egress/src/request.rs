//! The request of a plugin, its response, and the service it is sent to.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::egress::{Credential, Policy, ServiceGrant};

/// Longest body of a request, in bytes (`wit/egress.wit`).
pub const BODY_LIMIT: usize = 1 << 20;

/// One service that is granted to one call.
#[derive(Debug, Clone)]
pub struct GrantedService {
    /// The name that the plugin uses.
    pub name: String,
    /// The operator's grant.
    pub grant: ServiceGrant,
    /// The requests that are allowed there.
    pub policy: Policy,
    /// The credential that the host shows there.
    pub credential: Option<Arc<Credential>>,
}

/// A request of a plugin, unchecked.
#[derive(Clone)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// The scheme; only `https` is allowed.
    pub scheme: String,
    /// The service's name.
    pub authority: String,
    /// The path and the query.
    pub target: String,
    /// Names and values in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// At most [`BODY_LIMIT`] bytes.
    pub body: Vec<u8>,
    /// A limit of the connection that is shorter than the host's own; likewise the next two.
    pub connect_timeout: Option<Duration>,
    /// The limit until the response's headers are there.
    pub first_byte_timeout: Option<Duration>,
    /// The limit between two pieces of the response.
    pub between_bytes_timeout: Option<Duration>,
}

/// The response to a plugin's request, cleared of secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case and values, in order, without those about the connection.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// Leaves out values of headers and bodies, which may hold anything.
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

/// Leaves out values of headers and bodies, which may hold anything.
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
