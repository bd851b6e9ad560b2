//! Requests to a token server, resolved, checked and bounded like all others.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde_json::Value;
use strongroom_domain::egress::{Credential, Origin};
use zeroize::Zeroizing;

use crate::connection::RawResponse;
use crate::dial::{AllowedAddresses, Server};
use crate::draft::Draft;
use crate::secret::Secret;
use crate::shared::Shared;
use crate::token_cache::IssuedToken;

/// The reasons of RFC 6749, 5.2; no other word of a server is repeated, because it could be the secret it was sent.
const REASONS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];
/// How long a token is used whose end is not known, in seconds.
pub(super) const DEFAULT_SECONDS: i64 = 300;

/// Posts to the token server.
pub(super) async fn post(
    shared: &Shared,
    credential: &Credential,
    origin: &Origin,
    path: &str,
    content_type: &'static str,
    body: &[u8],
    authorization: Option<HeaderValue>,
) -> Result<RawResponse, String> {
    let target = format!("{}{path}", origin.path);
    let target = if target.is_empty() {
        "/".to_owned()
    } else {
        target
    };
    let mut headers = vec![
        (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (ACCEPT, HeaderValue::from_static("application/json")),
    ];
    headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
    let draft = Draft {
        method: Method::POST,
        target,
        headers,
        body: Bytes::copy_from_slice(body),
    };
    let server = Server {
        origin,
        addresses: AllowedAddresses::Granted(&credential.addresses),
        trust: credential.trust.as_deref(),
    };
    let response = shared.send(server, draft).await;
    response.map_err(|failure| format!("no token from {origin}: {failure}"))
}

/// Posts a form and reads the token in the response (RFC 6749, 5.1).
pub(super) async fn post_form(
    shared: &Shared,
    credential: &Credential,
    origin: &Origin,
    form: &[(&str, &str)],
    authorization: Option<HeaderValue>,
) -> Result<IssuedToken, String> {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let body = Zeroizing::new(body);
    let response = post(
        shared,
        credential,
        origin,
        "",
        "application/x-www-form-urlencoded",
        body.as_bytes(),
        authorization,
    )
    .await?;
    let text = Zeroizing::new(response.body);
    let read = serde_json::from_slice::<Value>(&text).unwrap_or_default();
    if !response.status.is_success() {
        let reason = read
            .get("error")
            .and_then(Value::as_str)
            .filter(|reason| REASONS.contains(reason));
        let reason = reason
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default();
        return Err(format!(
            "no token from {origin}: status {}{reason}",
            response.status.as_u16()
        ));
    }
    let kind = read.get("token_type").and_then(Value::as_str);
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err(format!("{origin} gave no token of the type `Bearer`"));
    }
    let token = read
        .get("access_token")
        .and_then(Value::as_str)
        .filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| format!("the answer of {origin} has no `access_token`"))?;
    // Some servers write the number as text.
    let life = read.get("expires_in");
    let seconds = life.and_then(|life| life.as_i64().or_else(|| life.as_str()?.parse().ok()));
    Ok(IssuedToken {
        secret: Secret::new(token.as_bytes().to_vec()),
        seconds: seconds.unwrap_or(DEFAULT_SECONDS),
    })
}
