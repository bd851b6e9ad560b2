//! One service of one call: its grant, the strict parsing of its requests, and its idle connections.
//!
//! Never: gives a connection to another call or service.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use strongroom_domain::egress::ParsedRequest;

use crate::auth;
use crate::connection::{Connection, Limits};
use crate::dial::{AllowedAddresses, Server};
use crate::error::{Failure, printable};
use crate::headers;
use crate::request::{BODY_LIMIT, GrantedService, Request};

/// A server that sends nothing for this long is gone, whatever the grant allows in all.
const SILENCE: Duration = Duration::from_secs(30);

/// A service of one call.
pub(crate) struct Service {
    pub(crate) granted: GrantedService,
    /// Headers that the credential sets.
    reserved: Vec<String>,
    /// Connections that wait for the next request.
    idle: Mutex<Vec<Connection>>,
}

impl Service {
    pub(crate) fn new(granted: GrantedService) -> Self {
        let credential = granted.credential.as_deref();
        Self {
            reserved: credential.map(auth::reserved).unwrap_or_default(),
            granted,
            idle: Mutex::default(),
        }
    }

    pub(crate) fn server(&self) -> Server<'_> {
        let grant = &self.granted.grant;
        Server {
            origin: &grant.origin,
            addresses: AllowedAddresses::Granted(&grant.addresses),
            trust: grant.trust.as_deref(),
        }
    }

    /// Parses a request strictly.
    pub(crate) fn parse(&self, request: &Request) -> Result<ParsedRequest, Failure> {
        let service = &self.granted.name;
        let name = || {
            let path = request.target.split(['?', '#']).next().unwrap_or_default();
            let (method, path) = (printable(&request.method), printable(path));
            format!("{method} {path} of `{service}`")
        };
        if request.body.len() > BODY_LIMIT {
            return Err(Failure::Malformed(format!(
                "{} has a body of more than {BODY_LIMIT} bytes",
                name()
            )));
        }
        let length = request.body.len();
        let headers = headers::parse(&name, &request.headers, service, length, &self.reserved)?;
        ParsedRequest::parse(&request.method, &request.target, headers, &request.body)
            .map_err(|reason| Failure::Malformed(format!("{} cannot be read: {reason}", name())))
    }

    /// Returns the host's own limits, or the plugin's where they are shorter.
    pub(crate) fn limits(&self, request: &Request) -> Limits {
        let grant = &self.granted.grant;
        let most = SILENCE.min(grant.time);
        let shorter = |own: Option<Duration>| own.map_or(most, |own| own.min(most));
        Limits {
            first_byte: shorter(request.first_byte_timeout),
            idle: shorter(request.between_bytes_timeout),
            bytes: grant.bytes,
        }
    }

    /// Takes an idle connection that the other side has not closed.
    pub(crate) fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| !connection.is_closed());
        idle.pop()
    }

    /// Keeps a connection for the next request.
    pub(crate) fn keep(&self, connection: Connection) {
        if !connection.is_closed() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(connection);
        }
    }
}
