//! The Ed25519 key of the log and the checkpoints it signs (C2SP signed-note, tlog-checkpoint).

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};
use signed_note::{Note, Signature, StandardVerifier, Verifier, VerifierList};
use tlog_tiles::{Checkpoint, Hash};

use crate::audit::hex;
use crate::error::LedgerError;

/// The algorithm byte of Ed25519 in a verifier key.
const ED25519: u8 = 1;
const SEED_BYTES: usize = 32;
const FILE: &str = "audit.key";

/// Signs checkpoints. The seed leaves memory when this is dropped.
pub(crate) struct AuditKey {
    origin: String,
    id: u32,
    signing: SigningKey,
}

impl AuditKey {
    fn new(seed: &[u8; SEED_BYTES]) -> Self {
        let signing = SigningKey::from_bytes(seed);
        let public = signing.verifying_key().to_bytes();
        // One key, one log: the name of the log says which key, and no two logs share a name.
        let digest = Sha256::digest(public);
        let origin = format!(
            "strongroom/audit/{}",
            hex(digest.get(..8).unwrap_or_default())
        );
        let id = signed_note::key_id(&origin, &encoded(&public));
        Self {
            origin,
            id,
            signing,
        }
    }

    /// Reads the key of a ledger, if it has one.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, LedgerError> {
        let path = folder.join(FILE);
        let mut file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LedgerError::io("the audit key cannot be read", &error)),
        };
        let fault = |error| LedgerError::io("the audit key cannot be read", &error);
        if file.metadata().map_err(fault)?.permissions().mode() & 0o077 != 0 {
            tracing::warn!(file = %path.display(), "others may read the audit key; its mode should be 0600");
        }
        let mut seed = Vec::with_capacity(SEED_BYTES + 1);
        Read::by_ref(&mut file)
            .take(SEED_BYTES as u64 + 1)
            .read_to_end(&mut seed)
            .map_err(fault)?;
        match <[u8; SEED_BYTES]>::try_from(seed.as_slice()) {
            Ok(seed) => Ok(Some(Self::new(&seed))),
            Err(_) => Err(LedgerError::AuditKey {
                detail: format!("{} is not 32 bytes long", path.display()),
            }),
        }
    }

    /// Makes a key and puts it on disk, whole or not at all; `forced`: so that it survives a power cut.
    pub(crate) fn make(folder: &Path, forced: bool) -> Result<Self, LedgerError> {
        let fault =
            |error: std::io::Error| LedgerError::io("the audit key cannot be written", &error);
        let mut seed = [0_u8; SEED_BYTES];
        let filled = rustix::rand::getrandom(&mut seed[..], rustix::rand::GetRandomFlags::empty());
        if filled.map_err(|error| fault(error.into()))? != SEED_BYTES {
            return Err(LedgerError::Unavailable {
                detail: "the system gave no random bytes".into(),
            });
        }
        let unfinished = folder.join("audit.key.new");
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)
            .map_err(fault)?;
        file.write_all(&seed).map_err(fault)?;
        if forced {
            file.sync_all().map_err(fault)?;
        }
        fs::rename(&unfinished, folder.join(FILE)).map_err(fault)?;
        if forced {
            fs::File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(fault)?;
        }
        Ok(Self::new(&seed))
    }

    /// What whoever checks needs: `<origin>+<id>+<public key>`.
    pub(crate) fn verifier(&self) -> String {
        use base64::Engine;
        let public = encoded(&self.signing.verifying_key().to_bytes());
        format!(
            "{}+{:08x}+{}",
            self.origin,
            self.id,
            base64::engine::general_purpose::STANDARD.encode(public)
        )
    }

    /// Signs a tree head.
    pub(crate) fn checkpoint(&self, size: u64, root: Hash) -> Result<String, LedgerError> {
        let fault = |detail: String| LedgerError::AuditKey { detail };
        let head = Checkpoint::new(&self.origin, size, root, "")
            .map_err(|error| fault(error.to_string()))?;
        let text = head.to_bytes();
        let bytes = self.signing.sign(&text).to_bytes().to_vec();
        let note = Signature::new(self.origin.clone(), self.id, bytes)
            .and_then(|signature| Note::new(&text, &[signature]))
            .map_err(|error| fault(error.to_string()))?;
        String::from_utf8(note.to_bytes()).map_err(|error| fault(error.to_string()))
    }
}

fn encoded(public: &[u8; 32]) -> Vec<u8> {
    [&[ED25519], public.as_slice()].concat()
}

/// A tree head whose signature was checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TreeHead {
    pub(crate) origin: String,
    pub(crate) size: u64,
    pub(crate) root: Hash,
}

/// Checks a signed note against a verifier key; the sentence says what is wrong with it.
///
/// Stricter than the specification asks: exactly one signature and the only spelling of it, so that every changed byte
/// is found, also one outside what is signed.
pub(crate) fn open_checkpoint(text: &[u8], verifier: &str) -> Result<TreeHead, String> {
    let key = StandardVerifier::new(verifier.trim())
        .map_err(|error| format!("the verifier key is unusable: {error}"))?;
    let origin = key.name().to_owned();
    let note = Note::from_bytes(text).map_err(|_| "it is not a signed note".to_owned())?;
    let (signatures, _) = note
        .verify(&VerifierList::new(vec![Box::new(key)]))
        .map_err(|error| match error {
            signed_note::NoteError::UnverifiedNote => {
                "it is not signed by the given key".to_owned()
            }
            _ => "its signature is wrong".to_owned(),
        })?;
    let only = Note::new(note.text(), &signatures).map_err(|error| error.to_string())?;
    if only.to_bytes() != text {
        return Err("it carries more than its signed text and one signature".to_owned());
    }
    let head = Checkpoint::from_bytes(note.text())
        .map_err(|_| "its text is not a tree head".to_owned())?;
    if head.origin() != origin || !head.extension().is_empty() {
        return Err(format!("it is of another log, `{}`", head.origin()));
    }
    Ok(TreeHead {
        origin,
        size: head.size(),
        root: *head.hash(),
    })
}
