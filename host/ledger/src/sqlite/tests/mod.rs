//! What only SQLite does: its file and who may open it, its schema's versions, how it runs its statements.

mod opening;
mod upgrade;

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::{OpenMode, SqliteLedger};
use crate::audit::AuditLog;
use crate::catalog::Catalog;
use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::occurrences::Occurrences;
use crate::plugins::Plugins;
use crate::suite::samples::*;

pub(super) type Fixture = crate::suite::Fixture<TempDir, SqliteLedger>;

async fn open(folder: &Path, mode: OpenMode) -> Result<SqliteLedger, LedgerError> {
    super::open::open(folder, mode).await
}

pub(super) async fn fixture() -> Fixture {
    let place = tempfile::tempdir().unwrap();
    let ledger = Arc::new(open(place.path(), OpenMode::Host).await.unwrap());
    Fixture { place, ledger }
}
