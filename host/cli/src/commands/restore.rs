//! `strongroom restore`: a snapshot, whole or by path, into an empty folder or to a name at the provider.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use strongroom_ledger::{OpenMode, SnapshotRow};
use strongroom_orchestrator::SystemClock;
use strongroom_orchestrator::Waited;
use strongroom_orchestrator::roles::snapshots::restore::{RestoreTo, Wish, restore};

use crate::arguments::{Arguments, Restore};
use crate::compose;
use crate::error::{CliError, EXIT_FAILED};
use crate::print;
use crate::watch::Console;

/// The longest name at a provider, in bytes.
const NAME: usize = 512;

pub(crate) async fn run(arguments: &Arguments, options: &Restore) -> Result<u8, CliError> {
    let (_, _, setup) = compose::setup(arguments).await?;
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    let row = compose::snapshot(ledger.as_ref(), &options.snapshot).await?;
    let prepared = compose::keeper(&setup, &row)?;
    let (target, made) = target(options)?;
    let observer = Arc::new(Console::new(arguments.json).awaited());
    let context = compose::context(
        arguments,
        Arc::new(SystemClock),
        ledger.clone(),
        Some(observer),
    );
    let paths = options.path.iter();
    let paths = paths.map(|path| path.as_os_str().as_bytes().to_vec());
    let wish = Wish {
        target: target.clone(),
        paths: paths.collect(),
        person: compose::person(),
    };
    let mut stopped = super::run::stop_signal()?;
    let stop = async move {
        // Whoever can no longer stop it never does.
        if stopped.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let waited = restore(&context, &prepared, &row, wish, stop).await;
    ledger.close().await;
    if let (Err(_), Some(folder)) = (&waited, made) {
        // What was made for nothing goes again, if it is empty.
        let _stays = std::fs::remove_dir(folder).is_err();
    }
    report(arguments, &row, &target, waited?)
}

/// Where it goes, and the folder that was made for it.
fn target(options: &Restore) -> Result<(RestoreTo, Option<PathBuf>), CliError> {
    match (&options.to, &options.name) {
        (Some(folder), _) => {
            let made = (!folder.exists()).then(|| folder.clone());
            Ok((RestoreTo::Folder(empty_folder(folder)?), made))
        }
        (None, Some(name)) => {
            let wrong =
                name.trim().is_empty() || name.len() > NAME || name.contains(char::is_control);
            if wrong {
                return Err(
                    CliError::usage("that is no name at a provider").hint(format!(
                        "a name has 1 to {NAME} bytes and no control characters"
                    )),
                );
            }
            Ok((RestoreTo::Name(name.clone()), None))
        }
        (None, None) => {
            Err(CliError::usage("nothing says where to restore to")
                .hint("`--to DIR` or `--as NAME`"))
        }
    }
}

fn report(
    arguments: &Arguments,
    row: &SnapshotRow,
    target: &RestoreTo,
    waited: Waited,
) -> Result<u8, CliError> {
    let (key, place) = match target {
        RestoreTo::Folder(folder) => ("to", folder.display().to_string()),
        RestoreTo::Name(name) => ("as", name.clone()),
    };
    let short = print::short(row.id);
    let evidence = match waited {
        Waited::Done(evidence) => evidence,
        Waited::Left(None) => {
            return Err(
                CliError::new(EXIT_FAILED, format!("the restore of {short} was stopped")).hint(
                    match target {
                        RestoreTo::Folder(_) => "what lies in the folder is no restore: remove it",
                        RestoreTo::Name(_) => {
                            "whether the provider began anything is not known: look there"
                        }
                    },
                ),
            );
        }
        Waited::Left(Some(note)) => {
            let message = format!(
                "the restore of {short} to {place} goes on at the provider: {}",
                print::plain(&note)
            );
            return Err(CliError::new(EXIT_FAILED, message).hint(
                "look there for its end; the snapshot stays held for a day (`strongroom snapshots show`)",
            ));
        }
    };
    if arguments.json {
        return print::json(&json!({ "snapshot": row.id, key: place, "evidence": evidence }))
            .map(|()| 0);
    }
    let verified = match target {
        RestoreTo::Folder(_) => ", verified",
        RestoreTo::Name(_) => "",
    };
    print::line(&format!(
        "Restored {short} of {} to {}{verified}.",
        row.tenant,
        print::plain(&place)
    ));
    for (kind, item) in &evidence.0 {
        print::line(&format!("  {}: {}", print::plain(kind), print::plain(item)));
    }
    Ok(0)
}

fn empty_folder(to: &Path) -> Result<PathBuf, CliError> {
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
