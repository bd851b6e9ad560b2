//! `state`: the values of one plugin for one tenant, in the ledger, which holds their limits.

use std::sync::Arc;

use async_trait::async_trait;
use strongroom_domain::{PluginName, TenantName};
use strongroom_ledger::{StateError as Stored, StateStore};
use strongroom_sandbox::capability::state::{State, StateError, StateValue};

use crate::dry_run::DryRun;

/// The values that one call may use.
pub(crate) struct PluginState {
    pub(crate) store: Arc<dyn StateStore>,
    pub(crate) plugin: PluginName,
    pub(crate) tenant: TenantName,
    pub(crate) dry_run: Arc<DryRun>,
}

impl PluginState {
    fn may_change(&self) -> Result<(), StateError> {
        if self
            .dry_run
            .holds_back(|| "a change of its state".to_owned())
        {
            return Err(StateError::Unavailable(
                "a dry run changes nothing".to_owned(),
            ));
        }
        Ok(())
    }
}

#[async_trait]
impl State for PluginState {
    async fn get(&self, key: String) -> Result<Option<StateValue>, StateError> {
        let value = self.store.state_get(&self.plugin, &self.tenant, &key).await;
        let value = value.map_err(explained)?;
        Ok(value.map(|value| StateValue {
            bytes: value.bytes,
            version: value.version,
        }))
    }

    async fn set(
        &self,
        key: String,
        bytes: Vec<u8>,
        expected: Option<u64>,
    ) -> Result<u64, StateError> {
        self.may_change()?;
        let (plugin, tenant) = (&self.plugin, &self.tenant);
        let written = self.store.state_set(plugin, tenant, &key, &bytes, expected);
        written.await.map_err(explained)
    }

    async fn delete(&self, key: String, expected: u64) -> Result<(), StateError> {
        self.may_change()?;
        let deleted = self
            .store
            .state_delete(&self.plugin, &self.tenant, &key, expected);
        deleted.await.map_err(explained)
    }
}

fn explained(error: Stored) -> StateError {
    match error {
        Stored::Changed => StateError::Changed,
        Stored::Limit(which) => StateError::Limit(which),
        Stored::Ledger(error) => StateError::Unavailable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use strongroom_ledger::OpenMode;

    use super::*;

    async fn state(folder: &std::path::Path, dry_run: bool) -> PluginState {
        let ledger = strongroom_ledger::open(folder, OpenMode::Host)
            .await
            .unwrap();
        PluginState {
            store: ledger,
            plugin: PluginName::new("p").unwrap(),
            tenant: TenantName::new("acme").unwrap(),
            dry_run: Arc::new(DryRun::new(dry_run)),
        }
    }

    #[tokio::test]
    async fn state_keeps_to_its_limits() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path(), false).await;
        let long = state.get("k".repeat(129)).await;
        assert!(matches!(long, Err(StateError::Limit(_))), "{long:?}");
        let large = state.set("key".into(), vec![0; (64 << 10) + 1], None).await;
        assert!(matches!(large, Err(StateError::Limit(_))), "{large:?}");
        let version = state
            .set("key".into(), b"value".to_vec(), None)
            .await
            .unwrap();
        let stored = state.get("key".into()).await.unwrap().unwrap();
        assert_eq!(
            (stored.bytes.as_slice(), stored.version),
            (&b"value"[..], version)
        );
        assert_eq!(
            state.set("key".into(), vec![], None).await,
            Err(StateError::Changed)
        );
    }

    #[tokio::test]
    async fn a_dry_run_reads_state_and_changes_none() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path(), true).await;
        assert_eq!(state.get("key".into()).await, Ok(None));
        let set = state.set("key".into(), b"value".to_vec(), None).await;
        assert!(matches!(set, Err(StateError::Unavailable(_))), "{set:?}");
        let deleted = state.delete("key".into(), 1).await;
        assert!(
            matches!(deleted, Err(StateError::Unavailable(_))),
            "{deleted:?}"
        );
        assert_eq!(state.dry_run.held_back(), ["a change of its state"]);
    }
}
