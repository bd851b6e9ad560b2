//! Secrets: bytes that are wiped when they are dropped, and where they are read from.
//!
//! Owns: files (private ones only), the environment, systemd's credentials. Never: a secret in an error or in `Debug`.
//! Read next: `vault`.

mod vault;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use strongroom_domain::egress::SecretSource;
use zeroize::Zeroizing;

use crate::outside::Outside;

/// Longest secret, in bytes: a key file with a chain of certificates is a tenth of it.
const LIMIT: usize = 64 * 1024;

/// Bytes that are shown to nobody.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As text.
    ///
    /// # Errors
    /// Half a sentence: it is none.
    pub(crate) fn text(&self) -> Result<&str, String> {
        std::str::from_utf8(&self.0).map_err(|_| "it is not text in UTF-8".to_owned())
    }

    /// Without the newline that editors leave at the end.
    fn trimmed(mut self) -> Result<Self, String> {
        if self.0.last() == Some(&b'\n') {
            self.0.pop();
            if self.0.last() == Some(&b'\r') {
                self.0.pop();
            }
        }
        if self.0.is_empty() {
            Err("it is empty".to_owned())
        } else {
            Ok(self)
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Reads a secret anew.
///
/// # Errors
/// A sentence with the place it was to be read from, and never what was read.
pub(crate) async fn read(outside: &Outside, source: &SecretSource) -> Result<Secret, String> {
    let found = match source {
        SecretSource::File(path) => private_file(path).await,
        SecretSource::Environment(name) => variable(outside, name),
        SecretSource::Systemd(name) => systemd(outside, name).await,
        SecretSource::Vault { path, key } => vault::read(outside, path, key).await,
    };
    found
        .and_then(Secret::trimmed)
        .map_err(|reason| format!("the secret `{source}` cannot be had: {reason}"))
}

fn variable(outside: &Outside, name: &str) -> Result<Secret, String> {
    let value =
        (outside.environment)(name).ok_or_else(|| format!("the variable `{name}` is not set"))?;
    let text = value
        .into_string()
        .map_err(|_| "it is not text in UTF-8".to_owned())?;
    Ok(Secret::new(text.into_bytes()))
}

async fn systemd(outside: &Outside, name: &str) -> Result<Secret, String> {
    let folder = (outside.environment)("CREDENTIALS_DIRECTORY").ok_or_else(|| {
        format!(
            "systemd passed no credentials on; write `LoadCredential={name}:FILE` into the unit"
        )
    })?;
    // Its folder is private to the service; modes inside it differ from one version of systemd to the next.
    file(&Path::new(&folder).join(name), LIMIT).await
}

/// A file that only its owner can read.
async fn private_file(path: &Path) -> Result<Secret, String> {
    reading(path.to_owned(), LIMIT, true).await
}

/// A file, whoever else can read it.
///
/// # Errors
/// Half a sentence.
pub(crate) async fn file(path: &Path, limit: usize) -> Result<Secret, String> {
    reading(path.to_owned(), limit, false).await
}

async fn reading(path: PathBuf, limit: usize, private: bool) -> Result<Secret, String> {
    let read = tokio::task::spawn_blocking(move || read_file(&path, limit, private));
    read.await
        .unwrap_or_else(|_| Err("it could not be read".to_owned()))
}

fn read_file(path: &Path, limit: usize, private: bool) -> Result<Secret, String> {
    // A pipe would be waited for: looked at before it is opened, and again after.
    let plain = |about: &std::fs::Metadata| {
        if about.is_file() {
            Ok(())
        } else {
            Err("it is not a plain file".to_owned())
        }
    };
    let failed = |error: std::io::Error| error.to_string();
    plain(&path.metadata().map_err(failed)?)?;
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    plain(&about)?;
    let mode = about.permissions().mode() & 0o777;
    if private && mode & 0o077 != 0 {
        return Err(format!(
            "others than its owner can use the file (mode {mode:04o}); `chmod 600 {}` takes it from them",
            path.display()
        ));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit.min(LIMIT) + 1));
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > limit {
        return Err(format!("the file has more than {limit} bytes"));
    }
    Ok(Secret(bytes))
}
