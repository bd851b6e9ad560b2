//! `[schedule.grants.http.SERVICE]` and `[[credential]]` as written.
//!
//! Owns: their keys, descriptions and examples.
//! Never: what a value means.
//! Read next: `reader`, then `meant`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use schemars::JsonSchema;

use super::At;
use crate::reader::Keys;

/// A service at a provider that the plugin may send requests to: only these operations, with these values.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RawService {
    /// Where it is: scheme and host, perhaps with port and path. `http://` only to addresses that `addresses` names.
    #[schemars(required, example = &"https://compute.example.com")]
    pub(crate) origin: Option<At<String>>,
    /// The operations that are allowed, by the names the plugin gives them.
    #[schemars(required, example = vec!["list-snapshots", "create-snapshot"], length(min = 1, max = 64))]
    pub(crate) operations: Option<At<Vec<At<String>>>>,
    /// What the parameters of these operations may be: a text or a list of texts. `{tenant}` stands for the tenant's name,
    /// `*` for any run of characters.
    #[schemars(with = "Option<BTreeMap<String, Bound>>")]
    pub(crate) bind: Option<At<serde_json::Map<String, serde_json::Value>>>,
    /// The `[[credential]]` by which the host proves there who it is; the plugin never sees it.
    #[schemars(example = &"acme-cloud", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) credential: Option<At<String>>,
    /// Addresses that are not public and may be dialled all the same: an address or a range.
    #[schemars(example = vec!["10.20.0.0/16"], length(max = 64))]
    pub(crate) addresses: Option<At<Vec<At<String>>>>,
    /// A file of certificates (PEM) to trust instead of the system's: of an authority, or the server's own. A relative path
    /// starts at this file's folder.
    #[schemars(example = &"cloud-ca.pem")]
    pub(crate) trust: Option<At<String>>,
    /// How long one request may take, `1s` to `10m`.
    #[schemars(example = &"10s", extend("default" = "30s"))]
    pub(crate) timeout: Option<At<String>>,
    /// The largest answer, in KiB or MiB, up to 64MiB.
    #[schemars(example = &"1MiB", extend("default" = "8MiB"), regex(pattern = "^[0-9]+ ?[KM]iB$"))]
    pub(crate) answer: Option<At<String>>,
    /// Where the table begins.
    #[schemars(skip)]
    pub(crate) span: Range<usize>,
    /// The keys that are there, whatever their kind.
    #[schemars(skip)]
    pub(crate) given: BTreeSet<&'static str>,
}

/// A text or several.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes what `bind` holds")]
pub(crate) enum Bound {
    One(String),
    Several(Vec<String>),
}

/// How the host proves who it is at one server. Plugins never see it. Which keys there are depends on the scheme.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RawCredential {
    /// Its name: grants of all files use it.
    #[schemars(required, example = &"acme-cloud", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) name: Option<At<String>>,
    /// The authentication scheme, such as `bearer` or `basic` (`strongroom credentials --schemes` lists them with their
    /// keys).
    #[schemars(required, example = &"bearer")]
    pub(crate) scheme: Option<At<String>>,
    /// The only server it is shown to.
    #[schemars(required, example = &"https://compute.example.com")]
    pub(crate) origin: Option<At<String>>,
    /// Where the secret is read from: `file:PATH`, `env:NAME`, `systemd:NAME` or `vault:PATH#KEY`. Never the secret itself.
    #[schemars(required, example = &"file:/etc/strongroom/acme-cloud.key", regex(pattern = "^(file|env|systemd|vault):.+$"))]
    pub(crate) secret: Option<At<String>>,
    /// Who: a user, a client's id, a key's id.
    #[schemars(example = &"backup")]
    pub(crate) user: Option<At<String>>,
    /// The header that carries the secret.
    #[schemars(example = &"x-api-key")]
    pub(crate) header: Option<At<String>>,
    /// Where tokens are asked for.
    #[schemars(example = &"https://login.example.com/token")]
    pub(crate) token_url: Option<At<String>>,
    /// What tokens are asked for.
    #[schemars(example = vec!["snapshots"], length(max = 32))]
    pub(crate) scopes: Option<At<Vec<At<String>>>>,
    /// The region that is signed.
    #[schemars(example = &"eu-west-1")]
    pub(crate) region: Option<At<String>>,
    /// The service that is signed.
    #[schemars(example = &"storage")]
    pub(crate) service: Option<At<String>>,
    /// A file with the certificate (PEM, the whole chain) whose key is the secret. A relative path starts at this file's
    /// folder.
    #[schemars(example = &"host.pem")]
    pub(crate) certificate: Option<At<String>>,
    /// Addresses of the token server that are not public and may be dialled all the same.
    #[schemars(example = vec!["10.20.0.5"], length(max = 64))]
    pub(crate) addresses: Option<At<Vec<At<String>>>>,
    /// A file of certificates (PEM) to trust for the token server instead of the system's.
    #[schemars(example = &"login-ca.pem")]
    pub(crate) trust: Option<At<String>>,
    /// The keys that are there, whatever their kind.
    #[schemars(skip)]
    pub(crate) given: BTreeSet<&'static str>,
}

impl RawService {
    pub(super) fn read(mut keys: Keys<'_>) -> Self {
        Self {
            origin: keys.text("origin"),
            operations: keys.texts("operations"),
            bind: keys.json("bind"),
            credential: keys.text("credential"),
            addresses: keys.texts("addresses"),
            trust: keys.text("trust"),
            timeout: keys.text("timeout"),
            answer: keys.text("answer"),
            span: keys.span(),
            given: keys.refuse_unknown(),
        }
    }
}

impl RawCredential {
    /// Takes every key of an entry; a key of the wrong kind is reported and left out.
    pub(crate) fn read(mut keys: Keys<'_>) -> Self {
        Self {
            name: keys.text("name"),
            scheme: keys.text("scheme"),
            origin: keys.text("origin"),
            secret: keys.text("secret"),
            user: keys.text("user"),
            header: keys.text("header"),
            token_url: keys.text("token-url"),
            scopes: keys.texts("scopes"),
            region: keys.text("region"),
            service: keys.text("service"),
            certificate: keys.text("certificate"),
            addresses: keys.texts("addresses"),
            trust: keys.text("trust"),
            given: keys.refuse_unknown(),
        }
    }
}
