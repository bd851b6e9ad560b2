//! The schemes there are, and whether a declared credential is complete.
//!
//! Owns: the words for messages and documents. Never: reads a secret, asks a server.

use http::HeaderName;
use strongroom_domain::egress::{Credential, SecretSource};

use super::{aws, keystone};
use crate::headers::is_the_hosts_own;

/// A scheme in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemeText {
    /// As it is written in `scheme`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub sentence: &'static str,
    /// Fields that must be there, beside `name`, `scheme`, `origin` and `secret`.
    pub needed: &'static [&'static str],
    /// Fields that may be there; all others are refused.
    pub optional: &'static [&'static str],
}

/// Something wrong with a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field, as it is written.
    pub key: &'static str,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// Every scheme.
pub const SCHEMES: [SchemeText; 8] = [
    SchemeText {
        name: "bearer",
        sentence: "The secret is sent as `Authorization: Bearer SECRET`.",
        needed: &[],
        optional: &[],
    },
    SchemeText {
        name: "basic",
        sentence: "The user and the secret, a password, are sent as HTTP basic authentication.",
        needed: &["user"],
        optional: &[],
    },
    SchemeText {
        name: "header",
        sentence: "The secret is sent as the value of a header.",
        needed: &["header"],
        optional: &[],
    },
    SchemeText {
        name: "oauth2-client",
        sentence: "A token is asked for with the client's id (`user`) and secret, and sent as a bearer token.",
        needed: &["user", "token-url"],
        optional: &["scopes", "addresses", "trust"],
    },
    SchemeText {
        name: "google-service-account",
        sentence: "The secret is a service account's JSON key file; claims that it signs are sent as a bearer token, or \
                   exchanged for one at `token-url`.",
        needed: &[],
        optional: &["token-url", "scopes", "addresses", "trust"],
    },
    SchemeText {
        name: "aws-sigv4",
        sentence: "Each request is signed with the secret access key of the access key id in `user`.",
        needed: &["user", "region", "service"],
        optional: &[],
    },
    SchemeText {
        name: "openstack-keystone",
        sentence: "A token is asked for with an application credential's id (`user`) and secret; `token-url` is the root \
                   of the Identity API, such as `https://keystone.example.com/v3`.",
        needed: &["user", "token-url"],
        optional: &["addresses", "trust"],
    },
    SchemeText {
        name: "mutual-tls",
        sentence: "The certificate is shown in the TLS handshake; the secret is its private key in PEM.",
        needed: &["certificate"],
        optional: &[],
    },
];

/// Whether a credential has what its scheme needs, and nothing that it does not use.
///
/// # Errors
/// Every problem, in the order of the fields.
pub fn check(credential: &Credential) -> Result<(), Vec<Problem>> {
    let Some(scheme) = SCHEMES
        .iter()
        .find(|scheme| scheme.name == credential.scheme)
    else {
        return Err(vec![unknown(&credential.scheme)]);
    };
    let mut problems = Vec::new();
    for (key, there) in fields(credential) {
        if !there && scheme.needed.contains(&key) {
            problems.push(Problem {
                key,
                message: format!("The scheme `{}` needs `{key}`.", scheme.name),
                hint: scheme.sentence.to_owned(),
            });
        }
        if there && !scheme.needed.contains(&key) && !scheme.optional.contains(&key) {
            problems.push(Problem {
                key,
                message: format!("The scheme `{}` does not use `{key}`.", scheme.name),
                hint: format!("Remove it. {}", scheme.sentence),
            });
        }
    }
    problems.extend(values(credential, scheme));
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// Headers that the credential sets itself, so that a plugin may not.
pub(crate) fn reserved(credential: &Credential) -> Vec<String> {
    match credential.scheme.as_str() {
        "header" => credential
            .header
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .collect(),
        "openstack-keystone" => vec![keystone::HEADER.as_str().to_owned()],
        "aws-sigv4" => aws::RESERVED.map(str::to_owned).into(),
        _ => Vec::new(),
    }
}

fn fields(credential: &Credential) -> [(&'static str, bool); 9] {
    [
        ("user", credential.user.is_some()),
        ("header", credential.header.is_some()),
        ("token-url", credential.token_url.is_some()),
        ("scopes", !credential.scopes.is_empty()),
        ("region", credential.region.is_some()),
        ("service", credential.service.is_some()),
        ("certificate", credential.certificate.is_some()),
        ("addresses", !credential.addresses.is_empty()),
        ("trust", credential.trust.is_some()),
    ]
}

fn unknown(given: &str) -> Problem {
    let near = SCHEMES
        .iter()
        .map(|scheme| (strsim::jaro_winkler(given, scheme.name), scheme.name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = near.map_or_else(
        || {
            format!(
                "There are {}.",
                SCHEMES
                    .map(|scheme| format!("`{}`", scheme.name))
                    .join(", ")
            )
        },
        |(_, name)| format!("Did you mean `{name}`?"),
    );
    Problem {
        key: "scheme",
        message: format!(
            "`{}` is not an authentication scheme.",
            crate::error::shown(given)
        ),
        hint,
    }
}

/// What is there and cannot be used.
fn values(credential: &Credential, scheme: &SchemeText) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |key, message: String, hint: &str| {
        problems.push(Problem {
            key,
            message,
            hint: hint.to_owned(),
        });
    };
    if let Some(header) = credential
        .header
        .as_deref()
        .filter(|_| scheme.name == "header")
    {
        let lower = header.to_ascii_lowercase();
        let ours =
            is_the_hosts_own(&lower) && !matches!(lower.as_str(), "authorization" | "cookie");
        if HeaderName::from_bytes(lower.as_bytes()).is_err() || ours {
            let message = "`header` is not a header that can carry a secret.".to_owned();
            problem(
                "header",
                message,
                "Write its name alone, such as `header = \"x-api-key\"`.",
            );
        }
    }
    if let Some(user) = &credential.user {
        let plain = !user.is_empty() && !user.chars().any(char::is_control);
        if !plain || (scheme.name == "basic" && user.contains(':')) {
            let message = "`user` is empty, or has a colon or a control character.".to_owned();
            problem(
                "user",
                message,
                "HTTP basic authentication ends the user's name at the first colon.",
            );
        }
    }
    let exchanged = scheme.name == "google-service-account" && credential.token_url.is_some();
    if exchanged && credential.scopes.is_empty() {
        let message = "A token that is asked for at `token-url` needs `scopes`.".to_owned();
        problem(
            "scopes",
            message,
            "Write what it is for, or leave `token-url` out.",
        );
    }
    if scheme.optional.contains(&"scopes") && credential.token_url.is_none() {
        for (key, there) in [
            ("addresses", !credential.addresses.is_empty()),
            ("trust", credential.trust.is_some()),
        ] {
            if there && scheme.optional.contains(&key) {
                let message =
                    format!("`{key}` is about the server in `token-url`, and there is none.");
                problem(
                    key,
                    message,
                    "Remove it, or say where tokens are asked for.",
                );
            }
        }
    }
    if matches!(&credential.secret, SecretSource::Environment(name) if name.starts_with("VAULT_")) {
        let message = "The secret is one of the host's own, for Vault.".to_owned();
        problem(
            "secret",
            message,
            "Vault's token opens more than one service; write another variable.",
        );
    }
    problems
}
