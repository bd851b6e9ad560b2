//! `http`: requests through the egress, and what came of them in the contract's words.
//!
//! Owns: why requests of this call had no answer. Never: a decision or a connection: those are the egress's.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use strongroom_egress::{CallEgress, Failure, Request, Response, SendError, Step, TlsFault};
use strongroom_sandbox::capability::http::{Http, HttpError, HttpRequest, HttpResponse};

/// Most sentences kept of one call about requests that had no answer.
const TROUBLES: usize = 4;

/// The services of one call.
pub struct CallHttp {
    egress: CallEgress,
    troubles: Mutex<Vec<String>>,
}

impl CallHttp {
    /// Sends through the way out of one call.
    #[must_use]
    pub fn new(egress: CallEgress) -> Self {
        Self {
            egress,
            troubles: Mutex::default(),
        }
    }

    /// Why requests had no answer so far.
    pub(crate) fn troubles(&self) -> Vec<String> {
        let troubles = self.troubles.lock();
        troubles.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Which requests were not granted so far.
    pub(crate) fn denials(&self) -> Vec<String> {
        self.egress.denials()
    }
}

#[async_trait]
impl Http for CallHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let sent = self.egress.send(asked(request)).await;
        sent.map(answered).map_err(|error| {
            let trouble = error.to_string();
            let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
            if troubles.len() < TROUBLES && !troubles.contains(&trouble) {
                troubles.push(trouble);
            }
            explained(error)
        })
    }
}

fn asked(asked: HttpRequest) -> Request {
    Request {
        method: asked.method,
        scheme: asked.scheme,
        authority: asked.authority,
        target: asked.target,
        headers: asked.headers,
        body: asked.body,
        connect_timeout: asked.connect,
        first_byte_timeout: asked.first_byte,
        between_bytes_timeout: None,
    }
}

fn answered(answer: Response) -> HttpResponse {
    HttpResponse {
        status: answer.status,
        headers: answer.headers,
        body: answer.body,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "fits `map_err`")]
fn explained(error: SendError) -> HttpError {
    let sentence = error.to_string();
    match error.failure {
        Failure::Denied(_) | Failure::Malformed(_) => HttpError::Denied(sentence),
        Failure::Resolution(_) => HttpError::Unresolved(sentence),
        Failure::AddressDenied(_) => HttpError::Prohibited(sentence),
        Failure::Refused(_) => HttpError::Refused(sentence),
        Failure::Timeout {
            step: Step::Resolution | Step::Connect | Step::Tls,
            ..
        } => HttpError::ConnectTimeout(sentence),
        Failure::Timeout { .. } => HttpError::ReadTimeout(sentence),
        Failure::Tls {
            fault: TlsFault::Certificate,
            ..
        } => HttpError::Certificate(sentence),
        Failure::Tls { .. } => HttpError::Tls(sentence),
        Failure::Protocol(_) => HttpError::Protocol(sentence),
        Failure::TooLarge { limit } => HttpError::BodyTooLarge(limit),
        Failure::HeadersTooLarge { .. } => HttpError::Other(sentence),
        Failure::Credential(_) => HttpError::Unauthorized(sentence),
        Failure::Closed(_) => HttpError::Closed(sentence),
    }
}
