//! The catalog: states, holds, and what is refused.

use super::*;
use crate::catalog::{CatalogChange, SnapshotFilter, SnapshotOrder};
use crate::error::LedgerError;
use strongroom_domain::retention::Hold;

on_every_engine!(
    a_snapshot_goes_its_way_and_stays_on_record,
    a_hold_is_placed_replaced_and_released_by_name,
    a_change_of_what_does_not_exist_is_refused_and_not_on_record,
    rehearsals_are_told_apart_in_rows_in_snapshots_and_in_counts,
    a_verdict_counts_only_while_the_snapshot_is_on_the_shelf,
    a_hold_that_may_be_gone_expires_without_a_word,
    snapshots_are_found_by_reference_page_by_page_and_in_the_order_of_verification,
);

async fn change(fixture: &Fixture, change: CatalogChange) -> Result<(), LedgerError> {
    fixture
        .ledger
        .change_catalog(vec![change], vec![entry("changed")], at(9))
        .await
}

fn state(id: u128, state: SnapshotState, at_seconds: i64) -> CatalogChange {
    CatalogChange::State {
        id: Uuid::from_u128(id),
        state,
        error: None,
        at: at(at_seconds),
    }
}

async fn a_snapshot_goes_its_way_and_stays_on_record(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let added = vec![
        CatalogChange::Added(Box::new(snapshot(2, 20))),
        CatalogChange::Added(Box::new(snapshot(1, 10))),
    ];
    fixture
        .ledger
        .change_catalog(added, Vec::new(), at(0))
        .await
        .unwrap();
    assert_eq!(
        fixture.snapshots(SnapshotFilter::default()).await,
        [snapshot(1, 10), snapshot(2, 20)]
    );
    change(&fixture, state(1, SnapshotState::Verified, 30))
        .await
        .unwrap();
    let error = Some("unavailable: down".to_owned());
    let id = Uuid::from_u128(1);
    let failed = CatalogChange::State {
        id,
        state: SnapshotState::DeleteFailed,
        error: error.clone(),
        at: at(40),
    };
    change(&fixture, failed).await.unwrap();
    let row = fixture.snapshot(id).await;
    assert_eq!(
        (row.state, row.last_error, row.verified_at),
        (SnapshotState::DeleteFailed, error, Some(at(30)))
    );
    change(&fixture, state(1, SnapshotState::Gone, 50))
        .await
        .unwrap();
    let row = fixture.snapshot(id).await;
    assert_eq!(
        (row.state, row.last_error, row.gone_at),
        (SnapshotState::Gone, None, Some(at(50)))
    );
    assert_eq!(
        fixture.snapshots(SnapshotFilter::default()).await,
        [snapshot(2, 20)]
    );
    let all = SnapshotFilter {
        gone: true,
        ..SnapshotFilter::default()
    };
    assert_eq!(fixture.snapshots(all).await.len(), 2);
    let gone = SnapshotFilter {
        gone: true,
        states: vec![SnapshotState::Gone],
        ..SnapshotFilter::default()
    };
    assert_eq!(fixture.snapshots(gone).await.len(), 1);
    let other = SnapshotFilter {
        tenant: Some(TenantName::new("blue").unwrap()),
        ..SnapshotFilter::default()
    };
    assert_eq!(fixture.snapshots(other).await, []);
    assert_eq!(fixture.size().await, 3);
}

async fn a_hold_is_placed_replaced_and_released_by_name(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let hold = |name: &str, reason: &str| Hold {
        name: name.into(),
        reason: reason.into(),
        until: None,
    };
    let mut born_held = snapshot(1, 10);
    born_held.holds.push(Hold {
        until: Some(at(99)),
        ..hold("window", "maintenance")
    });
    change(&fixture, CatalogChange::Added(Box::new(born_held.clone())))
        .await
        .unwrap();
    let id = born_held.id;
    assert_eq!(
        fixture.ledger.snapshot(id).await.unwrap(),
        Some(born_held.clone())
    );
    change(
        &fixture,
        CatalogChange::Hold {
            id,
            hold: hold("legal", "case 1"),
        },
    )
    .await
    .unwrap();
    change(
        &fixture,
        CatalogChange::Hold {
            id,
            hold: hold("legal", "case 2"),
        },
    )
    .await
    .unwrap();
    let holds = fixture.snapshot(id).await.holds;
    assert_eq!(holds, [hold("legal", "case 2"), born_held.holds[0].clone()]);
    change(
        &fixture,
        CatalogChange::Release {
            id,
            name: "window".into(),
        },
    )
    .await
    .unwrap();
    assert_eq!(fixture.snapshot(id).await.holds, [hold("legal", "case 2")]);
}

async fn a_change_of_what_does_not_exist_is_refused_and_not_on_record(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let id = Uuid::from_u128(5);
    let hold = Hold {
        name: "legal".into(),
        reason: "case".into(),
        until: None,
    };
    for missing in [
        state(5, SnapshotState::Gone, 1),
        CatalogChange::Hold { id, hold },
        CatalogChange::Release {
            id,
            name: "legal".into(),
        },
    ] {
        let error = change(&fixture, missing).await.unwrap_err();
        assert!(
            matches!(&error, LedgerError::NotFound(what) if what.contains(&id.to_string())),
            "{error}"
        );
    }
    assert_eq!(fixture.ledger.snapshot(id).await.unwrap(), None);
    assert_eq!(fixture.size().await, 0);
}

async fn rehearsals_are_told_apart_in_rows_in_snapshots_and_in_counts(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let daily = ScheduleName::new("daily").unwrap();
    let shadow = NewOccurrence {
        shadow_of: Some(daily.clone()),
        ..occurrence("daily-new", "acme", 0)
    };
    let promised = occurrence("daily", "acme", 0);
    let ids = [shadow.id, promised.id];
    fixture.plan(vec![shadow, promised], 0).await;
    let marks = [
        fixture.row(ids[0]).await.shadow_of,
        fixture.row(ids[1]).await.shadow_of,
    ];
    assert_eq!(marks, [Some(daily), None]);
    let made = |number: u128, plugin: &str, occurrence: Uuid| SnapshotRow {
        occurrence,
        plugin: PluginName::new(plugin).unwrap(),
        ..snapshot(number, 10)
    };
    let rows = [
        made(1, "old", ids[1]),
        made(2, "new", ids[0]),
        made(3, "new", ids[0]),
    ];
    for row in rows {
        let added = CatalogChange::Added(Box::new(row));
        change(&fixture, added).await.unwrap();
    }
    change(&fixture, state(3, SnapshotState::Gone, 20))
        .await
        .unwrap();
    let all = SnapshotFilter::default();
    let rows = fixture.snapshots(all).await;
    let rehearsed: Vec<_> = rows.iter().map(|row| row.shadow_of.is_some()).collect();
    assert_eq!(rehearsed, [false, true]);
    let made = fixture.ledger.snapshot_counts().await.unwrap();
    let made: Vec<_> = made
        .iter()
        .map(|one| (one.schedule.as_str(), one.plugin.as_str(), one.count))
        .collect();
    assert_eq!(made, [("daily", "new", 1), ("daily", "old", 1)]);
    let tally = fixture.ledger.tally().await.unwrap();
    let tally: Vec<_> = tally
        .iter()
        .map(|one| (one.schedule.as_str(), one.shadow, one.count))
        .collect();
    assert_eq!(tally, [("daily", false, 1), ("daily-new", true, 1)]);
}

fn verdict(id: u128, state: SnapshotState, error: Option<&str>, at_seconds: i64) -> CatalogChange {
    CatalogChange::Verdict {
        id: Uuid::from_u128(id),
        state,
        error: error.map(str::to_owned),
        at: at(at_seconds),
    }
}

async fn a_verdict_counts_only_while_the_snapshot_is_on_the_shelf(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let id = Uuid::from_u128(1);
    change(&fixture, CatalogChange::Added(Box::new(snapshot(1, 10))))
        .await
        .unwrap();
    change(
        &fixture,
        verdict(1, SnapshotState::Missing, Some("gone"), 20),
    )
    .await
    .unwrap();
    let row = fixture.snapshot(id).await;
    assert_eq!(
        (row.state, row.last_error.as_deref(), row.verified_at),
        (SnapshotState::Missing, Some("gone"), None)
    );
    change(&fixture, verdict(1, SnapshotState::Verified, None, 30))
        .await
        .unwrap();
    let row = fixture.snapshot(id).await;
    assert_eq!(
        (row.state, row.last_error, row.verified_at),
        (SnapshotState::Verified, None, Some(at(30)))
    );
    for gone in [
        SnapshotState::Deleting,
        SnapshotState::DeleteFailed,
        SnapshotState::Gone,
    ] {
        change(&fixture, state(1, gone, 40)).await.unwrap();
        change(&fixture, verdict(1, SnapshotState::Verified, None, 50))
            .await
            .unwrap();
        let row = fixture.snapshot(id).await;
        assert_eq!((row.state, row.verified_at), (gone, Some(at(30))));
    }
    // One that does not exist undoes nothing.
    change(&fixture, verdict(9, SnapshotState::Verified, None, 50))
        .await
        .unwrap();
}

async fn a_hold_that_may_be_gone_expires_without_a_word(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let id = Uuid::from_u128(1);
    change(&fixture, CatalogChange::Added(Box::new(snapshot(1, 10))))
        .await
        .unwrap();
    let expire = || CatalogChange::Expire {
        id,
        name: "looking".to_owned(),
    };
    change(&fixture, expire()).await.unwrap();
    let hold = Hold {
        name: "looking".to_owned(),
        reason: "it is looked at".to_owned(),
        until: None,
    };
    change(&fixture, CatalogChange::Hold { id, hold })
        .await
        .unwrap();
    change(&fixture, expire()).await.unwrap();
    let row = fixture.snapshot(id).await;
    assert_eq!(row.holds, []);
}

async fn ids(fixture: &Fixture, filter: SnapshotFilter) -> Vec<u128> {
    let rows = fixture.snapshots(filter).await;
    rows.into_iter().map(|row| row.id.as_u128()).collect()
}

async fn snapshots_are_found_by_reference_page_by_page_and_in_the_order_of_verification(
    engine: Engine,
) {
    let fixture = Fixture::new(engine).await;
    let added = (1..=4)
        .map(|id| CatalogChange::Added(Box::new(snapshot(id, 10 * i64::try_from(id).unwrap()))));
    fixture
        .ledger
        .change_catalog(added.collect(), Vec::new(), at(0))
        .await
        .unwrap();
    let by_reference = SnapshotFilter {
        references: vec![snapshot(2, 20).reference, snapshot(3, 30).reference],
        ..SnapshotFilter::default()
    };
    assert_eq!(ids(&fixture, by_reference).await, [2, 3]);
    let page = SnapshotFilter {
        after: Some((at(20), Uuid::from_u128(2))),
        limit: Some(1),
        ..SnapshotFilter::default()
    };
    assert_eq!(ids(&fixture, page).await, [3]);
    let other = SnapshotFilter {
        plugin: Some(strongroom_domain::PluginName::new("nobody").unwrap()),
        ..SnapshotFilter::default()
    };
    assert!(ids(&fixture, other).await.is_empty());
    for (id, seconds) in [(4, 60), (2, 50)] {
        change(
            &fixture,
            verdict(id, SnapshotState::Verified, None, seconds),
        )
        .await
        .unwrap();
    }
    let to_verify = SnapshotFilter {
        order: SnapshotOrder::ToVerify,
        ..SnapshotFilter::default()
    };
    assert_eq!(ids(&fixture, to_verify).await, [3, 1, 2, 4]);
}
