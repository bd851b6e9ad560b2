//! `aws-sigv4`: the request itself is signed (Signature Version 4), over exactly the bytes that are sent.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningParams,
    SigningSettings, UriPathNormalizationMode, sign as signature,
};
use aws_sigv4::sign::v4;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use strongroom_domain::egress::{Credential, Origin, Scheme};

use super::authorization::{Authorization, needed};
use crate::draft::Draft;
use crate::secret::Secret;

/// Headers that the signature sets; a plugin may set none of them.
pub(super) const RESERVED: [&str; 4] = [
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-signature",
];

/// Signs a request.
pub(super) fn sign(
    credential: &Credential,
    secret: Secret,
    now: Timestamp,
    origin: &Origin,
    draft: &Draft,
) -> Result<Authorization, String> {
    let service = needed(credential.service.as_deref(), "service")?;
    let id = needed(credential.user.as_deref(), "user")?;
    let identity = Credentials::new(id, secret.text()?, None, None, "strongroom").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(needed(credential.region.as_deref(), "region")?)
        .name(service)
        .time(time(now)?)
        .settings(settings(service))
        .build()
        .map_err(|_| "the request cannot be signed")?;
    let authority = origin.authority();
    let scheme = if origin.scheme == Scheme::Https {
        "https"
    } else {
        "http"
    };
    let mut headers = vec![("host", authority.as_str())];
    for (name, value) in &draft.headers {
        headers.push((
            name.as_str(),
            value.to_str().map_err(|_| "a header cannot be signed")?,
        ));
    }
    let request = SignableRequest::new(
        draft.method.as_str(),
        format!("{scheme}://{authority}{}", draft.target),
        headers.into_iter(),
        SignableBody::Bytes(&draft.body),
    );
    let request = request.map_err(|_| "the request cannot be signed")?;
    let signed = signature(request, &SigningParams::V4(params))
        .map_err(|_| "the request cannot be signed")?;
    let (instructions, _) = signed.into_parts();
    let mut authorization = Authorization {
        headers: Vec::new(),
        secrets: vec![secret],
    };
    for (name, value) in instructions.headers() {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| "the signature cannot be written")?;
        let mut value =
            HeaderValue::from_str(value).map_err(|_| "the signature cannot be written")?;
        value.set_sensitive(true);
        authorization.headers.push((name, value));
    }
    Ok(authorization)
}

fn time(now: Timestamp) -> Result<SystemTime, &'static str> {
    let seconds = u64::try_from(now.as_second()).map_err(|_| "the clock is before 1970")?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// `s3` reads paths as they are and wants the body's digest; the other services decode twice.
fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}
