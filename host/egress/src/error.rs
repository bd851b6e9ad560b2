//! Why a request had no answer.
//!
//! Owns: one kind for each code of `wasi:http`, one sentence for people. Never: a byte of a secret.

use std::fmt;
use std::time::Duration;

/// A request that had no answer: where it was to go, and why it did not, or brought nothing back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    /// The service's name as the plugin gave it, made printable and cut.
    pub service: String,
    /// The operation, if it was found to be one.
    pub operation: Option<String>,
    /// Why.
    pub failure: Failure,
}

/// Why a request had no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It is not granted. A whole sentence.
    #[error("{0}")]
    Denied(String),
    /// It has no meaning or more than one. A whole sentence.
    #[error("{0}")]
    Malformed(String),
    /// The host's name has no address.
    #[error("{0}")]
    Resolution(String),
    /// An address is not public and the grant does not name it.
    #[error("{0}")]
    AddressDenied(String),
    /// No address took the connection.
    #[error("{0}")]
    Refused(String),
    /// A step took too long.
    #[error("{step} took longer than {limit:?}")]
    Timeout {
        /// Which.
        step: Step,
        /// The longest it may take.
        limit: Duration,
    },
    /// The server could not be trusted, or did not trust us.
    #[error("{sentence}")]
    Tls {
        /// Whose part it was.
        fault: TlsFault,
        /// What is wrong.
        sentence: String,
    },
    /// The answer is not HTTP/1.1 as it has to be.
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
    /// What proves who we are could not be had.
    #[error("{0}")]
    Credential(String),
    /// The connection ended before the answer did. Whether the server did what was asked is not known.
    #[error("{0}")]
    Closed(String),
}

/// A part of a request that has a time limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// From a name to addresses.
    Resolution,
    /// TCP.
    Connect,
    /// The handshake.
    Tls,
    /// From the request's last byte to the end of the answer's headers.
    FirstByte,
    /// Between two pieces of the answer.
    Idle,
    /// Everything together.
    Total,
}

/// What of TLS went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFault {
    /// The server's certificate.
    Certificate,
    /// Anything else in the handshake.
    Handshake,
    /// Our own files: certificates to trust, or a certificate to show.
    Ours,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Failure::Denied(sentence) | Failure::Malformed(sentence) = &self.failure {
            return f.write_str(sentence);
        }
        match &self.operation {
            Some(operation) => write!(f, "`{operation}` of `{}`: {}", self.service, self.failure),
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

/// A future within a time limit.
pub(crate) async fn within<T>(
    step: Step,
    limit: Duration,
    future: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::time::timeout(limit, future)
        .await
        .unwrap_or(Err(Failure::Timeout { step, limit }))
}

/// Text from outside, safe to show: escaped and cut.
pub(crate) fn shown(text: &str) -> String {
    let escaped = text.chars().flat_map(char::escape_debug);
    escaped.take(200).collect()
}
