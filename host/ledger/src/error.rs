//! What goes wrong with a ledger, each with what to do about it.

use std::path::PathBuf;

/// Why the ledger did not do it.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file or the disk beneath it does not answer.
    #[error("the ledger is unavailable: {detail}")]
    Unavailable {
        /// What was tried and what came back.
        detail: String,
    },
    /// Another process holds the file for writing longer than we wait.
    #[error("the ledger stayed locked by another process")]
    Busy,
    /// Written by a newer version of Strongroom.
    #[error(
        "the ledger was written by a newer version of Strongroom (schema {found}, this one knows {known})"
    )]
    Newer {
        /// The schema version in the file.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// Written by an older version, and opened for reading only.
    #[error(
        "the ledger was written by an older version of Strongroom (schema {found}, this one reads {known})"
    )]
    Older {
        /// The schema version in the file.
        found: i64,
        /// The one this program reads.
        known: i64,
    },
    /// Another host runs on it.
    #[error("another host{} uses the ledger in {}", .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(), .folder.display())]
    InUse {
        /// Its process, if it said so.
        pid: Option<u32>,
        /// The ledger's folder.
        folder: PathBuf,
    },
    /// What is stored contradicts itself.
    #[error("the ledger is damaged: {detail}")]
    Corrupt {
        /// What does not fit.
        detail: String,
    },
    /// The audit key does not belong to this ledger, or is gone.
    #[error("the audit key does not fit the ledger: {detail}")]
    AuditKey {
        /// What does not fit.
        detail: String,
    },
    /// The disk or a quota is full; nothing was written.
    #[error("the disk of the ledger is full")]
    Full,
    /// Opened for reading only.
    #[error("the ledger is open for reading only")]
    ReadOnly,
    /// What was named does not exist.
    #[error("there is no {0}")]
    NotFound(String),
    /// What is there already stands against it.
    #[error("{0}")]
    Conflict(String),
    /// What was to be written cannot be.
    #[error("{0}")]
    Invalid(String),
    /// The audit log could not be written out.
    #[error("the audit log could not be exported: {detail}")]
    Export {
        /// Where and why.
        detail: String,
    },
}

impl LedgerError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unavailable { .. } => Some(
                "check that the folder exists, is writable by this user and is on a local disk",
            ),
            Self::Busy => Some("close other programs that have `ledger.sqlite` open"),
            Self::Newer { .. } => {
                Some("upgrade this program, or point it at its own ledger; nothing was changed")
            }
            Self::Older { .. } => Some("start the host once: it brings the ledger up to date"),
            Self::InUse { .. } => {
                Some("stop the other host first, or give this one a ledger of its own")
            }
            Self::Corrupt { .. } => {
                Some("keep the folder as it is, and restore the ledger from its last copy")
            }
            Self::AuditKey { .. } => {
                Some("put the `audit.key` back that this ledger was started with")
            }
            Self::Full => Some("free some space; what was not written is tried again"),
            Self::ReadOnly => Some(
                "only the host writes; start it, or stop it and use a command that opens the ledger itself",
            ),
            Self::Export { .. } => Some("export into an empty folder"),
            Self::NotFound(_) | Self::Conflict(_) | Self::Invalid(_) => None,
        }
    }

    pub(crate) fn io(what: &str, error: &std::io::Error) -> Self {
        if matches!(
            error.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        ) {
            return Self::Full;
        }
        Self::Unavailable {
            detail: format!("{what}: {error}"),
        }
    }
}

// The primary result codes of SQLite that mean something of their own to people.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READ_ONLY: i32 = 8;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const NOT_A_DATABASE: i32 = 26;

/// SQLite's primary result code (the low byte of the extended one).
pub(crate) fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?.parse::<i32>().ok()?;
    Some(code & 0xff)
}

impl From<sqlx::Error> for LedgerError {
    fn from(error: sqlx::Error) -> Self {
        match primary_code(&error) {
            Some(BUSY | LOCKED) => Self::Busy,
            Some(READ_ONLY) => Self::ReadOnly,
            Some(CORRUPT | NOT_A_DATABASE) => Self::Corrupt {
                detail: error.to_string(),
            },
            Some(FULL) => Self::Full,
            _ if matches!(
                error,
                sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)
            ) =>
            {
                Self::Corrupt {
                    detail: error.to_string(),
                }
            }
            _ => Self::Unavailable {
                detail: error.to_string(),
            },
        }
    }
}
