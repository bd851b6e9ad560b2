//! Requests of a plugin: handed to the way out, and what came of them in the contract's words.

use strongroom_egress::{Failure, Request, Response, SendError, Step, TlsFault};
use strongroom_sandbox::outside::{HttpError, HttpRequest, HttpResponse};

pub(super) fn request(asked: HttpRequest) -> Request {
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

pub(super) fn response(answer: Response) -> HttpResponse {
    HttpResponse {
        status: answer.status,
        headers: answer.headers,
        body: answer.body,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "fits `map_err`")]
pub(super) fn error(error: SendError) -> HttpError {
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
