//! One bounded request over one HTTP/1.1 connection.
//!
//! Owns: whether a connection can be used again, and how much of a response is read. Never: sends a request twice, follows
//! a redirect, decompresses.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;

use crate::dial::ByteStream;
use crate::error::{Failure, Step, within};
use crate::tls::tls_failure;

/// Longest head of a response, in bytes, and most headers in it.
const HEAD_LIMIT: usize = 64 * 1024;
const HEADERS_LIMIT: usize = 128;
/// The words of hyper, which has no method to ask for it on the client's side; a test notices when they change.
const TOO_LARGE: &str = "message head is too large";

/// A connection and the task that drives it; both end together.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: Driver,
}

struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How long a response is waited for, and how much of it is read.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    pub(crate) bytes: u64,
}

/// A response as the server sent it.
pub(crate) struct RawResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The reason why there is no response.
pub(crate) enum ExchangeError {
    /// The connection had been closed before a byte of the request was sent.
    Unsent(Box<Request<Full<Bytes>>>),
    /// Any other failure.
    Failed(Failure),
}

impl From<Failure> for ExchangeError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Connection {
    /// Starts HTTP on a stream.
    pub(crate) async fn new(stream: Box<dyn ByteStream>) -> Result<Self, Failure> {
        let mut builder = Builder::new();
        builder
            .max_headers(HEADERS_LIMIT)
            .max_header_size(HEAD_LIMIT)
            .max_buf_size(HEAD_LIMIT);
        let (sender, connection) = builder
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failure("the server", &error))?;
        let driver = tokio::spawn(async move {
            // The sender of a request gets the error from hyper; the end of an idle connection is none.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
        Ok(Self {
            sender,
            driver: Driver(driver),
        })
    }

    /// Whether the other side has closed it.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed() || self.driver.0.is_finished()
    }

    /// Sends a request and reads the whole response.
    pub(crate) async fn exchange(
        &mut self,
        host: &str,
        request: Request<Full<Bytes>>,
        limits: Limits,
    ) -> Result<RawResponse, ExchangeError> {
        if self.sender.ready().await.is_err() {
            return Err(ExchangeError::Unsent(Box::new(request)));
        }
        let sent = self.sender.try_send_request(request);
        let limit = limits.first_byte;
        let Ok(response) = tokio::time::timeout(limit, sent).await else {
            return Err(Failure::Timeout {
                step: Step::FirstByte,
                limit,
            }
            .into());
        };
        let response = response.map_err(|mut unsent| match unsent.take_message() {
            Some(request) => ExchangeError::Unsent(Box::new(request)),
            None => failure(host, unsent.error()).into(),
        })?;
        let (head, body) = response.into_parts();
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Failure::Protocol(format!(
                "`{host}` changes the protocol, which nobody asked for"
            ))
            .into());
        }
        if head.headers.contains_key(TRANSFER_ENCODING) && head.headers.contains_key(CONTENT_LENGTH)
        {
            return Err(Failure::Protocol(format!(
                "`{host}` gives the answer two different lengths"
            ))
            .into());
        }
        let body = read(host, body, &head.headers, limits).await?;
        Ok(RawResponse {
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

/// Reads a body up to its end or the limit.
async fn read(
    host: &str,
    mut body: Incoming,
    headers: &HeaderMap,
    limits: Limits,
) -> Result<Vec<u8>, Failure> {
    let limit = limits.bytes;
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(Failure::TooLarge { limit });
    }
    let mut whole = Vec::new();
    loop {
        let next = async { Ok(body.frame().await) };
        let Some(frame) = within(Step::Idle, limits.idle, next).await? else {
            return Ok(whole);
        };
        let frame = frame.map_err(|error| failure(host, &error))?;
        if let Some(data) = frame.data_ref() {
            if (whole.len() + data.len()) as u64 > limit {
                return Err(Failure::TooLarge { limit });
            }
            whole.extend_from_slice(data);
        }
    }
}

/// Translates an error of hyper and what caused it.
fn failure(host: &str, error: &hyper::Error) -> Failure {
    if error.is_parse() && error.to_string().contains(TOO_LARGE) {
        return Failure::HeadersTooLarge {
            limit: HEAD_LIMIT,
            count: HEADERS_LIMIT,
        };
    }
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = cause {
        let below = inner
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        let tls = inner
            .downcast_ref::<rustls::Error>()
            .or_else(|| below.and_then(|below| below.downcast_ref::<rustls::Error>()));
        if let Some(error) = tls {
            return tls_failure(host, error);
        }
        cause = inner.source();
    }
    if error.is_parse() {
        return Failure::Protocol(format!("the answer of `{host}` is not HTTP/1.1: {error}"));
    }
    Failure::Closed(format!(
        "`{host}` ended the connection before the answer was complete; whether it did what was asked is not known"
    ))
}
