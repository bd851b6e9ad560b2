//! Credentials: how the host authenticates to a provider; declared by an operator, never given to a plugin.
//!
//! Owns: the declaration and the source of the secret. Never: a secret's value, or what a scheme does with it.

use std::fmt;
use std::path::PathBuf;

use super::address::AddressRange;
use super::origin::Origin;
use crate::CredentialName;

/// An entry `[[credential]]`. Which fields a scheme needs is a rule of `strongroom_egress::auth`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Credential {
    /// The name grants use.
    pub name: CredentialName,
    /// The authentication scheme, such as `bearer`.
    pub scheme: String,
    /// The only server it is sent to.
    pub origin: Origin,
    /// Where the secret is read from.
    pub secret: SecretSource,
    /// The id of the user, the client or the key.
    pub user: Option<String>,
    /// The header that carries the secret.
    pub header: Option<String>,
    /// The token server.
    pub token_url: Option<Origin>,
    /// The scopes of tokens.
    pub scopes: Vec<String>,
    /// The provider's region; part of what is signed.
    pub region: Option<String>,
    /// The provider's name of the service; part of what is signed.
    pub service: Option<String>,
    /// A file with the certificate (PEM, the whole chain) whose key is the secret.
    pub certificate: Option<PathBuf>,
    /// Addresses of the token server that are not public and may be dialled all the same.
    pub addresses: Vec<AddressRange>,
    /// A file of certificates (PEM) that are trusted for the token server instead of the system's.
    pub trust: Option<PathBuf>,
}

/// The place a secret is read from, anew for each use.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretSource {
    /// A file that only the host's user can read.
    File(PathBuf),
    /// A variable of the host's environment.
    Environment(String),
    /// A credential that systemd passes on, in `$CREDENTIALS_DIRECTORY`.
    Systemd(String),
    /// A key of a secret in Vault, which is configured by its own variables (`VAULT_ADDR`, `VAULT_TOKEN`, …).
    Vault {
        /// The path in Vault's HTTP API below `/v1/`, such as `secret/data/backup`.
        path: String,
        /// The key in the secret.
        key: String,
    },
}

impl SecretSource {
    /// Parses `file:PATH`, `env:NAME`, `systemd:NAME` or `vault:PATH#KEY`.
    ///
    /// # Errors
    /// Half a sentence that says what is wrong; never the text itself, which may be a secret written there by mistake.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let word = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_-.@".contains(&b))
        };
        match text.split_once(':') {
            Some(("file", path)) if path.is_empty() || path.contains(char::is_control) => {
                Err("it names no file")
            }
            Some(("file", path)) => Ok(Self::File(path.into())),
            Some(("env", name)) if word(name) => Ok(Self::Environment(name.to_owned())),
            Some(("env", _)) => Err("it names no variable"),
            Some(("systemd", name)) if word(name) && !name.starts_with('.') => {
                Ok(Self::Systemd(name.to_owned()))
            }
            Some(("systemd", _)) => Err("it names no credential of systemd"),
            Some(("vault", rest)) => match rest.split_once('#') {
                Some((path, key))
                    if word(key) && path.split('/').all(|part| word(part) && part != "..") =>
                {
                    Ok(Self::Vault {
                        path: path.to_owned(),
                        key: key.to_owned(),
                    })
                }
                _ => Err(
                    "it names no path and key in Vault, such as `vault:secret/data/backup#token`",
                ),
            },
            _ => Err("it does not begin with `file:`, `env:`, `systemd:` or `vault:`"),
        }
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::Systemd(name) => write!(f, "systemd:{name}"),
            Self::Vault { path, key } => write!(f, "vault:{path}#{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_parsed_and_written_in_one_way() {
        for text in [
            "file:/etc/strongroom/key.json",
            "env:TOKEN",
            "systemd:provider-key",
            "vault:secret/data/backup#token",
        ] {
            assert_eq!(SecretSource::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "s3cr3t",
            "file:",
            "env:",
            "env:A B",
            "systemd:../x",
            "systemd:.x",
            "vault:secret",
            "vault:a/../b#c",
            "vault:#x",
            "http://x",
        ] {
            let reason = SecretSource::parse(text).unwrap_err();
            assert!(!reason.contains("s3cr3t"));
        }
    }
}
