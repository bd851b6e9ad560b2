//! Limits: how many are under way at once, over all hosts.

use super::*;
use crate::occurrences::ClaimReport;
use strongroom_domain::AccountName;

on_every_engine!(
    no_more_are_under_way_than_allowed_also_with_two_hosts,
    an_operation_counts_and_is_asked_after_without_room,
    a_group_that_fills_within_a_batch_leaves_room_for_others,
    plugin_and_account_both_must_have_room,
    what_waits_for_another_of_its_schedule_is_not_held_up_by_a_limit,
);

fn limits(plugin: Option<u32>, account: Option<u32>) -> Limits {
    let plugin = plugin.map(|most| (PluginName::new("local-snapshot").unwrap(), most));
    let account = account.map(|most| (AccountName::new("main").unwrap(), most));
    Limits {
        plugins: plugin.into_iter().collect(),
        accounts: account.into_iter().collect(),
    }
}

async fn claim(ledger: &dyn Ledger, limits: &Limits, host: u128, now: i64) -> ClaimReport {
    let request = ClaimRequest {
        owner: Uuid::from_u128(host),
        limits,
        ..request(now)
    };
    ledger.claim(request).await.unwrap()
}

fn of_account(schedule: &str, due: i64) -> NewOccurrence {
    NewOccurrence {
        account: Some(AccountName::new("main").unwrap()),
        ..occurrence(schedule, "acme", due)
    }
}

async fn no_more_are_under_way_than_allowed_also_with_two_hosts(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let beside = fixture.join(OpenMode::Visitor).await;
    let plan = ["a", "b", "c", "d"].map(|name| occurrence(name, "acme", 0));
    fixture.plan(plan.into(), 0).await;
    let two = limits(Some(2), None);
    let one = ClaimRequest {
        limit: 1,
        limits: &two,
        ..request(0)
    };
    let first = fixture.ledger.claim(one).await.unwrap();
    assert_eq!((first.claims.len(), first.limited), (1, false));
    let second = claim(beside.as_ref(), &two, 2, 0).await;
    assert_eq!((second.claims.len(), second.limited), (1, true));
    let none = claim(fixture.ledger.as_ref(), &two, 1, 1).await;
    assert_eq!((none.claims.len(), none.limited), (0, true));
    // An end makes room, a wait between attempts too.
    assert!(fixture.record(&first.claims[0], succeeded(), 2).await);
    let third = claim(beside.as_ref(), &two, 2, 2).await;
    assert_eq!((third.claims.len(), third.limited), (1, true));
    assert!(fixture.record(&second.claims[0], retry(30), 3).await);
    let fourth = claim(fixture.ledger.as_ref(), &two, 1, 3).await;
    assert_eq!((fourth.claims.len(), fourth.limited), (1, false));
    let again = claim(fixture.ledger.as_ref(), &two, 1, 30).await;
    assert_eq!((again.claims.len(), again.limited), (0, true));
    // A lost lease counts no more.
    let last = claim(fixture.ledger.as_ref(), &two, 1, 100).await;
    assert_eq!((last.claims.len(), last.limited), (2, true));
}

async fn an_operation_counts_and_is_asked_after_without_room(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let one = limits(Some(1), None);
    fixture.plan(vec![occurrence("a", "acme", 0)], 0).await;
    let first = claim(fixture.ledger.as_ref(), &one, 1, 0)
        .await
        .claims
        .remove(0);
    assert!(fixture.record(&first, poll(20), 1).await);
    fixture.plan(vec![occurrence("b", "acme", 2)], 2).await;
    let none = claim(fixture.ledger.as_ref(), &one, 1, 2).await;
    assert_eq!((none.claims.len(), none.limited), (0, true));
    let polled = claim(fixture.ledger.as_ref(), &one, 1, 20).await;
    assert_eq!(polled.claims.len(), 1);
    assert_eq!((polled.claims[0].id, polled.limited), (first.id, true));
    assert!(fixture.record(&polled.claims[0], succeeded(), 21).await);
    let next = claim(fixture.ledger.as_ref(), &one, 1, 21).await;
    assert_eq!((next.claims.len(), next.limited), (1, false));
}

async fn a_group_that_fills_within_a_batch_leaves_room_for_others(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let plan = vec![
        of_account("a", 0),
        of_account("b", 1),
        of_account("c", 2),
        occurrence("d", "acme", 3),
    ];
    fixture.plan(plan, 3).await;
    let request = ClaimRequest {
        limit: 2,
        limits: &limits(None, Some(1)),
        ..request(3)
    };
    let claimed = fixture.ledger.claim(request).await.unwrap();
    let dues: Vec<_> = claimed.claims.iter().map(|claim| claim.due).collect();
    assert_eq!((dues, claimed.limited), (vec![at(0), at(3)], true));
}

async fn plugin_and_account_both_must_have_room(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let plan = vec![
        occurrence("a", "acme", 0),
        of_account("b", 1),
        of_account("c", 2),
        occurrence("d", "acme", 3),
        occurrence("e", "acme", 4),
    ];
    fixture.plan(plan, 4).await;
    let both = limits(Some(3), Some(1));
    let claimed = claim(fixture.ledger.as_ref(), &both, 1, 4).await;
    let dues: Vec<_> = claimed.claims.iter().map(|claim| claim.due).collect();
    assert_eq!((dues, claimed.limited), (vec![at(0), at(1), at(3)], true));
    let none = claim(fixture.ledger.as_ref(), &limits(Some(0), None), 1, 4).await;
    assert_eq!((none.claims.len(), none.limited), (0, true));
}

async fn what_waits_for_another_of_its_schedule_is_not_held_up_by_a_limit(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let plan = [0, 1].map(|due| overlapping(Overlap::Queue, due));
    fixture.plan(plan.into(), 1).await;
    let one = limits(Some(1), None);
    let claimed = claim(fixture.ledger.as_ref(), &one, 1, 1).await;
    assert_eq!((claimed.claims.len(), claimed.limited), (1, false));
}
