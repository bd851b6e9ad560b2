//! `strongroom audit`.

use std::path::Path;

use strongroom_app::audit;

use super::*;
use crate::arguments::Audit;

pub(super) async fn run(at: &Installation, json: bool, command: &Audit) -> Result<u8, Error> {
    match command {
        Audit::Export { dir } => export(at, json, dir).await,
        Audit::Verify { dir, key, earlier } => {
            verify(json, dir, key.as_deref(), earlier.as_deref())
        }
    }
}

async fn export(at: &Installation, json: bool, dir: &Path) -> Result<u8, Error> {
    let export = audit::export(at, dir).await?;
    print::result(json, &export, || {
        let (dir, report) = (dir.display(), &export.report);
        let (key, root) = (&report.verifier, &report.root);
        out!("{} entries, root {root}, written to {dir}", report.size);
        out!("verify with: strongroom audit verify {dir} --key '{key}'");
        out!(
            "keep the key and each checkpoint somewhere else: they are what nobody here can change"
        );
    })
}

fn verify(json: bool, dir: &Path, key: Option<&str>, earlier: Option<&Path>) -> Result<u8, Error> {
    let verified = audit::verify(dir, key, earlier)?;
    print::result(json, &verified, || {
        let (log, root) = (&verified.log, &verified.log.root);
        out!(
            "verified: {} entries, root {root}, log {}",
            log.size,
            log.origin
        );
        if let Some(at) = log.last_entry_at {
            out!("the last entry is of {}", utc(at));
        }
        if !verified.key_given {
            out!(
                "note: the key came with the files; give `--key` with one you kept to prove who signed"
            );
        }
        if !verified.earlier_given {
            out!(
                "note: give `--earlier CHECKPOINT` with one you kept to prove that nothing was cut off or rewritten"
            );
        }
    })
}
