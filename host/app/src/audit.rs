//! The audit log as files, and their verification without a ledger.

use std::path::Path;

use serde_json::json;
use strongroom_domain::json_time;
use strongroom_ledger::{ExportReport, OpenMode, Verified, verify_export};

use crate::{Error, Installation, Kind};

/// An export of the audit log.
pub struct AuditExport<'a> {
    dir: &'a Path,
    /// What it holds.
    pub report: ExportReport,
}

as_json!(AuditExport<'_>, |export| {
    let report = &export.report;
    json!({ "dir": export.dir, "entries": report.size, "root": report.root, "key": report.verifier })
});

/// Writes the audit log as files that anyone can verify, into an empty or an earlier export folder.
pub async fn export<'a>(at: &Installation, dir: &'a Path) -> Result<AuditExport<'a>, Error> {
    let ledger = at.ledger(OpenMode::Reader).await?;
    let report = ledger.export_audit(dir).await?;
    Ok(AuditExport { dir, report })
}

/// An export whose files agree with each other and with the key.
pub struct AuditVerified {
    /// What it holds.
    pub log: Verified,
    /// False: the key came with the files, so that nothing proves who signed.
    pub key_given: bool,
    /// False: something may have been cut off or rewritten.
    pub earlier_given: bool,
}

as_json!(AuditVerified, |verified| {
    let log = &verified.log;
    json!({
        "verified": true, "entries": log.size, "root": log.root, "origin": log.origin,
        "last_entry_at": log.last_entry_at.map(json_time::text), "key_given": verified.key_given,
        "earlier_given": verified.earlier_given,
    })
});

/// Verifies an export from its files alone; `key` is a verifier key or a file that holds it, `earlier` a checkpoint.
pub fn verify(
    dir: &Path,
    key: Option<&str>,
    earlier: Option<&Path>,
) -> Result<AuditVerified, Error> {
    let key_given = key.is_some();
    let key = match key {
        Some(key) if Path::new(key).is_file() => read(Path::new(key))?,
        Some(key) => key.to_owned(),
        None => read(&dir.join("key"))?,
    };
    let earlier = earlier.map(read).transpose()?;
    let log = verify_export(dir, key.trim(), earlier.as_deref()).map_err(|error| {
        Error::new(Kind::Failed, format!("the audit log in {} does not verify", dir.display()))
            .because(error)
            .hint("someone or something changed these files: keep them, export again, and compare with another copy")
    })?;
    Ok(AuditVerified {
        log,
        key_given,
        earlier_given: earlier.is_some(),
    })
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| {
        Error::not_found(format!("{} cannot be read", path.display())).because(error)
    })
}
