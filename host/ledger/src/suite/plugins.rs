//! Plugin files: registered once, and what they are to the host.

use super::*;
use crate::error::LedgerError;
use crate::plugins::{PluginRow, PluginState};

on_every_engine!(
    a_plugin_file_is_registered_once,
    a_plugin_files_state_changes_on_record,
);

async fn a_plugin_file_is_registered_once(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let row = PluginRow {
        digest: "ab".repeat(32),
        name: PluginName::new("local-snapshot").unwrap(),
        version: "0.1.0".into(),
        size: 123_456,
        description_json: "{}".into(),
        first_seen: at(1),
        state: PluginState::Active,
        since: at(1),
        person: "host".into(),
        reason: String::new(),
    };
    assert!(fixture.ledger.register_plugin(row.clone()).await.unwrap());
    assert!(
        !fixture
            .ledger
            .register_plugin(PluginRow {
                first_seen: at(2),
                ..row.clone()
            })
            .await
            .unwrap()
    );
    assert_eq!(fixture.ledger.plugins().await.unwrap(), [row]);
    assert_eq!(fixture.size().await, 1);
}

async fn a_plugin_files_state_changes_on_record(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let row = PluginRow {
        digest: "ab".repeat(32),
        name: PluginName::new("local-snapshot").unwrap(),
        version: "0.1.0".into(),
        size: 9,
        description_json: "{}".into(),
        first_seen: at(1),
        state: PluginState::Refused,
        since: at(1),
        person: "host".into(),
        reason: "wants `sql`".into(),
    };
    let ledger = &fixture.ledger;
    ledger.register_plugin(row.clone()).await.unwrap();
    assert_eq!(ledger.plugins().await.unwrap(), std::slice::from_ref(&row));
    let set = async |digest: &str, state, reason: &str, now| {
        let set = ledger.set_plugin_state(digest, state, "ana", reason, at(now));
        set.await
    };
    let (refused, active) = (PluginState::Refused, PluginState::Active);
    set(&row.digest, refused, &row.reason, 2).await.unwrap();
    assert_eq!(fixture.size().await, 1, "no other state, nothing new");
    set(&row.digest, active, "granted", 3).await.unwrap();
    assert_eq!(fixture.size().await, 2);
    let changed = PluginRow {
        state: PluginState::Active,
        since: at(3),
        person: "ana".into(),
        reason: "granted".into(),
        ..row
    };
    assert_eq!(ledger.plugins().await.unwrap(), [changed]);
    let error = set("cd", active, "granted", 4).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotFound(_)), "{error}");
}
