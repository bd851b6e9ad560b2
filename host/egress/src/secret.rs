//! Secrets: bytes that are wiped when they are dropped, and the files they are read from.
//!
//! Never: a secret in `Debug` or in an error, which is half a sentence.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Longest secret, in bytes: a key file with a chain of certificates is a tenth of it.
pub(crate) const SECRET_LIMIT: usize = 64 * 1024;

/// Bytes that are never shown.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the secret as text if it is UTF-8.
    pub(crate) fn text(&self) -> Result<&str, String> {
        std::str::from_utf8(&self.0).map_err(|_| "it is not text in UTF-8".to_owned())
    }

    /// Removes the newline that editors leave at the end; something must be left.
    pub(crate) fn trimmed(mut self) -> Result<Self, String> {
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

/// Reads a file that only its owner may use.
pub(crate) async fn private_file(path: &Path) -> Result<Secret, String> {
    read(path.to_owned(), SECRET_LIMIT, true).await
}

/// Reads a file, whoever else may use it.
pub(crate) async fn file(path: &Path, limit: usize) -> Result<Secret, String> {
    read(path.to_owned(), limit, false).await
}

async fn read(path: PathBuf, limit: usize, private: bool) -> Result<Secret, String> {
    let read = tokio::task::spawn_blocking(move || read_blocking(&path, limit, private));
    read.await
        .unwrap_or_else(|_| Err("it could not be read".to_owned()))
}

fn read_blocking(path: &Path, limit: usize, private: bool) -> Result<Secret, String> {
    // Opening a pipe would block, so the type is checked before it is opened, and again after.
    let plain = |metadata: &Metadata| {
        if metadata.is_file() {
            Ok(())
        } else {
            Err("it is not a plain file".to_owned())
        }
    };
    let failed = |error: std::io::Error| error.to_string();
    plain(&path.metadata().map_err(failed)?)?;
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    plain(&metadata)?;
    let mode = metadata.permissions().mode() & 0o777;
    if private && mode & 0o077 != 0 {
        return Err(format!(
            "others than its owner can use the file (mode {mode:04o}); `chmod 600 {}` takes it from them",
            path.display()
        ));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit.min(SECRET_LIMIT) + 1));
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > limit {
        return Err(format!("the file has more than {limit} bytes"));
    }
    Ok(Secret(bytes))
}
