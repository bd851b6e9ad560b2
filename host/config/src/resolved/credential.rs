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
use super::services::{addresses, file, place};
use crate::diagnostic::Diagnostic;
use crate::problems::Problems;
use crate::raw::{At, RawCredential};
use crate::source::SourceFile;

/// A credential and where it was written.
#[derive(Debug, Clone)]
pub struct Declared {
    /// As meant.
    pub credential: Arc<Credential>,
    source: Arc<SourceFile>,
    header: Range<usize>,
    keys: Vec<(&'static str, Range<usize>)>,
}

impl Declared {
    /// An error of this credential, shown at a key, or at the entry if the key is not there.
    #[must_use]
    pub fn problem(&self, key: &str, message: impl Into<String>, hint: Option<&str>) -> Diagnostic {
        let place = self
            .keys
            .iter()
            .find(|(name, _)| *name == key && key != "secret");
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
    for (key, missing, example) in [
        ("name", raw.name.is_none(), "name = \"acme-cloud\""),
        ("scheme", raw.scheme.is_none(), "scheme = \"bearer\""),
        (
            "origin",
            raw.origin.is_none(),
            "origin = \"https://compute.example.com\"",
        ),
        (
            "secret",
            raw.secret.is_none(),
            "secret = \"file:/etc/strongroom/acme-cloud.key\"",
        ),
    ] {
        if missing && !raw.given.contains(key) {
            let message = format!("this credential has no `{key}`");
            problems.error(header, message, format!("add a line such as `{example}`"));
        }
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
        keys: keys(raw),
    })
}

fn keys(raw: &RawCredential) -> Vec<(&'static str, Range<usize>)> {
    let texts = [
        ("name", &raw.name),
        ("scheme", &raw.scheme),
        ("origin", &raw.origin),
        ("user", &raw.user),
        ("header", &raw.header),
        ("token-url", &raw.token_url),
        ("region", &raw.region),
        ("service", &raw.service),
        ("certificate", &raw.certificate),
        ("trust", &raw.trust),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(key, at)| Some((key, at.as_ref()?.span.clone())));
    let lists = [("scopes", &raw.scopes), ("addresses", &raw.addresses)];
    let lists = lists
        .into_iter()
        .filter_map(|(key, at)| Some((key, at.as_ref()?.span.clone())));
    texts.chain(lists).collect()
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
