//! `strongroom restore`: a snapshot, whole or by path, into an empty folder, or as something new at a provider.

use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use serde_json::json;
use strongroom_ledger::OpenMode;
use strongroom_orchestrator::SystemClock;
use strongroom_orchestrator::workflows::restore::{RestoreTo, restore};

use crate::arguments::{Arguments, Restore};
use crate::compose;
use crate::error::CliError;
use crate::print;
use crate::watch::Console;

pub(crate) async fn run(arguments: &Arguments, options: &Restore) -> Result<u8, CliError> {
    let (_, _, setup) = compose::setup(arguments).await?;
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    let row = compose::snapshot(&ledger, &options.snapshot).await?;
    let prepared = compose::keeper(&setup, &row)?;
    let to = target(options)?;
    let watcher = Arc::new(Console::new(arguments.json));
    let access = compose::access(
        arguments,
        Arc::new(SystemClock),
        ledger.clone(),
        Some(watcher),
    );
    let paths = options
        .path
        .iter()
        .map(|path| path.as_os_str().as_bytes().to_vec())
        .collect();
    let evidence = restore(&access, &prepared, &row, &to, paths).await?;
    ledger.close().await;
    let shown = match &to {
        RestoreTo::Folder(folder) => folder.display().to_string(),
        RestoreTo::Name(name) => name.clone(),
    };
    if arguments.json {
        return print::json(&json!({ "snapshot": row.id, "to": shown, "evidence": evidence }))
            .map(|()| 0);
    }
    print::line(&format!(
        "Restored {} of {} to {}, verified.",
        print::short(row.id),
        row.tenant,
        print::plain(&shown)
    ));
    for (kind, item) in &evidence.0 {
        print::line(&format!("  {}: {}", print::plain(kind), print::plain(item)));
    }
    Ok(0)
}

/// A folder or a name: the arguments have one of them.
fn target(options: &Restore) -> Result<RestoreTo, CliError> {
    match (&options.to, &options.name) {
        (Some(folder), _) => empty_folder(folder).map(RestoreTo::Folder),
        (None, Some(name)) => Ok(RestoreTo::Name(name.clone())),
        (None, None) => Err(CliError::usage("where to? Write `--to DIR` or `--as NAME`")),
    }
}

fn empty_folder(to: &std::path::Path) -> Result<std::path::PathBuf, CliError> {
    let fail = |error: std::io::Error| {
        CliError::usage(format!(
            "{} cannot be used as the place of a restore",
            to.display()
        ))
        .because(error)
    };
    std::fs::create_dir_all(to).map_err(fail)?;
    if std::fs::read_dir(to).map_err(fail)?.next().is_some() {
        return Err(CliError::usage(format!("{} is not empty", to.display()))
            .hint("a restore never writes over anything: name an empty or a new folder"));
    }
    std::fs::canonicalize(to).map_err(fail)
}
