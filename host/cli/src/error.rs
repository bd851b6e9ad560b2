//! Errors as people see them: one sentence, the causes, a hint, an exit code.

use serde_json::json;
use strongroom_app::{Error, Kind};

use crate::print;

/// A run failed.
pub(crate) const EXIT_FAILED: u8 = 1;
/// Wrong usage or bad files.
pub(crate) const EXIT_USAGE: u8 = 2;
/// Refused: grant, approval, signature.
pub(crate) const EXIT_REFUSED: u8 = 3;
/// A bug.
pub(crate) const EXIT_BUG: u8 = 70;

/// The exit code of an error, as it is documented.
pub(crate) fn exit_code(error: &Error) -> u8 {
    match error.kind {
        Kind::Failed => EXIT_FAILED,
        Kind::Usage => EXIT_USAGE,
        Kind::Refused => EXIT_REFUSED,
        Kind::NotFound => 4,
        Kind::Ledger => 5,
        Kind::Bug => EXIT_BUG,
    }
}

/// Writes the error to standard error; as JSON to standard output when JSON was asked for.
pub(crate) fn render(error: &Error, json: bool) {
    if json {
        let value = json!({
            "error": error.message, "causes": error.causes, "hint": error.hint, "exit_code": exit_code(error),
            "diagnostics": error.diagnostics,
        });
        println!("{value}");
        return;
    }
    match &error.diagnostics {
        Some(diagnostics) => print::diagnostics(diagnostics),
        None => eprintln!("error: {}", error.message),
    }
    for cause in error.causes.iter().filter(|_| error.diagnostics.is_none()) {
        eprintln!("  because: {cause}");
    }
    if let Some(hint) = &error.hint {
        eprintln!("hint: {hint}");
    }
}
