//! The reasons why a request has no response.
//!
//! Owns: one kind for each code of `wasi:http`, one sentence for people. Never: a byte of a secret.

use std::fmt;
use std::time::Duration;

/// The error of a request that has no response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    /// The service's name as the plugin gave it, made printable and cut.
    pub service: String,
    /// The endpoint, if the request was allowed.
    pub endpoint: Option<String>,
    /// The reason.
    pub failure: Failure,
}

/// The reason why a request has no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The request is not granted; a whole sentence.
    #[error("{0}")]
    Denied(String),
    /// The request has no meaning or more than one; a whole sentence.
    #[error("{0}")]
    Malformed(String),
    /// The host's name has no address.
    #[error("{0}")]
    Resolution(String),
    /// An address is not public and the grant does not name it.
    #[error("{0}")]
    AddressDenied(String),
    /// No address accepted the connection.
    #[error("{0}")]
    Refused(String),
    /// A step took too long.
    #[error("{step} took longer than {limit:?}")]
    Timeout {
        /// The step.
        step: Step,
        /// The longest it may take.
        limit: Duration,
    },
    /// TLS failed.
    #[error("{sentence}")]
    Tls {
        /// The part that failed.
        fault: TlsFault,
        /// What is wrong.
        sentence: String,
    },
    /// The response is not valid HTTP/1.1.
    #[error("{0}")]
    Protocol(String),
    /// The answer is longer than the grant allows.
    #[error(
        "the answer has more than the {limit} bytes that the grant allows; its `bytes` says how many"
    )]
    TooLarge {
        /// Bytes.
        limit: u64,
    },
    /// The answer's headers are longer than the host takes.
    #[error("the answer's headers have more than {limit} bytes, or are more than {count}")]
    HeadersTooLarge {
        /// Bytes.
        limit: usize,
        /// Headers.
        count: usize,
    },
    /// The credential cannot be used.
    #[error("{0}")]
    Credential(String),
    /// The connection ended before the response did; whether the server did what was asked is not known.
    #[error("{0}")]
    Closed(String),
}

/// A part of a request that has a time limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Name resolution.
    Resolution,
    /// The TCP connection.
    Connect,
    /// The TLS handshake.
    Tls,
    /// From the request's last byte to the end of the response's headers.
    FirstByte,
    /// Between two pieces of the response.
    Idle,
    /// The whole request.
    Total,
}

/// The part of TLS that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFault {
    /// The server's certificate.
    Certificate,
    /// Anything else in the handshake.
    Handshake,
    /// The host's own files: certificates to trust, or a client certificate.
    Local,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Failure::Denied(sentence) | Failure::Malformed(sentence) = &self.failure {
            return f.write_str(sentence);
        }
        match &self.endpoint {
            Some(endpoint) => write!(f, "`{endpoint}` of `{}`: {}", self.service, self.failure),
            None => write!(f, "`{}`: {}", self.service, self.failure),
        }
    }
}

impl std::error::Error for SendError {}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolution => "finding the host's addresses",
            Self::Connect => "the connection",
            Self::Tls => "the TLS handshake",
            Self::FirstByte => "the first byte of the answer",
            Self::Idle => "a pause in the answer",
            Self::Total => "the whole request",
        })
    }
}

/// Runs a future within a time limit.
pub(crate) async fn within<T>(
    step: Step,
    limit: Duration,
    future: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::time::timeout(limit, future)
        .await
        .unwrap_or(Err(Failure::Timeout { step, limit }))
}

/// Makes foreign text printable: escaped and cut.
pub(crate) fn printable(text: &str) -> String {
    let escaped = text.chars().flat_map(char::escape_debug);
    escaped.take(200).collect()
}
