//! What people ask of a single snapshot: verify it, restore it. Both are on record before and after.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;
use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use strongroom_ledger::{CatalogChange, LedgerError, SnapshotRow, SnapshotState};
use strongroom_sandbox::call::Request;

use crate::access::{Access, RESTORE_TREE};
use crate::executor::Errand;
use crate::setup::Prepared;
use crate::workflows::retention::{complete, entry};

/// How long a restore or a verification may take.
const TIME: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Why a request about a snapshot was not fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The plugin did not do it.
    #[error("{}: {}", .0.kind(), .0.detail())]
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
    /// The ledger could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Where a restore goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreTo {
    /// An empty folder.
    Folder(PathBuf),
    /// Something new at the provider, by this name.
    Name(String),
}

fn errand<'a>(access: &Access, prepared: &'a Prepared, row: &'a SnapshotRow) -> Errand<'a> {
    Errand {
        prepared,
        tenant: &row.tenant,
        run: row.id,
        attempt: 1,
        due: row.taken_at,
        deadline: access
            .clock
            .now()
            .checked_add(TIME)
            .unwrap_or(Timestamp::MAX),
        dry_run: false,
    }
}

fn offered(prepared: &Prepared, feature: &'static str) -> Result<(), ShelfError> {
    if prepared.offers(feature) {
        return Ok(());
    }
    Err(ShelfError::NotOffered {
        plugin: prepared.schedule.plugin.to_string(),
        feature,
    })
}

/// A reference means nothing to another plugin than the one that gave it.
fn made_here(prepared: &Prepared, row: &SnapshotRow) -> Result<(), ShelfError> {
    let plugin = &prepared.schedule.plugin;
    if row.plugin == *plugin {
        return Ok(());
    }
    Err(ShelfError::OtherPlugin {
        made_by: row.plugin.to_string(),
        plugin: plugin.to_string(),
    })
}

/// Reads a whole snapshot and compares it with what was recorded; the verdict is kept in the catalog.
///
/// # Errors
/// [`ShelfError::Failed`] with `corrupt` names the damaged paths, one a line.
pub async fn verify(
    access: &Access,
    prepared: &Prepared,
    row: &SnapshotRow,
) -> Result<Evidence, ShelfError> {
    made_here(prepared, row)?;
    offered(prepared, "verify")?;
    let errand = errand(access, prepared, row);
    let result = complete(
        access,
        &errand,
        Request::StartVerify {
            reference: row.reference.clone(),
        },
    )
    .await;
    let now = access.clock.now();
    // Not being able to look says nothing about the snapshot: then its state stays as it is.
    let found = match &result {
        Ok(_) => Some((SnapshotState::Verified, None)),
        Err(failure @ (Failure::Corrupt { .. } | Failure::NotFound { .. })) => {
            let error = format!("{}: {}", failure.kind(), failure.detail());
            Some((SnapshotState::Damaged, Some(error)))
        }
        Err(_) => None,
    };
    let verdict = match &found {
        Some((SnapshotState::Verified, _)) => "good",
        Some((_, error)) => error.as_deref().unwrap_or("damaged"),
        None => "not reached",
    };
    let audit = entry("snapshot-verified", row, json!({ "verdict": verdict }));
    let change = found.map(|(state, error)| CatalogChange::State {
        id: row.id,
        state,
        error,
        at: now,
    });
    let changes = change.into_iter().collect();
    access
        .ledger
        .change_catalog(changes, vec![audit], now)
        .await?;
    result.map_err(ShelfError::Failed)
}

/// Restores a snapshot, whole or by path, into an empty folder or to something new at the provider.
///
/// # Errors
/// [`ShelfError::Failed`] with `corrupt` names the damaged paths; the folder is left as it was.
pub async fn restore(
    access: &Access,
    prepared: &Prepared,
    row: &SnapshotRow,
    to: &RestoreTo,
    paths: Vec<Vec<u8>>,
) -> Result<Evidence, ShelfError> {
    made_here(prepared, row)?;
    offered(prepared, "restore")?;
    if !paths.is_empty() {
        offered(prepared, "restore-paths")?;
    }
    let (place, folder) = match to {
        RestoreTo::Folder(folder) => (RESTORE_TREE.to_owned(), Some(folder.clone())),
        RestoreTo::Name(name) => (name.clone(), None),
    };
    if prepared.restores_to_folders() != folder.is_some() {
        return Err(ShelfError::Elsewhere {
            plugin: prepared.schedule.plugin.to_string(),
            to_folders: folder.is_none(),
        });
    }
    let whole = paths.is_empty();
    let now = access.clock.now();
    let asked = entry("restore-intended", row, json!({ "whole": whole }));
    access
        .ledger
        .change_catalog(Vec::new(), vec![asked], now)
        .await?;
    let access = Access {
        restore_to: folder,
        ..access.clone()
    };
    let errand = errand(&access, prepared, row);
    let request = Request::StartRestore {
        reference: row.reference.clone(),
        place,
        paths,
    };
    let result = complete(&access, &errand, request).await;
    let now = access.clock.now();
    let ended = match &result {
        Ok(_) => entry("restore-done", row, json!({ "whole": whole })),
        Err(failure) => entry("restore-failed", row, json!({ "failure": failure.kind() })),
    };
    access
        .ledger
        .change_catalog(Vec::new(), vec![ended], now)
        .await?;
    result.map_err(ShelfError::Failed)
}
