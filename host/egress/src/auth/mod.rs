//! Authentication schemes: one file for each, and the only place where vendors are named.
//!
//! Owns: what a scheme needs, and the headers it adds to a request that was already decided on. Never: a secret for another
//! server than the one it was declared for, a secret in an error. An error of a scheme is half a sentence.
//! Read next: `scheme` (the list), `authorization` (the plain schemes), then any scheme.

mod authorization;
mod aws;
mod google;
mod jwt;
mod keystone;
mod oauth2;
mod scheme;
#[cfg(test)]
mod tests;
mod token_server;

use http::StatusCode;
use strongroom_domain::egress::{Credential, Origin, SecretSource};

use crate::draft::Draft;
use crate::error::Failure;
use crate::secret::Secret;
use crate::secret_source;
use crate::shared::Shared;
use crate::tls::Identity;
use crate::token_cache::IssuedToken;

pub(crate) use authorization::Authorization;
pub(crate) use scheme::reserved;
pub use scheme::{Problem, SCHEMES, SchemeText, check};

/// How long a secret of Vault is used before it is read anew, in seconds: many requests of one run read it once.
const VAULT_SECONDS: i64 = 30;

/// Checks that a credential was declared for a server.
pub(crate) fn check_origin(
    origin: &Origin,
    credential: Option<&Credential>,
) -> Result<(), Failure> {
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

/// Authorizes one request to `origin`; a failure names the credential and never repeats its secret.
pub(crate) async fn authorize(
    shared: &Shared,
    credential: &Credential,
    origin: &Origin,
    draft: &Draft,
) -> Result<Authorization, Failure> {
    check_origin(origin, Some(credential))?;
    by_scheme(shared, credential, origin, draft)
        .await
        .map_err(|reason| failure(credential, &reason))
}

async fn by_scheme(
    shared: &Shared,
    credential: &Credential,
    origin: &Origin,
    draft: &Draft,
) -> Result<Authorization, String> {
    match credential.scheme.as_str() {
        "bearer" => Authorization::bearer(secret(shared, credential).await?),
        "basic" => Authorization::basic(credential, secret(shared, credential).await?),
        "header" => Authorization::named_header(credential, secret(shared, credential).await?),
        "aws-sigv4" => {
            let secret = secret(shared, credential).await?;
            aws::sign(credential, secret, shared.now(), origin, draft)
        }
        "mutual-tls" => Ok(Authorization::default()),
        "oauth2-client" | "google-service-account" => {
            Authorization::bearer(token(shared, credential).await?)
        }
        "openstack-keystone" => {
            let token = token(shared, credential).await?;
            Authorization::header(keystone::HEADER, token.bytes(), vec![token.clone()])
        }
        other => Err(format!("`{other}` is no scheme")),
    }
}

/// Returns the certificate that the scheme shows in the TLS handshake, if it shows one.
pub(crate) async fn identity(
    shared: &Shared,
    credential: &Credential,
) -> Result<Option<Identity>, Failure> {
    let (Some(certificate), "mutual-tls") = (&credential.certificate, credential.scheme.as_str())
    else {
        return Ok(None);
    };
    let key = secret(shared, credential)
        .await
        .map_err(|reason| failure(credential, &reason))?;
    let identity = Identity::read(certificate, &key).await;
    identity
        .map(Some)
        .map_err(|reason| failure(credential, &reason.to_string()))
}

/// Forgets a token that the service refused.
pub(crate) async fn forget_refused(
    shared: &Shared,
    credential: &Credential,
    status: StatusCode,
    authorization: &Authorization,
) {
    if status == StatusCode::UNAUTHORIZED {
        let used = &authorization.secrets;
        shared.tokens.forget(credential, used).await;
    }
}

fn failure(credential: &Credential, reason: &str) -> Failure {
    Failure::Credential(format!(
        "the credential `{}` cannot be used: {reason}",
        credential.name
    ))
}

/// Reads the secret anew; from Vault at most twice a minute.
async fn secret(shared: &Shared, credential: &Credential) -> Result<Secret, String> {
    if !matches!(credential.secret, SecretSource::Vault { .. }) {
        return secret_source::read(shared, &credential.secret).await;
    }
    let cached = shared.tokens.get(credential, shared.now(), || async {
        let secret = secret_source::read(shared, &credential.secret).await?;
        Ok(IssuedToken {
            secret,
            seconds: VAULT_SECONDS,
        })
    });
    cached.await
}

/// Returns a token for the secret, from the cache or anew.
async fn token(shared: &Shared, credential: &Credential) -> Result<Secret, String> {
    let cached = shared.tokens.get(credential, shared.now(), || async {
        let secret = secret_source::read(shared, &credential.secret).await?;
        match credential.scheme.as_str() {
            "oauth2-client" => oauth2::token(shared, credential, &secret).await,
            "openstack-keystone" => keystone::token(shared, credential, &secret).await,
            _ => google::token(shared, credential, &secret).await,
        }
    });
    cached.await
}
