//! What a plugin may use, `[schedule.grants]`, and how the host proves who it is, `[[credential]]`.
//!
//! Owns: their keys.
//! Never: what a value means.
//! Read next: `reader`, then `resolved`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::raw_table;
use crate::reader::At;
use crate::section::{Key, Kind};

raw_table! {
    /// What the plugin may use; nothing else is open to it.
    RawGrants, "[schedule.grants]";
    /// Let the plugin keep small notes between runs.
    state: bool = Key::flag("state", false);
    /// Folders, each under the name by which the plugin knows it.
    files: BTreeMap<String, At<RawTree>> = Key::new("files", Kind::Named(RawTree::SECTION));
    /// Services at a provider, each under the name by which the plugin knows it (`strongroom plugin inspect FILE` shows
    /// which, with their operations).
    http: BTreeMap<String, At<RawService>> = Key::new("http", Kind::Named(RawService::SECTION));
}

raw_table! {
    /// A folder that the plugin may use.
    RawTree, "[schedule.grants.files.NAME]";
    /// The folder; a relative one starts at this file's folder. `{tenant}` stands for the tenant's name.
    path: String = Key::text("path", "/srv/{tenant}").required();
    /// `read`, or `write`, which also makes, changes and removes.
    access: String =
        Key::choice("access", &["read", "write"], "read").required().aliases(&["mode"]);
}

raw_table! {
    /// A service at a provider that the plugin may send requests to: only these operations, with these values.
    RawService, "[schedule.grants.http.SERVICE]";
    /// Where it is: scheme and host, perhaps with port and path. `http://` only to addresses that `addresses` names.
    origin: String = Key::text("origin", "https://compute.example.com").required();
    /// The operations that are allowed, by the names the plugin gives them.
    operations: Vec<At<String>> =
        Key::texts("operations", 64, &["list-snapshots", "create-snapshot"]).filled().required();
    /// What the parameters of these operations may be: a text or a list of texts. `{tenant}` stands for the tenant's name,
    /// `*` for any run of characters.
    bind: Map<String, Json> = Key::new("bind", Kind::Bounds);
    /// The `[[credential]]` by which the host proves there who it is; the plugin never sees it.
    credential: String = Key::named("credential", "acme-cloud");
    /// Addresses that are not public and may be dialled all the same: an address or a range.
    addresses: Vec<At<String>> = Key::texts("addresses", 64, &["10.20.0.0/16"]);
    /// A file of certificates (PEM) to trust instead of the system's: of an authority, or the server's own. A relative path
    /// starts at this file's folder.
    trust: String = Key::text("trust", "cloud-ca.pem");
    /// How long one request may take, `1s` to `10m`.
    timeout: String = Key::text("timeout", "10s").or("30s").aliases(&["deadline"]);
    /// The largest answer, in KiB or MiB, up to 64MiB.
    answer: String = Key::text("answer", "1MiB").pattern("^[0-9]+ ?[KM]iB$").or("8MiB");
}

raw_table! {
    /// How the host proves who it is at one server. Plugins never see it. Which keys there are depends on the scheme.
    RawCredential, "[[credential]]";
    /// Its name: grants of all files use it.
    name: String = Key::named("name", "acme-cloud").required();
    /// The authentication scheme, such as `bearer` or `basic` (`strongroom credentials --schemes` lists them with their
    /// keys).
    scheme: String = Key::text("scheme", "bearer").required();
    /// The only server it is shown to.
    origin: String = Key::text("origin", "https://compute.example.com").required();
    /// Where the secret is read from: `file:PATH`, `env:NAME`, `systemd:NAME` or `vault:PATH#KEY`. Never the secret itself.
    secret: String = Key::text("secret", "file:/etc/strongroom/acme-cloud.key")
        .pattern("^(file|env|systemd|vault):.+$")
        .required();
    /// Who: a user, a client's id, a key's id.
    user: String = Key::text("user", "backup");
    /// The header that carries the secret.
    header: String = Key::text("header", "x-api-key");
    /// Where tokens are asked for.
    token_url: String = Key::text("token-url", "https://login.example.com/token");
    /// What tokens are asked for.
    scopes: Vec<At<String>> = Key::texts("scopes", 32, &["snapshots"]);
    /// The region that is signed.
    region: String = Key::text("region", "eu-west-1");
    /// The service that is signed.
    service: String = Key::text("service", "storage");
    /// A file with the certificate (PEM, the whole chain) whose key is the secret. A relative path starts at this file's
    /// folder.
    certificate: String = Key::text("certificate", "host.pem");
    /// Addresses of the token server that are not public and may be dialled all the same.
    addresses: Vec<At<String>> = Key::texts("addresses", 64, &["10.20.0.5"]);
    /// A file of certificates (PEM) to trust for the token server instead of the system's.
    trust: String = Key::text("trust", "login-ca.pem");
}
