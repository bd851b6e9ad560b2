//! Plugins' values: versions and limits.

use super::*;
use crate::state::{KEY_BYTES, KEYS, StateError, VALUE_BYTES};

on_every_engine!(
    a_value_is_written_only_over_the_version_that_was_read,
    a_tenants_values_are_its_own,
    limits_are_kept_and_named,
);

fn names() -> (PluginName, TenantName) {
    (
        PluginName::new("p").unwrap(),
        TenantName::new("acme").unwrap(),
    )
}

async fn a_value_is_written_only_over_the_version_that_was_read(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let (ledger, (plugin, tenant)) = (&fixture.ledger, names());
    assert_eq!(ledger.state_get(&plugin, &tenant, "k").await.unwrap(), None);
    let first = ledger
        .state_set(&plugin, &tenant, "k", b"1", None)
        .await
        .unwrap();
    assert!(matches!(
        ledger.state_set(&plugin, &tenant, "k", b"2", None).await,
        Err(StateError::Changed)
    ));
    let second = ledger
        .state_set(&plugin, &tenant, "k", b"2", Some(first))
        .await
        .unwrap();
    assert!(second > first);
    assert!(matches!(
        ledger
            .state_set(&plugin, &tenant, "k", b"3", Some(first))
            .await,
        Err(StateError::Changed)
    ));
    assert!(matches!(
        ledger
            .state_set(&plugin, &tenant, "x", b"3", Some(first))
            .await,
        Err(StateError::Changed)
    ));
    let value = ledger
        .state_get(&plugin, &tenant, "k")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((value.bytes.as_slice(), value.version), (&b"2"[..], second));
    assert!(matches!(
        ledger.state_delete(&plugin, &tenant, "k", first).await,
        Err(StateError::Changed)
    ));
    ledger
        .state_delete(&plugin, &tenant, "k", second)
        .await
        .unwrap();
    assert_eq!(ledger.state_get(&plugin, &tenant, "k").await.unwrap(), None);
    // A version never comes back, so a reader of the deleted value cannot take the new one for it.
    assert!(
        ledger
            .state_set(&plugin, &tenant, "k", b"1", None)
            .await
            .unwrap()
            > second
    );
}

async fn a_tenants_values_are_its_own(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let (ledger, (plugin, tenant)) = (&fixture.ledger, names());
    ledger
        .state_set(&plugin, &tenant, "k", b"1", None)
        .await
        .unwrap();
    let (other_plugin, other_tenant) = (
        PluginName::new("q").unwrap(),
        TenantName::new("blue").unwrap(),
    );
    assert_eq!(
        ledger.state_get(&plugin, &other_tenant, "k").await.unwrap(),
        None
    );
    assert_eq!(
        ledger.state_get(&other_plugin, &tenant, "k").await.unwrap(),
        None
    );
}

async fn limits_are_kept_and_named(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let (ledger, (plugin, tenant)) = (&fixture.ledger, names());
    let long = "k".repeat(KEY_BYTES);
    let largest = vec![7; VALUE_BYTES];
    ledger
        .state_set(&plugin, &tenant, &long, &largest, None)
        .await
        .unwrap();
    let refused = |result: Result<u64, StateError>| match result {
        Err(StateError::Limit(which)) => which,
        other => panic!("{other:?}"),
    };
    let longer = format!("{long}k");
    assert!(refused(ledger.state_set(&plugin, &tenant, &longer, b"", None).await).contains("128"));
    assert!(refused(ledger.state_set(&plugin, &tenant, "", b"", None).await).contains("key"));
    assert!(
        refused(
            ledger
                .state_set(&plugin, &tenant, "v", &vec![7; VALUE_BYTES + 1], None)
                .await
        )
        .contains("65536")
    );
    for key in 1..KEYS {
        ledger
            .state_set(&plugin, &tenant, &key.to_string(), b"", None)
            .await
            .unwrap();
    }
    assert!(
        refused(
            ledger
                .state_set(&plugin, &tenant, "one too many", b"", None)
                .await
        )
        .contains("256")
    );
    assert_eq!(
        ledger
            .state_get(&plugin, &tenant, "one too many")
            .await
            .unwrap(),
        None
    );
    let version = ledger
        .state_get(&plugin, &tenant, "1")
        .await
        .unwrap()
        .unwrap()
        .version;
    ledger
        .state_set(&plugin, &tenant, "1", b"still writable", Some(version))
        .await
        .unwrap();
}
