//! A request as it will be sent, before what proves who we are is added.
//!
//! Owns: that every byte of it comes from parts that were read and decided on. Never: a byte copied from the plugin's own
//! request line.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use strongroom_domain::egress::{Origin, ParsedRequest};

use crate::error::Failure;

/// A request in parts.
pub(crate) struct Draft {
    pub(crate) method: Method,
    /// Path and query, with the origin's path in front.
    pub(crate) target: String,
    /// Beside those that every request has.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

impl Draft {
    /// What was asked, below the origin's path.
    ///
    /// # Errors
    /// [`Failure::Malformed`]: a part that was read and cannot be written; a mistake of ours.
    pub(crate) fn of(asked: &ParsedRequest, origin: &Origin) -> Result<Self, Failure> {
        let method = Method::from_bytes(asked.method.as_bytes()).map_err(unwritable)?;
        let mut headers = Vec::new();
        for (name, value) in asked
            .headers
            .iter()
            .filter(|(name, _)| name != "content-type")
        {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(unwritable)?;
            headers.push((name, HeaderValue::from_str(value).map_err(unwritable)?));
        }
        if let Some(kind) = asked.content_type() {
            headers.push((CONTENT_TYPE, HeaderValue::from_static(kind)));
        }
        let target = asked.target(&origin.path);
        Ok(Self {
            method,
            target,
            headers,
            body: asked.body().into(),
        })
    }

    /// The whole request; `proof` is what proves who we are.
    ///
    /// # Errors
    /// [`Failure::Malformed`]: as above.
    pub(crate) fn finish(
        self,
        origin: &Origin,
        agent: &HeaderValue,
        proof: Vec<(HeaderName, HeaderValue)>,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(
            HOST,
            HeaderValue::from_str(&origin.authority()).map_err(unwritable)?,
        );
        headers.insert(USER_AGENT, agent.clone());
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") {
            headers.insert(CONTENT_LENGTH, self.body.len().into());
        }
        // A later one takes the place of an earlier one: the host's proof wins.
        headers.extend(self.headers);
        for (name, value) in proof {
            headers.insert(name, value);
        }
        let mut request = Request::new(Full::new(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.target.parse::<Uri>().map_err(unwritable)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

fn unwritable(_: impl std::error::Error) -> Failure {
    Failure::Malformed("the request cannot be written as HTTP".to_owned())
}
