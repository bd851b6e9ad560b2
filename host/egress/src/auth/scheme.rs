//! The list of schemes, and the check of a declared credential.
//!
//! Owns: the words for messages and documents. Never: reads a secret, asks a server.

use http::HeaderName;
use strongroom_domain::egress::{Credential, SecretSource};

use super::{aws, keystone};
use crate::error::printable;
use crate::headers::is_host_header;

/// The description of a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemeText {
    /// The value of `scheme`.
    pub name: &'static str,
    /// One sentence about what it does.
    pub sentence: &'static str,
    /// Fields that it needs, beside `name`, `scheme`, `origin` and `secret`.
    pub needed: &'static [&'static str],
    /// Fields that it can use; all others are refused.
    pub optional: &'static [&'static str],
}

/// A mistake in a credential.
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

/// Checks that a credential has what its scheme needs, and nothing that it does not use.
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

/// Returns the headers that the credential sets, so that a plugin may not.
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
        message: format!("`{}` is not an authentication scheme.", printable(given)),
        hint,
    }
}

/// Finds values that cannot be used.
fn values(credential: &Credential, scheme: &SchemeText) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |key, message: &str, hint: &str| {
        problems.push(Problem {
            key,
            message: message.to_owned(),
            hint: hint.to_owned(),
        });
    };
    let header = credential.header.as_deref().unwrap_or("x");
    if scheme.name == "header" && !can_carry_a_secret(&header.to_ascii_lowercase()) {
        let message = "`header` is not a header that can carry a secret.";
        let hint = "Write its name alone, such as `header = \"x-api-key\"`.";
        problem("header", message, hint);
    }
    if let Some(user) = &credential.user {
        let plain = !user.is_empty() && !user.chars().any(char::is_control);
        if !plain || (scheme.name == "basic" && user.contains(':')) {
            let message = "`user` is empty, or has a colon or a control character.";
            let hint = "HTTP basic authentication ends the user's name at the first colon.";
            problem("user", message, hint);
        }
    }
    let exchanged = credential.token_url.is_some();
    if scheme.name == "google-service-account" && exchanged && credential.scopes.is_empty() {
        let message = "A token that is asked for at `token-url` needs `scopes`.";
        let hint = "Write what it is for, or leave `token-url` out.";
        problem("scopes", message, hint);
    }
    if scheme.optional.contains(&"scopes") && !exchanged {
        let server = [
            ("addresses", !credential.addresses.is_empty()),
            ("trust", credential.trust.is_some()),
        ];
        for (key, _) in server.into_iter().filter(|(_, there)| *there) {
            let message = format!("`{key}` is about the server in `token-url`, and there is none.");
            let hint = "Remove it, or say where tokens are asked for.";
            problem(key, &message, hint);
        }
    }
    if matches!(&credential.secret, SecretSource::Environment(name) if name.starts_with("VAULT_")) {
        let message = "The secret is one of the host's own, for Vault.";
        let hint = "Vault's token opens more than one service; write another variable.";
        problem("secret", message, hint);
    }
    problems
}

fn can_carry_a_secret(header: &str) -> bool {
    let taken = is_host_header(header) && !matches!(header, "authorization" | "cookie");
    HeaderName::from_bytes(header.as_bytes()).is_ok() && !taken
}
