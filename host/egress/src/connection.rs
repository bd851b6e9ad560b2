//! One request over one connection, HTTP/1.1, everything bounded.
//!
//! Owns: when a connection is used once more, and how much of an answer is read. Never: sends a request twice, follows a
//! redirect, decompresses.

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

use crate::dial::Wire;
use crate::error::{Failure, Step, within};
use crate::tls::explained;

/// Longest head of an answer, in bytes, and most headers in it.
const HEAD_LIMIT: usize = 64 * 1024;
const HEADERS_LIMIT: usize = 128;
/// How hyper says so; it has no question for it on the client's side. A test notices when the words change.
const TOO_LARGE: &str = "message head is too large";

/// A connection, and the task that drives it; both end together.
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

/// How long to wait and how much to take.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    pub(crate) bytes: u64,
}

/// What a server said.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
pub(crate) enum NoAnswer {
    /// Not a byte was sent: the connection had been closed before. The request is as it was.
    Unsent(Box<Request<Full<Bytes>>>),
    /// Anything else.
    Failed(Failure),
}

impl From<Failure> for NoAnswer {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Connection {
    /// Begins to speak HTTP.
    pub(crate) async fn over(wire: Box<dyn Wire>) -> Result<Self, Failure> {
        let mut builder = Builder::new();
        builder
            .max_headers(HEADERS_LIMIT)
            .max_header_size(HEAD_LIMIT)
            .max_buf_size(HEAD_LIMIT);
        let (sender, connection) = builder
            .handshake(TokioIo::new(wire))
            .await
            .map_err(|error| failure("the server", &error))?;
        let driver = tokio::spawn(async move {
            // Whoever sent the request is told the error; an idle connection may end as it likes.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
        Ok(Self {
            sender,
            driver: Driver(driver),
        })
    }

    /// Whether the other side has ended it.
    pub(crate) fn ended(&self) -> bool {
        self.sender.is_closed() || self.driver.0.is_finished()
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn exchange(
        &mut self,
        host: &str,
        request: Request<Full<Bytes>>,
        bounds: Bounds,
    ) -> Result<Answer, NoAnswer> {
        if self.sender.ready().await.is_err() {
            return Err(NoAnswer::Unsent(Box::new(request)));
        }
        let sent = self.sender.try_send_request(request);
        let limit = bounds.first_byte;
        let Ok(answer) = tokio::time::timeout(limit, sent).await else {
            return Err(Failure::Timeout {
                step: Step::FirstByte,
                limit,
            }
            .into());
        };
        let answer = answer.map_err(|mut unsent| match unsent.take_message() {
            Some(request) => NoAnswer::Unsent(Box::new(request)),
            None => failure(host, unsent.error()).into(),
        })?;
        let (head, body) = answer.into_parts();
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
        let body = read(host, body, &head.headers, bounds).await?;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

/// Reads until the end or the limit.
async fn read(
    host: &str,
    mut body: Incoming,
    headers: &HeaderMap,
    bounds: Bounds,
) -> Result<Vec<u8>, Failure> {
    let limit = bounds.bytes;
    let said = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|said| said > limit) {
        return Err(Failure::TooLarge { limit });
    }
    let mut whole = Vec::new();
    loop {
        let next = async { Ok(body.frame().await) };
        let Some(frame) = within(Step::Idle, bounds.idle, next).await? else {
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

/// What hyper said, and what was below it.
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
        let said = inner
            .downcast_ref::<rustls::Error>()
            .or_else(|| below.and_then(|below| below.downcast_ref::<rustls::Error>()));
        if let Some(said) = said {
            return explained(host, said);
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
