//! The private folder of compiled plugins.
//!
//! Owns: its privacy (this user, mode 0700, no symbolic link), names by digest and engine, whole files only.
//! Never: what the files mean (`artifact`). It may be emptied at any time. Read next: `artifact`.

use std::fs::{self, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use wasmtime::Engine;

use crate::error::{LoadError, SandboxError};
use crate::inspect::hex;

/// Largest compiled plugin that is read back.
pub(crate) const ARTIFACT_LIMIT: u64 = 1 << 30;

/// Permission bits of anyone but the owner.
const OTHERS: u32 = 0o077;

/// An opened cache.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// What makes code of one engine differ from another's, as text.
    engine: String,
    temporary: AtomicU64,
}

impl Cache {
    /// Makes the folder if it is missing and refuses it unless it is private.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> Result<Self, SandboxError> {
        let failed = |e: std::io::Error| SandboxError::Cache {
            path: folder.to_owned(),
            reason: e.to_string(),
        };
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(failed(e)),
            Ok(()) | Err(_) => {}
        }
        let metadata = fs::symlink_metadata(folder).map_err(failed)?;
        if let Some(reason) = foreign(&metadata, metadata.is_dir()) {
            return Err(SandboxError::CacheNotPrivate {
                path: folder.to_owned(),
                reason,
            });
        }
        let mut hasher = Digester(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let engine = hex(&hasher.0.finalize()).chars().take(16).collect();
        Ok(Self {
            folder: folder.to_owned(),
            engine,
            temporary: AtomicU64::new(0),
        })
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}-{}.cwasm", self.engine))
    }

    /// What is kept for a plugin; `None`: nothing, or nothing that may be trusted.
    pub(crate) fn get(&self, digest: &str) -> Option<Vec<u8>> {
        let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).ok()?;
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(self.path(digest))
            .ok()?;
        let metadata = file.metadata().ok()?;
        if foreign(&metadata, metadata.is_file()).is_some() || metadata.len() > ARTIFACT_LIMIT {
            return None;
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
        Read::take(&mut file, ARTIFACT_LIMIT)
            .read_to_end(&mut bytes)
            .ok()?;
        Some(bytes)
    }

    /// Keeps a compiled plugin: written aside, on disk, then named.
    pub(crate) fn put(&self, digest: &str, sealed: &[u8]) -> Result<(), LoadError> {
        let number = self.temporary.fetch_add(1, Ordering::Relaxed);
        let aside = self
            .folder
            .join(format!(".{digest}-{}-{number}", std::process::id()));
        let written = self.write(&aside, digest, sealed);
        written.map_err(|e| {
            drop(fs::remove_file(&aside));
            LoadError::Cache {
                reason: format!("{}: {e}", self.folder.display()),
            }
        })
    }

    fn write(&self, aside: &Path, digest: &str, sealed: &[u8]) -> std::io::Result<()> {
        // A left-over of a killed process with the same number is in nobody's use.
        match fs::remove_file(aside) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(aside)?;
        file.write_all(sealed)?;
        file.sync_all()?;
        fs::rename(aside, self.path(digest))?;
        File::open(&self.folder)?.sync_all()
    }
}

/// Says why a file or folder is not this user's alone.
fn foreign(metadata: &fs::Metadata, right_kind: bool) -> Option<String> {
    if !right_kind {
        return Some("it is a link or of another kind".into());
    }
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return Some(format!(
            "it belongs to user {}, this process is user {user}",
            metadata.uid()
        ));
    }
    let mode = metadata.mode() & 0o7777;
    (mode & OTHERS != 0).then(|| format!("its mode is {mode:o}, so others can reach it"))
}

/// SHA-256 as a hasher: the same name in every build of this program, unlike the standard library's.
struct Digester(Sha256);

impl Hasher for Digester {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn open(folder: &Path) -> Result<Cache, SandboxError> {
        Cache::open(folder, &Engine::default())
    }

    #[test]
    fn it_is_made_private_and_keeps_whole_files() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("state/cache");
        let cache = open(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        assert_eq!(cache.get("aa"), None);
        cache.put("aa", b"one").unwrap();
        cache.put("aa", b"two").unwrap();
        assert_eq!(cache.get("aa").as_deref(), Some(&b"two"[..]));
        assert_eq!(
            open(&folder).unwrap().get("aa").as_deref(),
            Some(&b"two"[..])
        );
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        assert_eq!(
            fs::metadata(cache.path("aa")).unwrap().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn a_folder_that_others_can_reach_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("cache");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o750)).unwrap();
        let error = open(&folder).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("is not private: its mode is 750, so others can reach it"),
            "{error}"
        );
        let link = place.path().join("link");
        std::os::unix::fs::symlink(place.path(), &link).unwrap();
        assert!(matches!(
            open(&link),
            Err(SandboxError::CacheNotPrivate { .. })
        ));
        fs::write(place.path().join("file"), "").unwrap();
        assert!(matches!(
            open(&place.path().join("file")),
            Err(SandboxError::CacheNotPrivate { .. })
        ));
    }

    #[test]
    fn a_file_that_others_could_write_is_not_read() {
        let place = tempfile::tempdir().unwrap();
        let cache = open(&place.path().join("cache")).unwrap();
        cache.put("aa", b"code").unwrap();
        fs::set_permissions(cache.path("aa"), fs::Permissions::from_mode(0o620)).unwrap();
        assert_eq!(cache.get("aa"), None);
        fs::remove_file(cache.path("aa")).unwrap();
        fs::write(place.path().join("elsewhere"), b"code").unwrap();
        std::os::unix::fs::symlink(place.path().join("elsewhere"), cache.path("aa")).unwrap();
        assert_eq!(cache.get("aa"), None);
    }

    #[test]
    fn another_engine_has_other_names() {
        let place = tempfile::tempdir().unwrap();
        let cache = open(&place.path().join("cache")).unwrap();
        let other = Engine::new(wasmtime::Config::new().consume_fuel(true)).unwrap();
        let other = Cache::open(&place.path().join("cache"), &other).unwrap();
        assert_ne!(cache.path("aa"), other.path("aa"));
    }
}
