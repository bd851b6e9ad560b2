//! `google-service-account`: claims signed with the account's key.
//!
//! Without `token-url` the signed claims are themselves the token: no other server is asked, and one secret less is sent.
//! With it they are exchanged (RFC 7523); the audience is a constant, whatever server is asked (measured).

use serde::Deserialize;
use serde_json::json;
use strongroom_domain::egress::Credential;
use zeroize::Zeroizing;

use super::{jwt, token_server};
use crate::secret::Secret;
use crate::shared::Shared;
use crate::token_cache::IssuedToken;

const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The longest that is accepted, in seconds.
const LIFE: i64 = 3600;

/// The fields of the key file that are used.
#[derive(Deserialize)]
struct KeyFile {
    r#type: String,
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
}

/// Makes a token, signed or exchanged.
pub(super) async fn token(
    shared: &Shared,
    credential: &Credential,
    secret: &Secret,
) -> Result<IssuedToken, String> {
    // The parser's own words could repeat the secret.
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
    let signed = |claims| jwt::sign(&key, id, &claims);
    let from = shared.now().as_second();
    let until = from + LIFE;
    let email = file.client_email.as_str();
    let scope = credential.scopes.join(" ");
    let Some(server) = &credential.token_url else {
        // Scopes say what the token is for; without them, the server's address does.
        let claims = if scope.is_empty() {
            let audience = format!("https://{}/", credential.origin.authority());
            json!({"iss": email, "sub": email, "aud": audience, "iat": from, "exp": until})
        } else {
            json!({"iss": email, "sub": email, "scope": scope, "iat": from, "exp": until})
        };
        return Ok(IssuedToken {
            secret: signed(claims)?,
            seconds: LIFE,
        });
    };
    let claims = json!({"iss": email, "scope": scope, "aud": AUDIENCE, "iat": from, "exp": until});
    let assertion = signed(claims)?;
    let form = [("grant_type", GRANT), ("assertion", assertion.text()?)];
    token_server::post_form(shared, credential, server, &form, None).await
}
