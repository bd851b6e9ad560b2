//! A restore that a person asks for. It is on record before and after.

use std::path::PathBuf;

use jiff::Timestamp;
use strongroom_domain::retention::Hold;
use strongroom_domain::retry::Failure;
use strongroom_ledger::{AuditEntry, CatalogChange, LedgerError, RestoreFacts, SnapshotRow};
use strongroom_sandbox::call::Operation;
use strongroom_sandbox::role::snapshots::Action;
use uuid::Uuid;

use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;
use crate::call::poller::{Waited, until_stopped};
use crate::call::prepared::{Prepared, RESTORE_TREE, Served};

/// How long a restore or a verification may take.
pub(super) const TIME: std::time::Duration = std::time::Duration::from_secs(24 * 3600);
/// Characters of a hold's reason: a list shows it.
const REASON: usize = 500;

/// Why a request about a snapshot was not fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The plugin did not do it.
    #[error("{0}")]
    Failed(Failure),
    /// The plugin does not offer it.
    #[error("plugin `{plugin}` does not offer `{feature}`")]
    NotOffered {
        /// Its name.
        plugin: String,
        /// The key of the feature.
        feature: &'static str,
    },
    /// The plugin of the entry did not make it.
    #[error("the snapshot was made by `{made_by}`, and `{plugin}` knows nothing of it")]
    OtherPlugin {
        /// Who made it.
        made_by: String,
        /// The plugin of the entry.
        plugin: String,
    },
    /// The plugin restores to another kind of place.
    #[error("plugin `{plugin}` restores {}", if *to_folders { "into a folder" } else { "to something new at its provider" })]
    Elsewhere {
        /// Its name.
        plugin: String,
        /// Into folders, and a name was given; or the other way round.
        to_folders: bool,
    },
    /// The snapshot is no longer there, or will not be for long.
    #[error("{0}")]
    Gone(String),
    /// The ledger could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

pub(super) fn offered(prepared: &Prepared, feature: &'static str) -> Result<(), ShelfError> {
    if prepared.offers(feature) {
        return Ok(());
    }
    Err(ShelfError::NotOffered {
        plugin: prepared.schedule.plugin.to_string(),
        feature,
    })
}

/// A reference means nothing to another plugin than the one that gave it.
pub(super) fn made_here(prepared: &Prepared, row: &SnapshotRow) -> Result<(), ShelfError> {
    let plugin = &prepared.schedule.plugin;
    if row.plugin == *plugin {
        return Ok(());
    }
    Err(ShelfError::OtherPlugin {
        made_by: row.plugin.to_string(),
        plugin: plugin.to_string(),
    })
}

/// Where a restore goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreTo {
    /// An empty folder of this machine.
    Folder(PathBuf),
    /// A name at the provider.
    Name(String),
}

impl RestoreTo {
    fn shown(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Name(name) => name.clone(),
        }
    }
}

/// What a person wants restored.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Where to.
    pub target: RestoreTo,
    /// Paths inside the snapshot; empty: all of it.
    pub paths: Vec<Vec<u8>>,
    /// Who asks.
    pub person: String,
}

/// Restores a snapshot, whole or by path, into an empty folder or to a name at the provider. No retention deletes it
/// meanwhile: it is held, and released at the end.
///
/// `stop` ends the waiting; what goes on at the provider goes on, and the snapshot stays held until the restore's time is up.
///
/// # Errors
/// [`ShelfError::Failed`] with `corrupt` names the damaged paths; the folder is left as it was.
pub async fn restore(
    context: &CallContext,
    prepared: &Prepared,
    row: &SnapshotRow,
    wish: Wish,
    stop: impl Future<Output = ()>,
) -> Result<Waited, ShelfError> {
    made_here(prepared, row)?;
    offered(prepared, "restore")?;
    if !wish.paths.is_empty() {
        offered(prepared, "restore-paths")?;
    }
    goes_there(prepared, &wish.target)?;
    let (place, restore_to) = match &wish.target {
        RestoreTo::Folder(folder) => (RESTORE_TREE.to_owned(), Some(folder.clone())),
        RestoreTo::Name(name) => (name.clone(), None),
    };
    let context = CallContext {
        restore_to,
        ..context.clone()
    };
    // Each restore is one of its own: a provider that knows the run already would hand out what it made then.
    let call = PluginCall {
        run: Uuid::now_v7(),
        ..PluginCall::for_snapshot(&context, prepared, row, TIME)
    };
    let to = wish.target.shown();
    let facts = RestoreFacts {
        whole: wish.paths.is_empty(),
        to: &to,
        by: &wish.person,
        run: call.run,
    };
    let hold = format!("restore-{}", call.run);
    hold_for(&context, row, &hold, &facts, call.deadline).await?;
    let restore = Action::Restore {
        reference: row.reference.clone(),
        place,
        paths: wish.paths,
    };
    let schedule = &prepared.schedule.name;
    let goes_on = |operation: &Operation| {
        let (note, percent) = (&operation.note, operation.percent);
        let observer = &context.observer;
        observer.goes_on(schedule, call.tenant, note, percent);
    };
    let result = until_stopped(&context, &call, restore, goes_on, stop).await;
    let result = result.or_failure("it was not finished in time");
    let ended = match &result {
        Ok(Waited::Done(_)) => AuditEntry::restore_done(row, &facts),
        Ok(Waited::Left(note)) => AuditEntry::restore_left(row, &facts, note.as_deref()),
        Err(failure) => AuditEntry::restore_failed(row, &facts, failure.kind),
    };
    let release = (!matches!(result, Ok(Waited::Left(Some(_))))).then_some(hold);
    end(&context, row, release, ended).await?;
    result.map_err(ShelfError::Failed)
}

/// Whether the plugin restores there at all; whatever answers in its place does.
fn goes_there(prepared: &Prepared, to: &RestoreTo) -> Result<(), ShelfError> {
    let to_folders = prepared.restores_to_folders();
    let into_folder = matches!(to, RestoreTo::Folder(_));
    if to_folders == into_folder || matches!(prepared.served, Served::Replies(_)) {
        return Ok(());
    }
    let plugin = prepared.schedule.plugin.to_string();
    Err(ShelfError::Elsewhere { plugin, to_folders })
}

async fn hold_for(
    context: &CallContext,
    row: &SnapshotRow,
    name: &str,
    facts: &RestoreFacts<'_>,
    until: Timestamp,
) -> Result<(), ShelfError> {
    let reason = format!("{} restores it to {}", facts.by, facts.to);
    let hold = Hold {
        name: name.to_owned(),
        reason: reason.chars().take(REASON).collect(),
        until: Some(until),
    };
    let change = CatalogChange::Hold { id: row.id, hold };
    let intended = AuditEntry::restore_intended(row, facts);
    let now = context.clock.now();
    let held = context
        .ledger
        .change_catalog(vec![change], vec![intended], now);
    held.await.map_err(|error| match error {
        LedgerError::Conflict(why) => ShelfError::Gone(why),
        other => other.into(),
    })
}

async fn end(
    context: &CallContext,
    row: &SnapshotRow,
    release: Option<String>,
    ended: AuditEntry,
) -> Result<(), LedgerError> {
    let now = context.clock.now();
    let change = release.map(|name| CatalogChange::Release { id: row.id, name });
    let changes: Vec<CatalogChange> = change.into_iter().collect();
    let released = context
        .ledger
        .change_catalog(changes, vec![ended.clone()], now);
    match released.await {
        // A person released it before.
        Err(LedgerError::NotFound(_)) => context.ledger.append_audit(ended, now).await,
        other => other,
    }
}
