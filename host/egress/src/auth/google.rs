//! `google-service-account`: claims signed with the account's key.
//!
//! Without `token-url` the signed claims are themselves the token: no other server is asked, one secret less travels.
//! With it they are exchanged (RFC 7523); the audience is a constant, whatever server is asked (measured).

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use strongroom_domain::egress::Credential;
use zeroize::Zeroizing;

use super::tokens::Found;
use super::{exchange, jwt};
use crate::outside::Outside;
use crate::secret::Secret;

const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The longest that is accepted, in seconds.
const LIFE: i64 = 3600;

/// What is used of the key file.
#[derive(Deserialize)]
struct KeyFile {
    r#type: String,
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
}

/// A token, signed or exchanged.
///
/// # Errors
/// Half a sentence.
pub(super) async fn token(
    outside: &Outside,
    credential: &Credential,
    secret: &Secret,
) -> Result<Found, String> {
    // The reader's own words could repeat what it read.
    let file: KeyFile = serde_json::from_slice(secret.bytes())
        .map_err(|_| "its secret is not the JSON key file of a service account".to_owned())?;
    let key = Zeroizing::new(file.private_key);
    if file.r#type != "service_account" {
        return Err(
            "its key file is not one of a service account (`\"type\": \"service_account\"`)"
                .to_owned(),
        );
    }
    let id = file.private_key_id.as_deref();
    let signed = |claims| jwt::signed(&key, id, &claims);
    let (from, until) = life(outside.now());
    let email = file.client_email.as_str();
    let scope = credential.scopes.join(" ");
    let Some(server) = &credential.token_url else {
        // Scopes say what it is for; without them, the server's address does.
        let claims = if scope.is_empty() {
            let audience = format!("https://{}/", credential.origin.authority());
            json!({"iss": email, "sub": email, "aud": audience, "iat": from, "exp": until})
        } else {
            json!({"iss": email, "sub": email, "scope": scope, "iat": from, "exp": until})
        };
        return Ok(Found {
            secret: signed(claims)?,
            seconds: LIFE,
        });
    };
    let claims = json!({"iss": email, "scope": scope, "aud": AUDIENCE, "iat": from, "exp": until});
    let assertion = signed(claims)?;
    let form = [("grant_type", GRANT), ("assertion", assertion.text()?)];
    exchange::form(outside, credential, server, &form, None).await
}

fn life(now: Timestamp) -> (i64, i64) {
    let now = now.as_second();
    (now, now + LIFE)
}
