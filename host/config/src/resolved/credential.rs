//! An entry `[[credential]]`: how the host proves who it is.
//!
//! Owns: what every entry must have.
//! Never: what its scheme needs, or the secret itself.
//! Read next: `strongroom_domain::egress::Credential`.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use strongroom_domain::CredentialName;
use strongroom_domain::egress::{Credential, SecretSource};

use super::names::named;
use super::paths::file;
use super::services::{addresses, place};
use crate::diagnostic::Diagnostic;
use crate::problems::Problems;
use crate::raw::RawCredential;
use crate::reader::{At, RawTable};
use crate::section::Key;
use crate::source::SourceFile;

/// A credential and where it was written.
#[derive(Debug, Clone)]
pub struct Declared {
    /// What it says, resolved.
    pub credential: Arc<Credential>,
    source: Arc<SourceFile>,
    header: Range<usize>,
    keys: Vec<(&'static Key, Range<usize>)>,
}

impl Declared {
    /// An error of this credential, shown at a key, or at the entry if the key is not there.
    #[must_use]
    pub fn problem(&self, key: &str, message: impl Into<String>, hint: Option<&str>) -> Diagnostic {
        let place = self
            .keys
            .iter()
            .find(|(found, _)| found.name == key && key != "secret");
        let place = place.map_or(&self.header, |(_, span)| span);
        let problem = Diagnostic::at(&self.source, place.clone(), message);
        match hint {
            Some(hint) => problem.hinted(hint),
            None => problem,
        }
    }

    /// The file, as it is shown to people.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.source.path
    }

    /// A problem with a second place: this credential.
    pub(crate) fn noted_at(&self, problem: Diagnostic, label: &str) -> Diagnostic {
        problem.noted(&self.source, self.header.clone(), label)
    }
}

/// The credential of an entry, or `None` if something of it is wrong; then the problems say what.
pub(crate) fn credential(
    raw: &RawCredential,
    header: &Range<usize>,
    problems: &mut Problems,
) -> Option<Declared> {
    let errors = problems.errors();
    for key in raw.missing() {
        problems.missing("this credential", key, header);
    }
    let text = |at: &Option<At<String>>| at.as_ref().map(|at| at.value.clone());
    let name = raw
        .name
        .as_ref()
        .and_then(|at| named("a credential", CredentialName::new, at, problems));
    let origin = raw.origin.as_ref().and_then(|at| place(at, problems));
    let secret = raw
        .secret
        .as_ref()
        .and_then(|at| secret(at, header, problems));
    let token_url = raw.token_url.as_ref().and_then(|at| place(at, problems));
    let certificate = raw.certificate.as_ref().and_then(|at| file(at, problems));
    let trust = raw.trust.as_ref().and_then(|at| file(at, problems));
    let addresses = addresses(raw.addresses.as_ref(), problems);
    if problems.errors() > errors {
        return None;
    }
    let credential = Credential {
        name: name?,
        scheme: text(&raw.scheme)?,
        origin: origin?,
        secret: secret?,
        user: text(&raw.user),
        header: text(&raw.header),
        token_url,
        scopes: raw
            .scopes
            .iter()
            .flat_map(|at| &at.value)
            .map(|at| at.value.clone())
            .collect(),
        region: text(&raw.region),
        service: text(&raw.service),
        certificate,
        addresses,
        trust,
    };
    Some(Declared {
        credential: Arc::new(credential),
        source: Arc::clone(&problems.source),
        header: header.clone(),
        keys: raw.places(),
    })
}

/// Where the secret is. The line is never shown: the secret itself may stand there by mistake.
fn secret(at: &At<String>, header: &Range<usize>, problems: &mut Problems) -> Option<SecretSource> {
    let read = SecretSource::parse(&at.value).map_err(|reason| {
        let hint = "write where it is read from, as in `\"file:/etc/strongroom/acme-cloud.key\"`; never the secret itself";
        problems.error(header, format!("`secret` is not the place of a secret: {reason}"), hint);
    });
    match read.ok()? {
        SecretSource::File(_) => {
            let path = At {
                value: at
                    .value
                    .strip_prefix("file:")
                    .unwrap_or_default()
                    .to_owned(),
                span: at.span.clone(),
            };
            file(&path, problems).map(SecretSource::File)
        }
        other => Some(other),
    }
}
