//! The promise that every engine keeps.

use async_trait::async_trait;

use crate::audit::AuditLog;
use crate::catalog::Catalog;
use crate::controls::Controls;
use crate::error::LedgerError;
use crate::occurrences::Occurrences;
use crate::plugins::Plugins;
use crate::state::StateStore;

/// The durable state of one or several hosts; a trait for each subject.
///
/// Every method that writes is one transaction: on `Ok` it survives power loss, on `Err` nothing of it was written.
/// Moments are kept in whole milliseconds; what is finer is cut off.
#[async_trait]
pub trait Ledger: Occurrences + Catalog + Controls + Plugins + StateStore + AuditLog {
    /// Looks whether another process wrote to the ledger since this was asked last.
    async fn changed_elsewhere(&self) -> Result<bool, LedgerError>;

    /// Ends all writing and reading, and tidies up. Nothing is lost without it.
    async fn close(&self);
}
