//! What ends a use case without a result: a kind, one sentence, the causes, a hint.
//!
//! Never: how it is shown, and with which exit code; whoever renders it decides that by the kind.

use std::fmt::Display;

use strongroom_config::Diagnostics;
use strongroom_ledger::LedgerError;
use strongroom_orchestrator::Misfit;
use strongroom_orchestrator::activation::ActivationError;
use strongroom_orchestrator::roles::snapshots::restore::ShelfError;

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A run failed, or a check found what must not be.
    Failed,
    /// Wrong usage or bad files.
    Usage,
    /// A grant, an approval, a signature or a rule refuses it.
    Refused,
    /// What was named does not exist.
    NotFound,
    /// The ledger is unavailable.
    Ledger,
    /// A bug of the host.
    Bug,
}

/// Why a use case has no result.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What kind of trouble it is.
    pub kind: Kind,
    /// One sentence without a full stop.
    pub message: String,
    /// Why, from the nearest cause to the farthest.
    pub causes: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Problems in files, each at its place.
    pub diagnostics: Option<Diagnostics>,
}

impl Error {
    /// An error without causes, hint and diagnostics.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            diagnostics: None,
        }
    }

    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// What was named does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// A bug of the host, with its cause.
    pub fn bug(message: impl Into<String>, cause: impl Display) -> Self {
        Self::new(Kind::Bug, message).because(cause)
    }

    /// Files are wrong; each problem at its place.
    pub(crate) fn files(message: &str, diagnostics: Diagnostics) -> Self {
        Self {
            diagnostics: Some(diagnostics),
            ..Self::usage(message)
        }
    }

    /// Adds a cause.
    #[must_use]
    pub fn because(mut self, cause: impl Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Diagnostics> for Error {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::files("the schedule files have problems", diagnostics)
    }
}

impl From<Misfit> for Error {
    fn from(misfit: Misfit) -> Self {
        let kind = if misfit.refused {
            Kind::Refused
        } else {
            Kind::Usage
        };
        Self {
            kind,
            ..misfit.problems.into()
        }
    }
}

impl From<LedgerError> for Error {
    fn from(error: LedgerError) -> Self {
        let kind = match error {
            LedgerError::NotFound(_) => Kind::NotFound,
            LedgerError::Conflict(_) => Kind::Refused,
            _ => Kind::Ledger,
        };
        Self {
            hint: error.hint().map(Into::into),
            ..Self::new(kind, error.to_string())
        }
    }
}

impl From<ActivationError> for Error {
    fn from(error: ActivationError) -> Self {
        match error {
            ActivationError::Schedules(diagnostics) => diagnostics.into(),
            ActivationError::Misfit(misfit) => misfit.into(),
            ActivationError::Ledger(error) => error.into(),
            ActivationError::File { ref path, .. } => {
                let hint = format!("can this user read and write {}?", path.display());
                Self::not_found(error.to_string()).hint(hint)
            }
        }
    }
}

impl From<ShelfError> for Error {
    fn from(error: ShelfError) -> Self {
        let message = error.to_string();
        match error {
            ShelfError::Ledger(error) => error.into(),
            ShelfError::Failed(_) => Self::new(Kind::Failed, message),
            ShelfError::OtherPlugin { .. } => Self::not_found(message),
            ShelfError::Gone(_) => {
                Self::not_found(message).hint("`strongroom snapshots list` shows what is there")
            }
            ShelfError::NotOffered { .. } => Self::new(Kind::Refused, message)
                .hint("`strongroom plugin inspect` shows the features of a plugin"),
            ShelfError::Elsewhere { to_folders, .. } => Self::usage(message).hint(if to_folders {
                "write `--to DIR`, an empty or a new folder"
            } else {
                "write `--as NAME`, such as the name of a new volume"
            }),
        }
    }
}
