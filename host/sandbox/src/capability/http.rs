//! `wasi:http/outgoing-handler`: the guest's half of requests to granted services.
//!
//! Owns: the shapes of wasi:http (the library's), the size of a request, and which error code an ending becomes.
//! Never: a connection: the library's own way out is not compiled in. What leaves is decided and sent behind
//! `outside::Outside::http`. Read next: `wit/egress.wit`.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use wasmtime::component::Linker;
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttp, WasiHttpCtxView, WasiHttpHooks,
};

use crate::instance::Guest;
use crate::outside::{HttpError, HttpRequest, Outside};

/// Most bytes of a request's body: what is asked of a provider's interface is small, and it is read before it is sent.
const BODY_LIMIT: usize = 1 << 20;
/// Most bytes of the headers of one request or answer, as the library counts them.
pub(crate) const FIELDS_LIMIT: usize = 128 * 1024;

/// Where a guest's requests go.
pub(crate) struct Way(pub(crate) Arc<dyn Outside>);

type Sent = (
    http::Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

impl WasiHttpHooks for Way {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        Box::new(send(
            Arc::clone(&self.0),
            request,
            options.unwrap_or_default(),
        ))
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_LIMIT
    }
}

async fn send(
    outside: Arc<dyn Outside>,
    request: http::Request<WasiBody>,
    options: RequestOptions,
) -> Result<Sent, Error> {
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
    let answer = outside
        .http(HttpRequest {
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

impl wasmtime_wasi_http::WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.way,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

/// Links what a client needs, and nothing of a server.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    fn http(guest: &mut Guest) -> WasiHttpCtxView<'_> {
        wasmtime_wasi_http::WasiHttpView::http(guest)
    }
    let options = wasmtime_wasi_http::p2::bindings::LinkOptions::default();
    outgoing_handler::add_to_linker::<_, WasiHttp>(linker, http)?;
    types::add_to_linker::<_, WasiHttp>(linker, &options.into(), http)
}
