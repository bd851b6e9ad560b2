//! One service, opened to one call: what may be asked of it, and the connections to it.
//!
//! Owns: reading a request strictly, its bounds, connections that wait. Never: gives a connection to another call.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use strongroom_domain::egress::ParsedRequest;

use crate::auth;
use crate::connection::{Bounds, Connection};
use crate::dial::{Reach, Server};
use crate::error::{Failure, shown};
use crate::headers;
use crate::request::{BODY_LIMIT, Opening, Request};

/// A server that says nothing for this long is gone, whatever the grant allows in all.
const SILENCE: Duration = Duration::from_secs(30);

/// A service of one call.
pub(crate) struct Service {
    pub(crate) opening: Opening,
    /// Connections that wait for the next request of this call to this service.
    kept: Mutex<Vec<Connection>>,
}

impl Service {
    pub(crate) fn new(opening: Opening) -> Self {
        Self {
            opening,
            kept: Mutex::default(),
        }
    }

    /// Where it is, and which of its addresses are allowed.
    pub(crate) fn server(&self) -> Server<'_> {
        let grant = &self.opening.grant;
        Server {
            origin: &grant.origin,
            reach: Reach::Granted(&grant.addresses),
            trust: grant.trust.as_deref(),
        }
    }

    /// Reads a request strictly.
    ///
    /// # Errors
    /// [`Failure::Malformed`], and [`Failure::Denied`] for a header that only the host sets.
    pub(crate) fn read(&self, request: &Request) -> Result<ParsedRequest, Failure> {
        let path = request.target.split(['?', '#']).next().unwrap_or_default();
        let name = format!(
            "{} {} of `{}`",
            shown(&request.method),
            shown(path),
            self.opening.service
        );
        if request.body.len() > BODY_LIMIT {
            return Err(Failure::Malformed(format!(
                "{name} has a body of more than {BODY_LIMIT} bytes"
            )));
        }
        let reserved = self
            .opening
            .credential
            .as_deref()
            .map(auth::reserved)
            .unwrap_or_default();
        let headers = headers::read(
            &name,
            &request.headers,
            &self.opening.service,
            request.body.len(),
            &reserved,
        )?;
        ParsedRequest::parse(&request.method, &request.target, headers, &request.body)
            .map_err(|reason| Failure::Malformed(format!("{name} cannot be read: {reason}")))
    }

    /// A connection that waits, if the other side has not ended it.
    pub(crate) fn take(&self) -> Option<Connection> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|connection| !connection.ended());
        kept.pop()
    }

    /// Keeps a connection for the next request.
    pub(crate) fn keep(&self, connection: Connection) {
        if !connection.ended() {
            self.kept
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }
}

/// The host's own bounds, or the plugin's if they are shorter.
pub(crate) fn bounds(request: &Request, time: Duration, bytes: u64) -> Bounds {
    let most = SILENCE.min(time);
    let shorter = |own: Option<Duration>| own.map_or(most, |own| own.min(most));
    Bounds {
        first_byte: shorter(request.first_byte_timeout),
        idle: shorter(request.between_bytes_timeout),
        bytes,
    }
}
