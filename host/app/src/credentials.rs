//! How the host proves who it is. Never a secret.

use serde_json::json;
use strongroom_config::Declared;
use strongroom_domain::CredentialName;
use strongroom_domain::egress::Credential;

use crate::{Error, Installation, lookup};

/// A credential that schedule files declare.
pub struct CredentialEntry {
    declared: Declared,
    /// How many grants name it.
    pub grants: usize,
}

impl CredentialEntry {
    /// What is declared.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.declared.credential
    }
}

as_json!(CredentialEntry, |entry| {
    let one = entry.credential();
    json!({
        "name": one.name, "scheme": one.scheme, "origin": one.origin, "secret": one.secret.to_string(),
        "user": one.user, "file": entry.declared.file(), "grants": entry.grants,
    })
});

/// Every credential that is declared, by name.
pub fn list(at: &Installation) -> Result<Vec<CredentialEntry>, Error> {
    let set = at.set()?;
    let used = |name: &CredentialName| {
        let grants = lookup::schedules(&set).flat_map(|schedule| schedule.grants.http.values());
        let named = grants.filter(|grant| grant.credential.as_ref() == Some(name));
        named.count()
    };
    let entry = |(name, declared): (&CredentialName, &Declared)| CredentialEntry {
        declared: declared.clone(),
        grants: used(name),
    };
    Ok(set.credentials.iter().map(entry).collect())
}
