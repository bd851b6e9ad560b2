//! The sources that secrets are read from: private files, the environment, systemd's credentials, Vault.
//!
//! Never: a secret in an error, which is half a sentence. Read next: `local`, `vault`.

mod local;
mod vault;

use strongroom_domain::egress::SecretSource;

use crate::secret::{Secret, private_file};
use crate::shared::Shared;

/// Reads a secret anew; an error names its source and never repeats it.
pub(crate) async fn read(shared: &Shared, source: &SecretSource) -> Result<Secret, String> {
    let secret = match source {
        SecretSource::File(path) => private_file(path).await,
        SecretSource::Environment(name) => local::variable(shared, name),
        SecretSource::Systemd(name) => local::systemd(shared, name).await,
        SecretSource::Vault { path, key } => vault::read(shared, path, key).await,
    };
    secret
        .and_then(Secret::trimmed)
        .map_err(|reason| format!("the secret `{source}` cannot be had: {reason}"))
}
