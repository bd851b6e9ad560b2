//! Errors as people see them: one sentence, the causes, a hint, an exit code.

use std::error::Error;
use std::fmt::Display;

use serde_json::json;
use strongroom_config::Diagnostics;
use strongroom_ledger::LedgerError;
use strongroom_orchestrator::Misfit;
use strongroom_orchestrator::activation::ActivationError;
use strongroom_orchestrator::roles::snapshots::restore::ShelfError;

/// A run failed.
pub(crate) const EXIT_FAILED: u8 = 1;
/// Wrong usage or bad files.
pub(crate) const EXIT_USAGE: u8 = 2;
/// Refused: grant, approval, signature.
pub(crate) const EXIT_REFUSED: u8 = 3;
/// What was named does not exist.
pub(crate) const EXIT_NOT_FOUND: u8 = 4;
/// The ledger is unavailable.
pub(crate) const EXIT_LEDGER: u8 = 5;
/// A bug.
pub(crate) const EXIT_BUG: u8 = 70;

/// What ends a command.
#[derive(Debug)]
pub(crate) struct CliError {
    pub(crate) code: u8,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
    diagnostics: Option<Diagnostics>,
}

impl CliError {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            diagnostics: None,
        }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(EXIT_USAGE, message)
    }

    /// Files are wrong; each problem at its place.
    pub(crate) fn files(message: &str, diagnostics: Diagnostics) -> Self {
        Self {
            diagnostics: Some(diagnostics),
            ..Self::usage(message)
        }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(EXIT_NOT_FOUND, message)
    }

    pub(crate) fn bug(message: &str, error: &dyn Error) -> Self {
        Self::new(EXIT_BUG, message).because(error)
    }

    pub(crate) fn because(mut self, error: impl Display) -> Self {
        self.causes.push(error.to_string());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Writes the error to standard error; as JSON to standard output when JSON was asked for.
    pub(crate) fn render(&self, json: bool) {
        if json {
            let value = json!({
                "error": self.message, "causes": self.causes, "hint": self.hint, "exit_code": self.code,
                "diagnostics": self.diagnostics,
            });
            println!("{value}");
            return;
        }
        if let Some(diagnostics) = &self.diagnostics {
            eprintln!(
                "{}",
                diagnostics
                    .render(std::io::IsTerminal::is_terminal(&std::io::stderr()))
                    .trim_end()
            );
            if let Some(hint) = &self.hint {
                eprintln!("hint: {hint}");
            }
            return;
        }
        eprintln!("error: {}", self.message);
        for cause in &self.causes {
            eprintln!("  because: {cause}");
        }
        if let Some(hint) = &self.hint {
            eprintln!("hint: {hint}");
        }
    }
}

impl From<Diagnostics> for CliError {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::files("the schedule files have problems", diagnostics)
    }
}

impl From<Misfit> for CliError {
    fn from(misfit: Misfit) -> Self {
        let code = if misfit.refused {
            EXIT_REFUSED
        } else {
            EXIT_USAGE
        };
        Self {
            code,
            ..misfit.problems.into()
        }
    }
}

impl From<LedgerError> for CliError {
    fn from(error: LedgerError) -> Self {
        let hint = error.hint();
        let code = match error {
            LedgerError::NotFound(_) => EXIT_NOT_FOUND,
            LedgerError::Conflict(_) => EXIT_REFUSED,
            _ => EXIT_LEDGER,
        };
        let mut shown = Self::new(code, error.to_string());
        shown.hint = hint.map(Into::into);
        shown
    }
}

impl From<ActivationError> for CliError {
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

impl From<ShelfError> for CliError {
    fn from(error: ShelfError) -> Self {
        match error {
            ShelfError::Ledger(error) => error.into(),
            ShelfError::Failed(_) => Self::new(EXIT_FAILED, error.to_string()),
            ShelfError::OtherPlugin { .. } => Self::not_found(error.to_string()),
            ShelfError::Gone(_) => Self::not_found(error.to_string())
                .hint("`strongroom snapshots list` shows what is there"),
            ShelfError::NotOffered { .. } => Self::new(EXIT_REFUSED, error.to_string())
                .hint("`strongroom plugin inspect` shows the features of a plugin"),
            ShelfError::Elsewhere {
                to_folders: true, ..
            } => Self::usage(error.to_string()).hint("write `--to DIR`, an empty or a new folder"),
            ShelfError::Elsewhere {
                to_folders: false, ..
            } => Self::usage(error.to_string())
                .hint("write `--as NAME`, such as the name of a new volume"),
        }
    }
}
