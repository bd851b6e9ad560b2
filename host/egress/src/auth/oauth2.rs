//! `oauth2-client`: a token for the client itself (RFC 6749, 4.4), asked for with HTTP basic (2.3.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use strongroom_domain::egress::Credential;
use zeroize::Zeroizing;

use super::tokens::Found;
use super::{exchange, needed};
use crate::outside::Outside;
use crate::secret::Secret;

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
    exchange::form(outside, credential, origin, &form, Some(value)).await
}
