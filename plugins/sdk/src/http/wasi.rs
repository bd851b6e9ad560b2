//! Sending by `wasi:http`, one request after the other.

use super::{Error, Request, Response};
use crate::bindings::http::wasi::http::outgoing_handler;
use crate::bindings::http::wasi::http::types::{
    ErrorCode, Fields, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use crate::bindings::http::wasi::io::streams::StreamError;

/// Bytes asked for at once.
const CHUNK: u64 = 256 * 1024;
/// Bytes written at once (wasi:io allows 4096 without asking).
const WRITE: usize = 4096;

pub(super) fn send(request: &Request) -> Result<Response, Error> {
    let what = format!(
        "{} {} of `{}`",
        request.method,
        request.target.split('?').next().unwrap_or_default(),
        request.service
    );
    let unsound = || Error::Denied(format!("{what} is not a sound request"));
    let headers = Fields::new();
    for (name, value) in &request.headers {
        headers
            .append(name, value.as_bytes())
            .map_err(|_| unsound())?;
    }
    let outgoing = OutgoingRequest::new(headers);
    let method = match request.method {
        "GET" => Method::Get,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => Method::Post,
    };
    outgoing.set_method(&method).map_err(|()| unsound())?;
    outgoing
        .set_scheme(Some(&Scheme::Https))
        .map_err(|()| unsound())?;
    outgoing
        .set_authority(Some(&request.service))
        .map_err(|()| unsound())?;
    outgoing
        .set_path_with_query(Some(&request.target))
        .map_err(|()| unsound())?;
    let body = outgoing.body().map_err(|()| unsound())?;
    let answer = outgoing_handler::handle(outgoing, None).map_err(|code| explain(&what, &code))?;
    write(body, &request.body)
        .map_err(|()| Error::Unreachable(format!("{what} could not be sent whole")))?;
    answer.subscribe().block();
    match answer.get() {
        Some(Ok(Ok(response))) => read(&response)
            .ok_or_else(|| Error::Unreachable(format!("the answer to {what} broke off"))),
        Some(Ok(Err(code))) => Err(explain(&what, &code)),
        _ => Err(Error::Unreachable(format!("{what} has no answer"))),
    }
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), ()> {
    {
        let stream = body.write()?;
        for chunk in bytes.chunks(WRITE) {
            stream.blocking_write_and_flush(chunk).map_err(drop)?;
        }
    }
    OutgoingBody::finish(body, None).map_err(drop)
}

fn read(response: &IncomingResponse) -> Option<Response> {
    let headers = response.headers().entries();
    let text = |(name, value): (String, Vec<u8>)| {
        Some((name.to_ascii_lowercase(), String::from_utf8(value).ok()?))
    };
    let (status, headers) = (
        response.status(),
        headers.into_iter().filter_map(text).collect(),
    );
    let incoming = response.consume().ok()?;
    let stream = incoming.stream().ok()?;
    let mut body = Vec::new();
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(bytes) => body.extend(bytes),
            Err(StreamError::Closed) => {
                return Some(Response {
                    status,
                    headers,
                    body,
                });
            }
            Err(StreamError::LastOperationFailed(_)) => return None,
        }
    }
}

fn explain(what: &str, code: &ErrorCode) -> Error {
    match code {
        ErrorCode::HttpRequestDenied => {
            Error::Denied(format!("the host denied {what}: it is not granted"))
        }
        ErrorCode::DestinationIpProhibited => Error::Denied(format!(
            "the host denied {what}: its address is not granted"
        )),
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => {
            Error::Unreachable(format!("{what}: the name of the server has no address now"))
        }
        ErrorCode::ConnectionRefused
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable => {
            Error::Unreachable(format!("{what}: nobody answers there"))
        }
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::HttpResponseTimeout => {
            Error::Unreachable(format!("{what} had no answer in time"))
        }
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete => {
            Error::Unreachable(format!("{what}: the server hung up"))
        }
        ErrorCode::TlsCertificateError => {
            Error::Untrusted(format!("{what}: the server's certificate is not trusted"))
        }
        ErrorCode::TlsProtocolError | ErrorCode::TlsAlertReceived(_) => {
            Error::Untrusted(format!("{what}: TLS failed"))
        }
        ErrorCode::ConfigurationError => Error::Untrusted(format!(
            "{what}: the host's credential was refused or cannot be had"
        )),
        ErrorCode::HttpResponseBodySize(_) => Error::Unreadable(format!(
            "the answer to {what} is longer than the grant allows"
        )),
        ErrorCode::InternalError(Some(text)) => Error::Unreadable(format!("{what}: {text}")),
        other => Error::Unreadable(format!("{what}: {other:?}")),
    }
}
