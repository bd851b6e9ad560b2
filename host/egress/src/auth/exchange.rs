//! A question to a token server, by the same road as everything else: resolved, checked, bounded.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde_json::Value;
use strongroom_domain::egress::{Credential, Origin};
use zeroize::Zeroizing;

use super::tokens::Found;
use crate::connection::Answer;
use crate::dial::{Reach, Server};
use crate::draft::Draft;
use crate::outside::Outside;
use crate::secret::Secret;

/// The reasons that RFC 6749, 5.2 knows; anything else a server says is not repeated, it could be what it was sent.
const REASONS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];
/// How long a token is used whose end the server does not say, in seconds.
const UNSAID_SECONDS: i64 = 300;

/// Posts to the token server.
///
/// # Errors
/// Half a sentence.
pub(super) async fn post(
    outside: &Outside,
    credential: &Credential,
    origin: &Origin,
    path: &str,
    kind: &'static str,
    body: &[u8],
    authorization: Option<HeaderValue>,
) -> Result<Answer, String> {
    let target = format!("{}{path}", origin.path);
    let target = if target.is_empty() {
        "/".to_owned()
    } else {
        target
    };
    let mut draft = Draft::own(Method::POST, target, body);
    draft
        .headers
        .push((CONTENT_TYPE, HeaderValue::from_static(kind)));
    draft
        .headers
        .push((ACCEPT, HeaderValue::from_static("application/json")));
    draft
        .headers
        .extend(authorization.map(|value| (AUTHORIZATION, value)));
    let server = Server {
        origin,
        reach: Reach::Granted(&credential.addresses),
        trust: credential.trust.as_deref(),
    };
    let answer = outside.ask(server, draft).await;
    answer.map_err(|failure| format!("no token from {origin}: {failure}"))
}

/// Posts a form and reads the token in the answer (RFC 6749, 5.1).
///
/// # Errors
/// Half a sentence.
pub(super) async fn form(
    outside: &Outside,
    credential: &Credential,
    origin: &Origin,
    form: &[(&str, &str)],
    authorization: Option<HeaderValue>,
) -> Result<Found, String> {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let body = Zeroizing::new(body);
    let kind = "application/x-www-form-urlencoded";
    let answer = post(
        outside,
        credential,
        origin,
        "",
        kind,
        body.as_bytes(),
        authorization,
    )
    .await?;
    let text = Zeroizing::new(answer.body);
    let read = serde_json::from_slice::<Value>(&text).unwrap_or_default();
    if !answer.status.is_success() {
        let reason = read
            .get("error")
            .and_then(Value::as_str)
            .filter(|reason| REASONS.contains(reason));
        let reason = reason
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default();
        return Err(format!(
            "no token from {origin}: status {}{reason}",
            answer.status.as_u16()
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
    let said = read.get("expires_in");
    let seconds = said.and_then(|said| said.as_i64().or_else(|| said.as_str()?.parse().ok()));
    Ok(Found {
        secret: Secret::new(token.as_bytes().to_vec()),
        seconds: seconds.unwrap_or(UNSAID_SECONDS),
    })
}
