//! From a name to a connection: resolve once, check every address, dial exactly those.
//!
//! Owns: which address is dialled. Never: reads a proxy from the environment, resolves a name twice for one connection,
//! dials an address that was not checked.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use strongroom_domain::egress::{AddressRange, Origin, Scheme, is_public};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::error::{Failure, Step, TlsFault, within};
use crate::tls::{Identity, Trust, tls_failure};

/// A resolver that does not answer within this is down; its own retries are shorter.
const RESOLUTION: Duration = Duration::from_secs(5);
/// Longest time for TCP, over all addresses, and once more for TLS.
const CONNECT: Duration = Duration::from_secs(10);
/// Most addresses that are tried, so that each has a fair part of the time.
const TRIED: usize = 4;

/// Finds a name's addresses.
pub(crate) type Resolve = dyn Fn(String, u16) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>
    + Send
    + Sync;

/// A connection, with or without TLS.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> ByteStream for T {}

/// The addresses that may be dialled.
#[derive(Clone, Copy)]
pub(crate) enum AllowedAddresses<'a> {
    /// Public addresses, and these.
    Granted(&'a [AddressRange]),
    /// Any address: the operator's own environment names the server.
    Operator,
}

/// A server to connect to.
#[derive(Clone, Copy)]
pub(crate) struct Server<'a> {
    pub(crate) origin: &'a Origin,
    pub(crate) addresses: AllowedAddresses<'a>,
    /// Certificates to trust instead of the system's.
    pub(crate) trust: Option<&'a Path>,
}

/// The only place that opens a connection.
pub(crate) struct Dialler {
    resolve: Arc<Resolve>,
    trust: Trust,
}

impl Dialler {
    pub(crate) fn new(resolve: Arc<Resolve>, trust: Trust) -> Self {
        Self { resolve, trust }
    }

    /// Returns the system's resolver.
    pub(crate) fn system() -> Arc<Resolve> {
        Arc::new(|host, port| {
            Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
        })
    }

    /// Resolves the server's addresses and checks that all of them are allowed.
    pub(crate) async fn addresses(&self, server: Server<'_>) -> Result<Vec<SocketAddr>, Failure> {
        let Origin {
            host, port, scheme, ..
        } = server.origin;
        let addresses = match host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, *port)],
            Err(_) => {
                within(Step::Resolution, RESOLUTION, async {
                    (self.resolve)(host.clone(), *port).await.map_err(|error| {
                        Failure::Resolution(format!(
                            "the addresses of `{host}` cannot be found: {error}"
                        ))
                    })
                })
                .await?
            }
        };
        if addresses.is_empty() {
            return Err(Failure::Resolution(format!("`{host}` has no address")));
        }
        for address in &addresses {
            check(host, *scheme, server.addresses, address.ip())?;
        }
        Ok(addresses)
    }

    /// Connects to the first of exactly these addresses that accepts.
    pub(crate) async fn connect(
        &self,
        server: Server<'_>,
        addresses: &[SocketAddr],
        identity: Option<Identity>,
        shorter: Option<Duration>,
    ) -> Result<Box<dyn ByteStream>, Failure> {
        let limit = shorter.map_or(CONNECT, |shorter| shorter.min(CONNECT));
        let stream = within(Step::Connect, limit, tcp(server.origin, addresses, limit)).await?;
        let host = &server.origin.host;
        if server.origin.scheme == Scheme::Http {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(host.clone()).map_err(|_| Failure::Tls {
            fault: TlsFault::Local,
            sentence: format!("`{host}` is not a name that TLS knows"),
        })?;
        let config = self.trust.config(server.trust, identity).await?;
        within(Step::Tls, limit, async {
            let connected = TlsConnector::from(config).connect(name, stream).await;
            connected.map_err(|error| handshake_failure(host, &error))
        })
        .await
        .map(|stream| Box::new(stream) as Box<dyn ByteStream>)
    }
}

fn check(
    host: &str,
    scheme: Scheme,
    allowed: AllowedAddresses<'_>,
    address: IpAddr,
) -> Result<(), Failure> {
    let named = match allowed {
        AllowedAddresses::Granted(ranges) => ranges.iter().any(|range| range.contains(address)),
        AllowedAddresses::Operator => scheme == Scheme::Https || address.is_loopback(),
    };
    if named || (scheme == Scheme::Https && is_public(address)) {
        return Ok(());
    }
    let reason = match scheme {
        Scheme::Https => "is not a public address",
        Scheme::Http => "would be spoken to in the clear",
    };
    let hint = match allowed {
        AllowedAddresses::Granted(_) => {
            format!("; if it is meant, write `addresses = [\"{address}\"]`")
        }
        AllowedAddresses::Operator => "; use `https`".to_owned(),
    };
    Err(Failure::AddressDenied(format!(
        "{address}, an address of `{host}`, {reason}{hint}"
    )))
}

async fn tcp(
    origin: &Origin,
    addresses: &[SocketAddr],
    limit: Duration,
) -> Result<TcpStream, Failure> {
    let count = u32::try_from(addresses.len().clamp(1, TRIED)).unwrap_or(1);
    let mut last = "no address".to_owned();
    for address in addresses.iter().take(TRIED) {
        let attempt = TcpStream::connect(address);
        let connected = match count {
            // The only address has the whole time of the step.
            1 => Ok(attempt.await),
            _ => tokio::time::timeout(limit / count, attempt).await,
        };
        match connected {
            Ok(Ok(stream)) => {
                // A request is written in one piece: waiting for more of it would only delay it.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "no-delay is not set");
                }
                return Ok(stream);
            }
            Ok(Err(error)) => last = format!("{address}: {error}"),
            Err(_) => last = format!("{address}: no answer"),
        }
    }
    Err(Failure::Refused(format!(
        "`{}` cannot be reached ({last})",
        origin.authority()
    )))
}

/// Translates the error of a TLS handshake.
fn handshake_failure(host: &str, error: &io::Error) -> Failure {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    tls.map_or_else(
        || Failure::Tls {
            fault: TlsFault::Handshake,
            sentence: format!("the TLS handshake with `{host}` failed: {error}"),
        },
        |error| tls_failure(host, error),
    )
}
