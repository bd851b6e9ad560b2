//! `wasi:http/outgoing-handler`: the guest's half of requests to granted services.
//!
//! Owns: the shapes of wasi:http (the library's), the size of a request, and which error code an ending becomes.
//! Never: a connection: the library's own way out is not compiled in, and what leaves is decided and sent by the host's
//! half. Read next: `wit/egress.wit`.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
};

/// Most bytes of a request's body: what is asked of a provider's interface is small, and it is read before it is sent.
const BODY_LIMIT: usize = 1 << 20;
/// Most bytes of the headers of one request or answer, as the library counts them.
const FIELDS_LIMIT: usize = 128 * 1024;

/// The host's half: sends what is granted.
#[async_trait]
pub trait Http: Send + Sync + 'static {
    /// Sends a request to a granted service and reads the whole answer. Dropping the future gives it up.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

/// A request as the guest made it; nothing of it is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, …
    pub method: String,
    /// `https`, or something else.
    pub scheme: String,
    /// Where a host's name would stand: the name of a service.
    pub authority: String,
    /// Path and query.
    pub target: String,
    /// Names and values, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// At most 1 MiB.
    pub body: Vec<u8>,
    /// How long the guest wants to wait for a connection.
    pub connect: Option<Duration>,
    /// How long it wants to wait for the answer to begin.
    pub first_byte: Option<Duration>,
}

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// 100 to 599.
    pub status: u16,
    /// Names and values, in order, without secrets.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, without secrets.
    pub body: Vec<u8>,
}

/// Why there is no answer, each with a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpError {
    /// It is none of the granted operations.
    Denied(String),
    /// The name has no address.
    Unresolved(String),
    /// The name leads to an address that is not granted.
    Prohibited(String),
    /// Nobody listens there.
    Refused(String),
    /// No connection in time.
    ConnectTimeout(String),
    /// No answer in time.
    ReadTimeout(String),
    /// The server is not who it should be.
    Certificate(String),
    /// No TLS with it.
    Tls(String),
    /// It does not speak HTTP.
    Protocol(String),
    /// The answer has more bytes than are granted.
    BodyTooLarge(u64),
    /// It hung up.
    Closed(String),
    /// The host has nothing to prove itself with.
    Unauthorized(String),
    /// Something else.
    Other(String),
}

/// What the host keeps for one call.
pub(crate) struct HttpContext {
    outgoing: Outgoing,
    limits: WasiHttpCtx,
}

impl HttpContext {
    /// Without a host's half every request is denied.
    pub(crate) fn new(http: Option<Arc<dyn Http>>) -> Self {
        let mut limits = WasiHttpCtx::new();
        limits.set_field_size_limit(FIELDS_LIMIT);
        Self {
            outgoing: Outgoing(http),
            limits,
        }
    }

    /// The view: the library's own.
    pub(crate) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView {
            hooks: &mut self.outgoing,
            table,
            ctx: &mut self.limits,
        }
    }
}

/// Where a guest's requests go.
struct Outgoing(Option<Arc<dyn Http>>);

type Sent = (
    http::Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

impl WasiHttpHooks for Outgoing {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        Box::new(send(self.0.clone(), request, options.unwrap_or_default()))
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_LIMIT
    }
}

async fn send(
    granted: Option<Arc<dyn Http>>,
    request: http::Request<WasiBody>,
    options: RequestOptions,
) -> Result<Sent, Error> {
    let granted = granted.ok_or(Error::HttpRequestDenied)?;
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(Error::HttpRequestBodySize(Some(BODY_LIMIT as u64)));
        }
        Err(_) => return Err(Error::HttpProtocolError),
    };
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), value.as_bytes().to_vec())
    };
    let answer = granted
        .send(HttpRequest {
            method: parts.method.as_str().to_owned(),
            scheme: parts.uri.scheme_str().unwrap_or_default().to_owned(),
            authority: parts
                .uri
                .authority()
                .map(ToString::to_string)
                .unwrap_or_default(),
            target: parts
                .uri
                .path_and_query()
                .map(ToString::to_string)
                .unwrap_or_default(),
            headers: parts.headers.iter().map(header).collect(),
            body: body.to_vec(),
            connect: options.connect_timeout,
            first_byte: options.first_byte_timeout,
        })
        .await
        .map_err(code)?;
    let mut response = http::Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    let body = Full::new(Bytes::from(answer.body))
        .map_err(Error::from)
        .boxed_unsync();
    let response = response.body(body).map_err(|_| Error::HttpProtocolError)?;
    Ok((response, Box::new(async { Ok(()) })))
}

fn code(error: HttpError) -> Error {
    match error {
        HttpError::Denied(_) => Error::HttpRequestDenied,
        HttpError::Unresolved(rcode) => Error::DnsError {
            rcode: Some(rcode),
            info_code: None,
        },
        HttpError::Prohibited(_) => Error::DestinationIpProhibited,
        HttpError::Refused(_) => Error::ConnectionRefused,
        HttpError::ConnectTimeout(_) => Error::ConnectionTimeout,
        HttpError::ReadTimeout(_) => Error::ConnectionReadTimeout,
        HttpError::Certificate(_) => Error::TlsCertificateError,
        HttpError::Tls(_) => Error::TlsProtocolError,
        HttpError::Protocol(_) => Error::HttpProtocolError,
        HttpError::BodyTooLarge(limit) => Error::HttpResponseBodySize(Some(limit)),
        HttpError::Closed(_) => Error::ConnectionTerminated,
        HttpError::Unauthorized(_) => Error::ConfigurationError,
        HttpError::Other(sentence) => Error::InternalError(Some(sentence)),
    }
}

/// Links what a client needs, and nothing of a server.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> WasiHttpCtxView<'_>,
) -> wasmtime::Result<()> {
    let options = wasmtime_wasi_http::p2::bindings::LinkOptions::default();
    outgoing_handler::add_to_linker::<_, WasiHttp>(linker, view)?;
    types::add_to_linker::<_, WasiHttp>(linker, &options.into(), view)
}
