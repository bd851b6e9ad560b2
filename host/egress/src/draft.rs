//! The draft of a request: as it will be sent, before the credential is added.
//!
//! Owns: that every byte of it comes from parts that were parsed and decided on. Never: a byte copied from the plugin's own
//! request line.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use strongroom_domain::egress::{Origin, ParsedRequest};

use crate::error::Failure;

/// A request in the parts that are signed.
pub(crate) struct Draft {
    pub(crate) method: Method,
    /// Path and query, with the origin's path in front.
    pub(crate) target: String,
    /// The headers beside those that every request has.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

impl Draft {
    /// Builds a request below the origin's path; it is a bug if a part that was parsed cannot be written.
    pub(crate) fn new(request: &ParsedRequest, origin: &Origin) -> Result<Self, Failure> {
        let method = Method::from_bytes(request.method.as_bytes()).map_err(unwritable)?;
        let mut headers = Vec::new();
        for (name, value) in request
            .headers
            .iter()
            .filter(|(name, _)| name != "content-type")
        {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(unwritable)?;
            headers.push((name, HeaderValue::from_str(value).map_err(unwritable)?));
        }
        if let Some(kind) = request.content_type() {
            headers.push((CONTENT_TYPE, HeaderValue::from_static(kind)));
        }
        let target = request.target(&origin.path);
        Ok(Self {
            method,
            target,
            headers,
            body: request.body().into(),
        })
    }

    /// Completes the request with the headers of its authorization.
    pub(crate) fn finish(
        self,
        origin: &Origin,
        agent: &HeaderValue,
        authorization: Vec<(HeaderName, HeaderValue)>,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let host = HeaderValue::try_from(origin.authority()).map_err(unwritable)?;
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(HOST, host);
        headers.insert(USER_AGENT, agent.clone());
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") {
            headers.insert(CONTENT_LENGTH, self.body.len().into());
        }
        // A later value replaces an earlier one, so that the authorization comes last.
        for (name, value) in self.headers.into_iter().chain(authorization) {
            headers.insert(name, value);
        }
        let mut request = Request::new(Full::new(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() =
            Uri::from_maybe_shared(Bytes::from(self.target)).map_err(unwritable)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

fn unwritable(_: impl std::error::Error) -> Failure {
    Failure::Malformed("the request cannot be written as HTTP".to_owned())
}
