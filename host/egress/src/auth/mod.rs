//! How the host proves to a provider who it is: one file for each scheme, and the only place where vendors are named.
//!
//! Owns: what a scheme needs, the headers it adds to a request that was already decided on. Never: a secret for another
//! server than the one it was declared for, a secret in an error.
//! Read next: `scheme` (what there is), `tokens` (what is remembered), then any scheme.

mod aws;
mod exchange;
mod google;
mod jwt;
mod keystone;
mod oauth2;
mod scheme;
#[cfg(test)]
mod tests;
mod tokens;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, StatusCode};
use strongroom_domain::egress::{Credential, Origin, SecretSource};
use zeroize::Zeroizing;

use crate::draft::Draft;
use crate::error::Failure;
use crate::outside::Outside;
use crate::secret::{self, Secret};
use crate::tls::Identity;

pub(crate) use scheme::reserved;
pub use scheme::{Problem, SCHEMES, SchemeText, check};
pub(crate) use tokens::Tokens;
use tokens::{Found, Token};

/// How long a secret that Vault gave is used before it is read anew, in seconds: many requests of one run are one question.
const VAULT_SECONDS: i64 = 30;

/// What a request gets, and what must not come back.
#[derive(Default)]
pub(crate) struct Proof {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) secrets: Vec<Secret>,
}

/// Whether a credential may be shown to a server.
///
/// # Errors
/// [`Failure::Credential`]: it was declared for another.
pub(crate) fn belongs(origin: &Origin, credential: Option<&Credential>) -> Result<(), Failure> {
    match credential {
        Some(credential) if !credential.origin.same_server(origin) => {
            Err(Failure::Credential(format!(
                "the credential `{}` is for {} and is not shown to {origin}",
                credential.name, credential.origin
            )))
        }
        _ => Ok(()),
    }
}

/// What proves to `origin` who we are, for this very request.
///
/// # Errors
/// [`Failure::Credential`]: it cannot be had; a sentence with the credential's name and never its secret.
pub(crate) async fn authorize(
    outside: &Outside,
    credential: &Credential,
    origin: &Origin,
    draft: &Draft,
) -> Result<Proof, Failure> {
    belongs(origin, Some(credential))?;
    let proof = match credential.scheme.as_str() {
        "bearer" => secret(outside, credential).await.and_then(bearer),
        "basic" => secret(outside, credential)
            .await
            .and_then(|secret| basic(credential, secret)),
        "header" => secret(outside, credential)
            .await
            .and_then(|secret| header(credential, secret)),
        "aws-sigv4" => secret(outside, credential)
            .await
            .and_then(|secret| aws::sign(credential, secret, outside.now(), origin, draft)),
        "mutual-tls" => Ok(Proof::default()),
        "oauth2-client" | "google-service-account" | "openstack-keystone" => {
            token(outside, credential)
                .await
                .and_then(|token| shown(credential, token))
        }
        other => Err(format!("`{other}` is no scheme")),
    };
    proof.map_err(|reason| failure(credential, &reason))
}

/// The certificate that is shown while the connection is made, if the scheme shows one.
///
/// # Errors
/// As [`authorize`].
pub(crate) async fn identity(
    outside: &Outside,
    credential: &Credential,
) -> Result<Option<Identity>, Failure> {
    let (Some(certificate), "mutual-tls") = (&credential.certificate, credential.scheme.as_str())
    else {
        return Ok(None);
    };
    let key = secret(outside, credential)
        .await
        .map_err(|reason| failure(credential, &reason))?;
    let identity = Identity::read(certificate, &key).await;
    identity
        .map(Some)
        .map_err(|reason| failure(credential, &reason.to_string()))
}

/// What the service thinks of the proof: a token it does not take is not used again.
pub(crate) async fn answered(
    outside: &Outside,
    credential: &Credential,
    status: StatusCode,
    proof: &Proof,
) {
    if status == StatusCode::UNAUTHORIZED {
        outside.tokens.forget(credential, &proof.secrets).await;
    }
}

fn failure(credential: &Credential, reason: &str) -> Failure {
    Failure::Credential(format!(
        "the credential `{}` cannot be used: {reason}",
        credential.name
    ))
}

/// The secret itself, read anew; from Vault at most twice a minute.
async fn secret(outside: &Outside, credential: &Credential) -> Result<Secret, String> {
    if !matches!(credential.secret, SecretSource::Vault { .. }) {
        return secret::read(outside, &credential.secret).await;
    }
    let found = outside.tokens.get(credential, outside.now(), || async {
        let secret = secret::read(outside, &credential.secret).await?;
        Ok(Found {
            secret,
            seconds: VAULT_SECONDS,
        })
    });
    found.await.map(|token| token.secret.clone())
}

/// The token that the secret is worth, from memory or anew.
async fn token(outside: &Outside, credential: &Credential) -> Result<Token, String> {
    let now = outside.now();
    let found = outside.tokens.get(credential, now, || async {
        let secret = secret::read(outside, &credential.secret).await?;
        match credential.scheme.as_str() {
            "oauth2-client" => oauth2::token(outside, credential, secret).await,
            "openstack-keystone" => keystone::token(outside, credential, secret).await,
            _ => google::token(outside, credential, &secret).await,
        }
    });
    found.await
}

fn shown(credential: &Credential, token: Token) -> Result<Proof, String> {
    match credential.scheme.as_str() {
        "openstack-keystone" => with(
            keystone::HEADER,
            token.secret.bytes(),
            vec![token.secret.clone()],
        ),
        _ => bearer(token.secret),
    }
}

fn bearer(secret: Secret) -> Result<Proof, String> {
    let value = Zeroizing::new(format!("Bearer {}", secret.text()?));
    with(AUTHORIZATION, value.as_bytes(), vec![secret])
}

/// RFC 7617.
fn basic(credential: &Credential, secret: Secret) -> Result<Proof, String> {
    let user = needed(credential.user.as_deref(), "user")?;
    let pair = Zeroizing::new(format!("{user}:{}", secret.text()?));
    let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    let value = Zeroizing::new(format!("Basic {}", *encoded));
    let encoded = Secret::new(encoded.as_bytes().to_vec());
    with(AUTHORIZATION, value.as_bytes(), vec![encoded, secret])
}

fn header(credential: &Credential, secret: Secret) -> Result<Proof, String> {
    let name = needed(credential.header.as_deref(), "header")?.to_ascii_lowercase();
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| "its `header` is no name of a header")?;
    let bytes = Zeroizing::new(secret.bytes().to_vec());
    with(name, &bytes, vec![secret])
}

fn with(name: HeaderName, value: &[u8], secrets: Vec<Secret>) -> Result<Proof, String> {
    if !value.iter().all(|b| b.is_ascii_graphic() || *b == b' ') {
        return Err("its secret cannot be written into a header".to_owned());
    }
    let mut value =
        HeaderValue::from_bytes(value).map_err(|_| "its secret cannot be written into a header")?;
    value.set_sensitive(true);
    Ok(Proof {
        headers: vec![(name, value)],
        secrets,
    })
}

/// A field that `check` has seen to be there.
fn needed<'a>(field: Option<&'a str>, key: &str) -> Result<&'a str, String> {
    field.ok_or_else(|| format!("it has no `{key}`"))
}
