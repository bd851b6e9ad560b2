//! `openstack-keystone`: a token for an application credential (Identity API v3).

use http::HeaderName;
use jiff::Timestamp;
use serde_json::{Value, json};
use strongroom_domain::egress::Credential;
use zeroize::Zeroizing;

use super::authorization::needed;
use super::token_server::{self, DEFAULT_SECONDS};
use crate::secret::Secret;
use crate::shared::Shared;
use crate::token_cache::IssuedToken;

/// The header that carries the token.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-auth-token");

/// Requests a token.
pub(super) async fn token(
    shared: &Shared,
    credential: &Credential,
    secret: &Secret,
) -> Result<IssuedToken, String> {
    let origin = credential
        .token_url
        .as_ref()
        .ok_or("it has no `token-url`")?;
    let id = needed(credential.user.as_deref(), "user")?;
    let body = json!({"auth": {"identity": {
        "methods": ["application_credential"],
        "application_credential": {"id": id, "secret": secret.text()?},
    }}});
    let body = Zeroizing::new(body.to_string());
    let response = token_server::post(
        shared,
        credential,
        origin,
        "/auth/tokens",
        "application/json",
        body.as_bytes(),
        None,
    )
    .await?;
    if response.status.as_u16() != 201 {
        return Err(format!(
            "no token from {origin}: status {}",
            response.status.as_u16()
        ));
    }
    let token = response
        .headers
        .get("x-subject-token")
        .filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| format!("the answer of {origin} has no `X-Subject-Token`"))?;
    let read: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let until = read.pointer("/token/expires_at").and_then(Value::as_str);
    let until = until.and_then(|until| until.parse::<Timestamp>().ok());
    let seconds = until.map_or(DEFAULT_SECONDS, |until| {
        until.as_second() - shared.now().as_second()
    });
    if seconds <= 0 {
        return Err(format!(
            "the token of {origin} is over already; is the clock right?"
        ));
    }
    Ok(IssuedToken {
        secret: Secret::new(token.as_bytes().to_vec()),
        seconds,
    })
}
