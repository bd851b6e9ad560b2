//! `openstack-keystone`: a token for an application credential (Identity API v3).

use http::HeaderName;
use jiff::Timestamp;
use serde_json::{Value, json};
use strongroom_domain::egress::Credential;
use zeroize::Zeroizing;

use super::tokens::Found;
use super::{exchange, needed};
use crate::outside::Outside;
use crate::secret::Secret;

/// The header that services read.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-auth-token");
/// How long a token is used whose end cannot be read, in seconds.
const UNSAID_SECONDS: i64 = 300;

/// Asks for a token.
///
/// # Errors
/// Half a sentence.
pub(super) async fn token(
    outside: &Outside,
    credential: &Credential,
    secret: Secret,
) -> Result<Found, String> {
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
    let kind = "application/json";
    let answer = exchange::post(
        outside,
        credential,
        origin,
        "/auth/tokens",
        kind,
        body.as_bytes(),
        None,
    )
    .await?;
    if answer.status.as_u16() != 201 {
        return Err(format!(
            "no token from {origin}: status {}",
            answer.status.as_u16()
        ));
    }
    let token = answer
        .headers
        .get("x-subject-token")
        .filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| format!("the answer of {origin} has no `X-Subject-Token`"))?;
    let read: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let until = read.pointer("/token/expires_at").and_then(Value::as_str);
    let until = until.and_then(|until| until.parse::<Timestamp>().ok());
    let seconds = until.map_or(UNSAID_SECONDS, |until| {
        until.as_second() - outside.now().as_second()
    });
    if seconds <= 0 {
        return Err(format!(
            "the token of {origin} is over already; is the clock right?"
        ));
    }
    Ok(Found {
        secret: Secret::new(token.as_bytes().to_vec()),
        seconds,
    })
}
