//! Secrets of this machine: variables of the environment and systemd's credentials.

use std::path::Path;

use crate::secret::{SECRET_LIMIT, Secret, file};
use crate::shared::Shared;

/// Reads a variable of the environment.
pub(super) fn variable(shared: &Shared, name: &str) -> Result<Secret, String> {
    let value =
        (shared.environment)(name).ok_or_else(|| format!("the variable `{name}` is not set"))?;
    let text = value
        .into_string()
        .map_err(|_| "it is not text in UTF-8".to_owned())?;
    Ok(Secret::new(text.into_bytes()))
}

/// Reads a credential that systemd passes on.
pub(super) async fn systemd(shared: &Shared, name: &str) -> Result<Secret, String> {
    let folder = (shared.environment)("CREDENTIALS_DIRECTORY").ok_or_else(|| {
        format!(
            "systemd passed no credentials on; write `LoadCredential={name}:FILE` into the unit"
        )
    })?;
    // The folder is private to the service; modes inside it differ from one version of systemd to the next.
    file(&Path::new(&folder).join(name), SECRET_LIMIT).await
}
