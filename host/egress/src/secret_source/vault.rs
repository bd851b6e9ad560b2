//! Secrets kept in Vault, read over its HTTP API (versions 1 and 2 of its key/value store).
//!
//! Vault is configured by its own variables: `VAULT_ADDR`, `VAULT_TOKEN` or `VAULT_TOKEN_FILE` (or systemd's credential
//! `vault-token`), `VAULT_CACERT`, `VAULT_NAMESPACE`. Its address may be private: the operator set it.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;
use strongroom_domain::egress::Origin;
use zeroize::Zeroizing;

use super::local::{systemd, variable};
use crate::dial::{AllowedAddresses, Server};
use crate::draft::Draft;
use crate::secret::{Secret, private_file};
use crate::shared::Shared;

/// Reads one key of one secret.
pub(super) async fn read(shared: &Shared, path: &str, key: &str) -> Result<Secret, String> {
    let address = setting(shared, "VAULT_ADDR").ok_or("`VAULT_ADDR` is not set")?;
    let origin = Origin::parse(&address)
        .map_err(|reason| format!("`VAULT_ADDR` is no address: {reason}"))?;
    let token = token(shared)
        .await?
        .trimmed()
        .map_err(|reason| format!("of the token for Vault, {reason}"))?;
    let trust = setting(shared, "VAULT_CACERT").map(PathBuf::from);
    let mut value = HeaderValue::from_bytes(token.bytes())
        .map_err(|_| "the token for Vault cannot be a header")?;
    value.set_sensitive(true);
    let mut headers = vec![(HeaderName::from_static("x-vault-token"), value)];
    if let Some(namespace) = setting(shared, "VAULT_NAMESPACE") {
        let value = HeaderValue::from_str(&namespace)
            .map_err(|_| "`VAULT_NAMESPACE` cannot be a header")?;
        headers.push((HeaderName::from_static("x-vault-namespace"), value));
    }
    let draft = Draft {
        method: Method::GET,
        target: format!("{}/v1/{path}", origin.path),
        headers,
        body: Bytes::new(),
    };
    let server = Server {
        origin: &origin,
        addresses: AllowedAddresses::Operator,
        trust: trust.as_deref(),
    };
    let response = shared
        .send(server, draft)
        .await
        .map_err(|failure| format!("Vault did not answer: {failure}"))?;
    let body = Zeroizing::new(response.body);
    match response.status.as_u16() {
        200 => value_of(&body, key),
        403 => Err("Vault refused the token (403)".to_owned()),
        404 => Err("Vault has no such secret (404); with version 2 of its store, `data/` stands in the path".to_owned()),
        status => Err(format!("Vault answered with status {status}")),
    }
}

async fn token(shared: &Shared) -> Result<Secret, String> {
    if setting(shared, "VAULT_TOKEN").is_some() {
        return variable(shared, "VAULT_TOKEN");
    }
    if let Some(path) = setting(shared, "VAULT_TOKEN_FILE") {
        let read = private_file(Path::new(&path)).await;
        return read.map_err(|reason| format!("`VAULT_TOKEN_FILE` cannot be read: {reason}"));
    }
    systemd(shared, "vault-token").await.map_err(|_| {
        "none of `VAULT_TOKEN`, `VAULT_TOKEN_FILE` and systemd's credential `vault-token` is there".to_owned()
    })
}

fn setting(shared: &Shared, name: &str) -> Option<String> {
    let value = (shared.environment)(name)?.into_string().ok()?;
    (!value.is_empty()).then_some(value)
}

/// Finds `data.data.KEY` of version 2, or `data.KEY` of version 1.
fn value_of(body: &[u8], key: &str) -> Result<Secret, String> {
    let read: Value = serde_json::from_slice(body).map_err(|_| "Vault's answer is not JSON")?;
    let data = read.get("data").ok_or("Vault's answer has no data")?;
    let second = data.get("data").filter(|inner| inner.is_object());
    let value = second.unwrap_or(data).get(key);
    match value.and_then(Value::as_str) {
        Some(text) => Ok(Secret::new(text.as_bytes().to_vec())),
        None => Err(format!("the secret in Vault has no text under `{key}`")),
    }
}
