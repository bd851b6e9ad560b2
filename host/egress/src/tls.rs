//! TLS: whom the host believes, and what it shows of itself.
//!
//! Owns: TLS 1.2 and 1.3 with ring's cryptography, the system's certificates or a file's, the exact certificate of a
//! server that signed itself, the client's certificate. Never: a session resumed, a key written to a log.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme,
};
use tokio::sync::OnceCell;

use crate::error::{Failure, TlsFault};
use crate::outside::Clock;
use crate::secret::Secret;

/// Longest file of certificates, in bytes: the system's own is a quarter of it.
const FILE_LIMIT: usize = 1 << 20;

/// Whom the host believes.
pub(crate) struct Trust {
    clock: Clock,
    provider: Arc<CryptoProvider>,
    system: OnceCell<Arc<dyn ServerCertVerifier>>,
}

/// A certificate to show, and its key.
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

    /// What a handshake needs: the certificates of `file` if there is one, else the system's.
    ///
    /// # Errors
    /// [`Failure::Tls`]: a file that cannot be read, or no certificate in it.
    pub(crate) async fn config(
        &self,
        file: Option<&Path>,
        identity: Option<&Identity>,
    ) -> Result<Arc<ClientConfig>, Failure> {
        let verifier = match file {
            Some(file) => self.of_file(file).await?,
            None => Arc::clone(self.system.get_or_try_init(|| self.of_system()).await?),
        };
        let ours = |error: Error| {
            ours(format!(
                "the host's own side of TLS cannot be set up: {error}"
            ))
        };
        let clock = Arc::new(Now(Arc::clone(&self.clock)));
        let builder = ClientConfig::builder_with_details(Arc::clone(&self.provider), clock)
            .with_safe_default_protocol_versions()
            .map_err(ours)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(Identity { chain, key }) => builder
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(|_| {
                    self::ours(
                        "the credential's certificate and key do not belong together".to_owned(),
                    )
                })?,
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }

    async fn of_system(&self) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
        let load = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
        let found = load
            .await
            .map_err(|_| ours("the system's certificates could not be read".to_owned()))?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            return Err(ours(
                "the system has no certificates to trust; `trust` in the grant names a file"
                    .to_owned(),
            ));
        }
        Ok(self.verifier(roots)?)
    }

    async fn of_file(&self, file: &Path) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
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
            .map_err(|error| ours(format!("the certificates to trust cannot be used: {error}")))
    }
}

impl Identity {
    /// Reads a certificate's file, and takes its key.
    ///
    /// # Errors
    /// [`Failure::Tls`]: one of the two is none; never what is in the key.
    pub(crate) async fn read(certificate: &Path, key: &Secret) -> Result<Self, Failure> {
        let chain = read_chain(certificate).await?;
        let key = PrivateKeyDer::from_pem_slice(key.bytes())
            .map_err(|_| ours("the credential's secret is no private key in PEM".to_owned()))?;
        Ok(Self { chain, key })
    }
}

async fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let shown = file.display();
    let bytes = crate::secret::file(file, FILE_LIMIT)
        .await
        .map_err(|reason| {
            ours(format!(
                "the certificates in {shown} cannot be read: {reason}"
            ))
        })?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes.bytes()).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(ours(format!(
            "{shown} holds no certificates in PEM (`-----BEGIN CERTIFICATE-----`)"
        ))),
    }
}

fn ours(sentence: String) -> Failure {
    Failure::Tls {
        fault: TlsFault::Ours,
        sentence,
    }
}

/// The one clock, as rustls asks for it.
struct Now(Clock);

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        let since = u64::try_from((self.0)().as_second()).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(
            since,
        )))
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Now")
    }
}

/// The certificates of a file: each as an authority, and each as the very certificate of the server, whatever its names,
/// dates and flags say. The operator put it there; it is trusted until it is taken out.
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

/// What a failed handshake means to the person who has to put it right.
pub(crate) fn explained(host: &str, error: &Error) -> Failure {
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
