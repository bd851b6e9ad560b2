//! Ages of shelves: since when they are known, which snapshot counts, and that each is told once.

use super::*;
use crate::catalog::CatalogChange;
use crate::catalog::{AgeLimit, ShelfAge};

on_every_engine!(
    a_shelf_is_known_since_it_was_first_named_and_only_what_is_asked_is_shown,
    only_a_good_snapshot_that_is_there_counts,
    each_crossing_is_told_and_put_on_record_once_whoever_asks,
    what_is_held_is_not_deleted_and_what_is_being_deleted_is_not_held,
);

fn limit(tenant: &str, seconds: u64) -> AgeLimit {
    AgeLimit {
        schedule: ScheduleName::new("daily").unwrap(),
        tenant: TenantName::new(tenant).unwrap(),
        most: Duration::from_secs(seconds),
    }
}

async fn ages(fixture: &Fixture) -> Vec<ShelfAge> {
    fixture.ledger.ages().await.unwrap()
}

async fn a_shelf_is_known_since_it_was_first_named_and_only_what_is_asked_is_shown(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let ledger = &fixture.ledger;
    let both = vec![limit("acme", 60), limit("globex", 60)];
    ledger.set_age_limits(both.clone(), at(0)).await.unwrap();
    let size = fixture.size().await;
    // The same again writes nothing.
    ledger.set_age_limits(both, at(5)).await.unwrap();
    let one = vec![limit("acme", 90)];
    ledger.set_age_limits(one.clone(), at(10)).await.unwrap();
    let found = ages(&fixture).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].age.since, found[0].age.most, found[0].age.newest),
        (at(0), Duration::from_secs(90), None)
    );
    ledger.set_age_limits(Vec::new(), at(20)).await.unwrap();
    assert_eq!(ages(&fixture).await, []);
    ledger.set_age_limits(one, at(30)).await.unwrap();
    assert_eq!(ages(&fixture).await[0].age.since, at(0));
    assert_eq!(fixture.size().await, size);
}

async fn only_a_good_snapshot_that_is_there_counts(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let named = vec![AgeLimit {
        schedule: snapshot(1, 10).schedule,
        tenant: snapshot(1, 10).tenant,
        most: Duration::from_secs(60),
    }];
    fixture.ledger.set_age_limits(named, at(0)).await.unwrap();
    let states = [
        SnapshotState::Verified,
        SnapshotState::Assumed,
        SnapshotState::Damaged,
        SnapshotState::Deleting,
        SnapshotState::Gone,
    ];
    let rows = (1..).zip(states).map(|(number, state)| {
        let row = snapshot(number, i64::try_from(number).unwrap() * 10);
        CatalogChange::Added(Box::new(SnapshotRow { state, ..row }))
    });
    let added = fixture
        .ledger
        .change_catalog(rows.collect(), Vec::new(), at(60));
    added.await.unwrap();
    assert_eq!(ages(&fixture).await[0].age.newest, Some(at(20)));
}

async fn each_crossing_is_told_and_put_on_record_once_whoever_asks(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let ledger = &fixture.ledger;
    let named = vec![limit("acme", 60), limit("globex", 60)];
    ledger.set_age_limits(named, at(0)).await.unwrap();
    let before = fixture.size().await;
    let shelf = ages(&fixture).await.remove(0);
    for (too_old, now, told) in [
        (false, 50, false),
        (true, 61, true),
        (true, 62, false),
        (false, 70, true),
        (false, 71, false),
        (true, 140, true),
    ] {
        let answer = ledger
            .record_age_alert(&shelf, too_old, at(now))
            .await
            .unwrap();
        assert_eq!(answer, told, "{now}");
    }
    assert_eq!(fixture.size().await, before + 3);
    let told: Vec<_> = ages(&fixture)
        .await
        .into_iter()
        .map(|one| one.alerted)
        .collect();
    assert_eq!(told, [Some(at(140)), None]);
}

async fn what_is_held_is_not_deleted_and_what_is_being_deleted_is_not_held(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let ledger = &fixture.ledger;
    let added = vec![CatalogChange::Added(Box::new(snapshot(1, 10)))];
    ledger
        .change_catalog(added, Vec::new(), at(10))
        .await
        .unwrap();
    let id = Uuid::from_u128(1);
    let hold = || CatalogChange::Hold {
        id,
        hold: strongroom_domain::retention::Hold {
            name: "case".to_owned(),
            reason: "case 7".to_owned(),
            until: Some(at(100)),
        },
    };
    let deleting = |now| CatalogChange::State {
        id,
        state: SnapshotState::Deleting,
        error: None,
        at: at(now),
    };
    let change = |change| ledger.change_catalog(vec![change], Vec::new(), at(20));
    change(hold()).await.unwrap();
    let error = change(deleting(99)).await.unwrap_err();
    assert!(error.to_string().contains("held by `case`"), "{error}");
    change(deleting(100)).await.unwrap();
    let error = change(hold()).await.unwrap_err();
    assert!(error.to_string().contains("it is deleting"), "{error}");
}
