//! A snapshot, whole or by path, restored into an empty folder or to a name at the provider.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use strongroom_domain::{Evidence, TenantName};
use strongroom_ledger::OpenMode;
use strongroom_orchestrator::Waited;
use strongroom_orchestrator::roles::snapshots::restore::{self, Wish};
use strongroom_orchestrator::{Observer, SystemClock};
use uuid::Uuid;

use crate::run::{Stop, stopped};
use crate::words::{plain, short};
use crate::{Error, Installation, Kind, lookup};

pub use strongroom_orchestrator::roles::snapshots::restore::RestoreTo;

/// The longest name at a provider, in bytes.
const NAME: usize = 512;

/// A restore that is done.
#[derive(Debug)]
pub struct Restored {
    /// The snapshot.
    pub snapshot: Uuid,
    /// Whose it is.
    pub tenant: TenantName,
    /// Where it was restored.
    pub target: RestoreTo,
    /// What was restored and checked.
    pub evidence: Evidence,
}

impl Restored {
    /// The folder or the name.
    #[must_use]
    pub fn place(&self) -> String {
        place(&self.target)
    }
}

as_json!(Restored, |restored| {
    let key = match restored.target {
        RestoreTo::Folder(_) => "to",
        RestoreTo::Name(_) => "as",
    };
    json!({ "snapshot": restored.snapshot, key: restored.place(), "evidence": restored.evidence })
});

fn place(target: &RestoreTo) -> String {
    match target {
        RestoreTo::Folder(folder) => folder.display().to_string(),
        RestoreTo::Name(name) => name.clone(),
    }
}

/// Restores a snapshot, or only some paths of it, to an empty or a new folder or to a name at the provider; when `stop`
/// turns true, it no longer waits.
pub async fn restore(
    at: &Installation,
    snapshot: &str,
    target: RestoreTo,
    paths: &[PathBuf],
    person: String,
    observer: Arc<dyn Observer>,
    stop: Stop,
) -> Result<Restored, Error> {
    let (_, _, setup) = at.setup().await?;
    let ledger = at.ledger(OpenMode::Visitor).await?;
    let row = lookup::snapshot(ledger.as_ref(), snapshot).await?;
    let prepared = lookup::keeper(&setup, &row)?;
    let (target, made) = usable(target)?;
    let context = at.context(Arc::new(SystemClock), ledger.clone(), Some(observer));
    let paths = paths.iter();
    let wish = Wish {
        target: target.clone(),
        paths: paths
            .map(|path| path.as_os_str().as_bytes().to_vec())
            .collect(),
        person,
    };
    let waited = restore::restore(&context, &prepared, &row, wish, stopped(stop)).await;
    ledger.close().await;
    if let (Err(_), Some(folder)) = (&waited, made) {
        // What was made for nothing goes again, if it is empty.
        let _stays = std::fs::remove_dir(folder).is_err();
    }
    match waited? {
        Waited::Done(evidence) => Ok(Restored {
            snapshot: row.id,
            tenant: row.tenant,
            target,
            evidence,
        }),
        Waited::Left(note) => Err(left(&short(row.id), &target, note.as_deref())),
    }
}

/// The person stopped waiting.
fn left(snapshot: &str, target: &RestoreTo, goes_on: Option<&str>) -> Error {
    let (message, hint) = match (goes_on, target) {
        (Some(note), _) => {
            let (place, note) = (place(target), plain(note));
            (
                format!("to {place} goes on at the provider: {note}"),
                "look there for its end; the snapshot stays held for a day (`strongroom snapshots show`)",
            )
        }
        (None, RestoreTo::Folder(_)) => {
            let hint = "what lies in the folder is no restore: remove it";
            ("was stopped".to_owned(), hint)
        }
        (None, RestoreTo::Name(_)) => {
            let hint = "whether the provider began anything is not known: look there";
            ("was stopped".to_owned(), hint)
        }
    };
    let message = format!("the restore of {snapshot} {message}");
    Error::new(Kind::Failed, message).hint(hint)
}

/// Where it goes, and the folder that was made for it.
fn usable(target: RestoreTo) -> Result<(RestoreTo, Option<PathBuf>), Error> {
    match target {
        RestoreTo::Folder(folder) => {
            let made = (!folder.exists()).then(|| folder.clone());
            Ok((RestoreTo::Folder(empty_folder(&folder)?), made))
        }
        RestoreTo::Name(name)
            if name.trim().is_empty() || name.len() > NAME || name.contains(char::is_control) =>
        {
            let hint = format!("a name has 1 to {NAME} bytes and no control characters");
            Err(Error::usage("that is no name at a provider").hint(hint))
        }
        name => Ok((name, None)),
    }
}

fn empty_folder(to: &Path) -> Result<PathBuf, Error> {
    let shown = to.display();
    let fail = |error: std::io::Error| {
        Error::usage(format!("{shown} cannot be used as the place of a restore")).because(error)
    };
    std::fs::create_dir_all(to).map_err(fail)?;
    if std::fs::read_dir(to).map_err(fail)?.next().is_some() {
        return Err(Error::usage(format!("{shown} is not empty"))
            .hint("a restore never writes over anything: name an empty or a new folder"));
    }
    std::fs::canonicalize(to).map_err(fail)
}
