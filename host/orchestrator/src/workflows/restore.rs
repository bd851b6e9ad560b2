//! A restore that a person asks for. It is on record before and after.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;
use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use strongroom_ledger::{LedgerError, SnapshotRow};
use strongroom_sandbox::call::Request;

use crate::access::{Access, RESTORE_TREE};
use crate::executor::Errand;
use crate::setup::Prepared;
use crate::workflows::retention::{complete, entry};

/// How long a restore or a verification may take.
pub(super) const TIME: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

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
    /// The ledger could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
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

pub(super) fn offered(prepared: &Prepared, feature: &'static str) -> Result<(), ShelfError> {
    if prepared.offers(feature) {
        return Ok(());
    }
    Err(ShelfError::NotOffered {
        plugin: prepared.schedule.plugin.to_string(),
        feature,
    })
}

/// Restores a snapshot, whole or by path, into an empty folder.
///
/// # Errors
/// [`ShelfError::Failed`] with `corrupt` names the damaged paths; the folder is left as it was.
pub async fn restore(
    access: &Access,
    prepared: &Prepared,
    row: &SnapshotRow,
    to: &Path,
    paths: Vec<Vec<u8>>,
) -> Result<Evidence, ShelfError> {
    offered(prepared, "restore")?;
    if !paths.is_empty() {
        offered(prepared, "restore-paths")?;
    }
    let whole = paths.is_empty();
    let now = access.clock.now();
    let asked = entry("restore-intended", row, json!({ "whole": whole }));
    access
        .ledger
        .change_catalog(Vec::new(), vec![asked], now)
        .await?;
    let access = Access {
        restore_to: Some(to.to_owned()),
        ..access.clone()
    };
    let errand = errand(&access, prepared, row);
    let request = Request::StartRestore {
        reference: row.reference.clone(),
        place: RESTORE_TREE.to_owned(),
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
