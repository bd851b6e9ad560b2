//! The authorization of one request: the headers it gets, and the secrets that must not come back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use strongroom_domain::egress::Credential;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The headers that a request gets, and the secrets that are removed from its response.
#[derive(Default)]
pub(crate) struct Authorization {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) secrets: Vec<Secret>,
}

impl Authorization {
    /// Sends a secret as a bearer token (RFC 6750).
    pub(super) fn bearer(secret: Secret) -> Result<Self, String> {
        let value = Zeroizing::new(format!("Bearer {}", secret.text()?));
        Self::header(AUTHORIZATION, value.as_bytes(), vec![secret])
    }

    /// Sends a secret as the password of the credential's user (RFC 7617).
    pub(super) fn basic(credential: &Credential, secret: Secret) -> Result<Self, String> {
        let user = needed(credential.user.as_deref(), "user")?;
        let pair = Zeroizing::new(format!("{user}:{}", secret.text()?));
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        let value = Zeroizing::new(format!("Basic {}", *encoded));
        let encoded = Secret::new(encoded.as_bytes().to_vec());
        Self::header(AUTHORIZATION, value.as_bytes(), vec![encoded, secret])
    }

    /// Sends a secret as the value of the credential's header.
    pub(super) fn named_header(credential: &Credential, secret: Secret) -> Result<Self, String> {
        let name = needed(credential.header.as_deref(), "header")?.to_ascii_lowercase();
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| "its `header` is no name of a header")?;
        let bytes = Zeroizing::new(secret.bytes().to_vec());
        Self::header(name, &bytes, vec![secret])
    }

    /// Sends one header whose value is a secret.
    pub(super) fn header(
        name: HeaderName,
        value: &[u8],
        secrets: Vec<Secret>,
    ) -> Result<Self, String> {
        let unwritable = "its secret cannot be written into a header";
        if !value.iter().all(|b| b.is_ascii_graphic() || *b == b' ') {
            return Err(unwritable.to_owned());
        }
        let mut value = HeaderValue::from_bytes(value).map_err(|_| unwritable)?;
        value.set_sensitive(true);
        Ok(Self {
            headers: vec![(name, value)],
            secrets,
        })
    }
}

/// Returns a field that was checked to be there.
pub(super) fn needed<'a>(field: Option<&'a str>, key: &str) -> Result<&'a str, String> {
    field.ok_or_else(|| format!("it has no `{key}`"))
}
