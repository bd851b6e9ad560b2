//! TLS: the certificates the host trusts, and the one it shows.
//!
//! Owns: TLS 1.2 and 1.3 with ring's cryptography, the system's certificates or a file's, the exact certificate of a
//! self-signed server, the client's certificate. Never: a session resumed, a key written to a log.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::time_provider::TimeProvider;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme,
};
use tokio::sync::OnceCell;

use crate::error::{Failure, TlsFault};
use crate::secret::{Secret, file};

/// Longest file of certificates, in bytes: the system's own is a quarter of it.
const FILE_LIMIT: usize = 1 << 20;

/// The one clock.
pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// The certificates that the host trusts.
pub(crate) struct Trust {
    clock: Clock,
    provider: Arc<CryptoProvider>,
    /// The configuration with the system's certificates; it holds no state of a connection, because none is resumed.
    system: OnceCell<Arc<ClientConfig>>,
}

/// A client certificate and its key.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Trust {
    pub(crate) fn new(clock: Clock) -> Self {
        let provider = Arc::new(ring::default_provider());
        Self {
            clock,
            provider,
            system: OnceCell::new(),
        }
    }

    /// Returns the configuration of a handshake: it trusts the certificates of `file` if there is one, else the system's.
    pub(crate) async fn config(
        &self,
        file: Option<&Path>,
        identity: Option<Identity>,
    ) -> Result<Arc<ClientConfig>, Failure> {
        let config = match file {
            Some(file) => self.with_verifier(self.file_verifier(file).await?)?,
            None => {
                let system = async || self.with_verifier(self.system_verifier().await?);
                Arc::clone(self.system.get_or_try_init(system).await?)
            }
        };
        let Some(Identity { chain, key }) = identity else {
            return Ok(config);
        };
        let key = CertifiedKey::from_der(chain, key, &self.provider).map_err(|_| {
            local("the credential's certificate and key do not belong together".to_owned())
        })?;
        let mut config = Arc::unwrap_or_clone(config);
        config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(key));
        Ok(Arc::new(config))
    }

    fn with_verifier(
        &self,
        verifier: Arc<dyn ServerCertVerifier>,
    ) -> Result<Arc<ClientConfig>, Failure> {
        let clock = Arc::new(TlsClock(Arc::clone(&self.clock)));
        let mut config = ClientConfig::builder_with_details(Arc::clone(&self.provider), clock)
            .with_safe_default_protocol_versions()
            .map_err(|error| {
                local(format!(
                    "the host's own side of TLS cannot be set up: {error}"
                ))
            })?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }

    async fn system_verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
        let load = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
        let found = load
            .await
            .map_err(|_| local("the system's certificates could not be read".to_owned()))?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            return Err(local(
                "the system has no certificates to trust; `trust` in the grant names a file"
                    .to_owned(),
            ));
        }
        Ok(self.verifier(roots)?)
    }

    async fn file_verifier(&self, file: &Path) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
        let certificates = read_chain(file).await?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().cloned());
        let authorities = if roots.is_empty() {
            None
        } else {
            Some(self.verifier(roots)?)
        };
        let provider = Arc::clone(&self.provider);
        Ok(Arc::new(Pinned {
            certificates,
            authorities,
            provider,
        }))
    }

    fn verifier(&self, roots: RootCertStore) -> Result<Arc<WebPkiServerVerifier>, Failure> {
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|error| local(format!("the certificates to trust cannot be used: {error}")))
    }
}

impl Identity {
    /// Reads a certificate's file and its key; an error never repeats the key.
    pub(crate) async fn read(certificate: &Path, key: &Secret) -> Result<Self, Failure> {
        let chain = read_chain(certificate).await?;
        let key = PrivateKeyDer::from_pem_slice(key.bytes())
            .map_err(|_| local("the credential's secret is no private key in PEM".to_owned()))?;
        Ok(Self { chain, key })
    }
}

async fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let shown = path.display();
    let bytes = file(path, FILE_LIMIT).await.map_err(|reason| {
        local(format!(
            "the certificates in {shown} cannot be read: {reason}"
        ))
    })?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes.bytes()).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(local(format!(
            "{shown} holds no certificates in PEM (`-----BEGIN CERTIFICATE-----`)"
        ))),
    }
}

fn local(sentence: String) -> Failure {
    Failure::Tls {
        fault: TlsFault::Local,
        sentence,
    }
}

/// The one clock as a time provider of rustls.
struct TlsClock(Clock);

impl TimeProvider for TlsClock {
    fn current_time(&self) -> Option<UnixTime> {
        let since = u64::try_from((self.0)().as_second()).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(
            since,
        )))
    }
}

impl fmt::Debug for TlsClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsClock")
    }
}

/// A verifier that accepts each certificate of a file as an authority, and as the exact certificate of the server whatever
/// its names, dates and flags say: the operator put it there, and it is trusted until it is removed.
#[derive(Debug)]
struct Pinned {
    certificates: Vec<CertificateDer<'static>>,
    authorities: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.certificates.iter().any(|pinned| pinned == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        let Some(authorities) = &self.authorities else {
            return Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
        };
        authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Explains a TLS error to the person who has to correct it.
pub(crate) fn tls_failure(host: &str, error: &Error) -> Failure {
    use CertificateError as Bad;
    let (fault, sentence) = match error {
        Error::InvalidCertificate(bad) => {
            let reason = match bad {
                Bad::Expired | Bad::ExpiredContext { .. } => "is out of date".to_owned(),
                Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                    "is not valid yet; is the clock right?".to_owned()
                }
                Bad::NotValidForName | Bad::NotValidForNameContext { .. } => "is for another name".to_owned(),
                Bad::UnknownIssuer => {
                    "is signed by nobody who is trusted; `trust = \"FILE\"` in the grant names other certificates"
                        .to_owned()
                }
                other => format!("is not accepted: {other}"),
            };
            (
                TlsFault::Certificate,
                format!("the certificate of `{host}` {reason}"),
            )
        }
        Error::AlertReceived(AlertDescription::CertificateRequired) => (
            TlsFault::Handshake,
            format!("`{host}` wants a certificate of ours; the scheme `mutual-tls` shows one"),
        ),
        Error::AlertReceived(alert) => (
            TlsFault::Handshake,
            format!("`{host}` ended the TLS handshake: {alert:?}"),
        ),
        other => (
            TlsFault::Handshake,
            format!("the TLS handshake with `{host}` failed: {other}"),
        ),
    };
    Failure::Tls { fault, sentence }
}
