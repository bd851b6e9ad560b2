//! `strongroom audit`: the audit log as files, and their verification without a ledger.

use std::path::Path;

use serde_json::json;
use strongroom_ledger::{OpenMode, verify_export};

use crate::arguments::{Arguments, Audit};
use crate::compose;
use crate::error::{CliError, EXIT_FAILED};
use crate::print;

pub(crate) async fn run(arguments: &Arguments, command: &Audit) -> Result<u8, CliError> {
    match command {
        Audit::Export { dir } => export(arguments, dir).await,
        Audit::Verify { dir, key, earlier } => {
            verify(arguments, dir, key.as_deref(), earlier.as_deref())
        }
    }
}

async fn export(arguments: &Arguments, dir: &Path) -> Result<u8, CliError> {
    let ledger = compose::ledger(arguments, OpenMode::Reader).await?;
    let report = ledger.export_audit(dir).await?;
    let state = ledger.audit_state().await?;
    if arguments.json {
        return print::json(&json!({ "dir": dir, "entries": report.size, "root": report.root, "key": state.verifier })).map(|()| 0);
    }
    print::line(&format!(
        "{} entries, root {}, written to {}",
        report.size,
        report.root,
        dir.display()
    ));
    print::line(&format!(
        "verify with: strongroom audit verify {} --key '{}'",
        dir.display(),
        state.verifier
    ));
    print::line(
        "keep the key and each checkpoint somewhere else: they are what nobody here can change",
    );
    Ok(0)
}

fn read(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|error| {
        CliError::not_found(format!("{} cannot be read", path.display())).because(error)
    })
}

fn verify(
    arguments: &Arguments,
    dir: &Path,
    key: Option<&str>,
    earlier: Option<&Path>,
) -> Result<u8, CliError> {
    let given = key.is_some();
    let key = match key {
        Some(key) if Path::new(key).is_file() => read(Path::new(key))?,
        Some(key) => key.to_owned(),
        None => read(&dir.join("key"))?,
    };
    let earlier = earlier.map(read).transpose()?;
    let verified = verify_export(dir, key.trim(), earlier.as_deref()).map_err(|error| {
        CliError::new(EXIT_FAILED, format!("the audit log in {} does not verify", dir.display()))
            .because(error)
            .hint("someone or something changed these files: keep them, export again, and compare with another copy")
    })?;
    if arguments.json {
        return print::json(&json!({
            "verified": true, "entries": verified.size, "root": verified.root, "origin": verified.origin,
            "last_entry_at": verified.last_entry_at, "key_given": given, "earlier_given": earlier.is_some(),
        }))
        .map(|()| 0);
    }
    print::line(&format!(
        "verified: {} entries, root {}, log {}",
        verified.size, verified.root, verified.origin
    ));
    if let Some(at) = verified.last_entry_at {
        print::line(&format!("the last entry is of {}", print::utc(at)));
    }
    if !given {
        print::line(
            "note: the key came with the files; give `--key` with one you kept to prove who signed",
        );
    }
    if earlier.is_none() {
        print::line(
            "note: give `--earlier CHECKPOINT` with one you kept to prove that nothing was cut off or rewritten",
        );
    }
    Ok(0)
}
