//! `oauth2-client`: a token for the client itself (RFC 6749, 4.4), requested with HTTP basic (2.3.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use strongroom_domain::egress::Credential;
use zeroize::Zeroizing;

use super::authorization::needed;
use super::token_server;
use crate::secret::Secret;
use crate::shared::Shared;
use crate::token_cache::IssuedToken;

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
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let user = encoded(needed(credential.user.as_deref(), "user")?);
    let password = Zeroizing::new(encoded(secret.text()?));
    let pair = Zeroizing::new(format!("{user}:{}", *password));
    let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut value =
        HeaderValue::from_str(&basic).map_err(|_| "its secret cannot be written into a header")?;
    value.set_sensitive(true);
    let scope = credential.scopes.join(" ");
    let mut form = vec![("grant_type", "client_credentials")];
    if !scope.is_empty() {
        form.push(("scope", &scope));
    }
    token_server::post_form(shared, credential, origin, &form, Some(value)).await
}
