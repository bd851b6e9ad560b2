//! Turns: who goes first, who comes too late, what wakes whom.

use super::*;

on_every_engine!(
    a_higher_priority_goes_first_then_the_longest_waiting,
    the_next_moment_is_the_earliest_of_all_priorities,
    a_backfill_lets_due_times_go_first_and_goes_on_once_it_began,
    what_did_not_begin_in_time_is_missed_and_on_record,
    the_first_claim_sets_when_to_give_up_and_later_ones_keep_it,
    what_waits_behind_another_wakes_when_it_is_too_late,
);

async fn a_higher_priority_goes_first_then_the_longest_waiting(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let all = [
        ("a", Priority::Low, 0),
        ("b", Priority::Normal, 2),
        ("c", Priority::High, 3),
        ("d", Priority::Normal, 1),
    ];
    let plan = all.map(|(name, priority, due)| NewOccurrence {
        priority,
        ..occurrence(name, "acme", due)
    });
    fixture.plan(plan.into(), 3).await;
    assert_eq!(fixture.dues(3).await, [3, 1, 2, 0]);
}

async fn the_next_moment_is_the_earliest_of_all_priorities(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let high = NewOccurrence {
        priority: Priority::High,
        ..occurrence("a", "acme", 50)
    };
    let low = NewOccurrence {
        priority: Priority::Low,
        ..occurrence("b", "acme", 20)
    };
    fixture.plan(vec![high, low], 0).await;
    assert_eq!(fixture.next_wake().await, Some(at(20)));
}

async fn a_backfill_lets_due_times_go_first_and_goes_on_once_it_began(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture.plan(vec![backfill(0), backfill(1)], 1).await;
    fixture.plan(vec![overlapping(Overlap::Skip, 2)], 2).await;
    let due = fixture.claim_one(2).await;
    assert_eq!(due.due, at(2));
    assert!(fixture.record(&due, succeeded(), 3).await);
    let first = fixture.claim_one(3).await;
    assert_eq!((first.due, first.effective_due()), (at(0), at(-1_000)));
    assert!(fixture.record(&first, retry(10), 4).await);
    fixture.plan(vec![overlapping(Overlap::Skip, 5)], 5).await;
    assert_eq!(fixture.claim(5).await, [], "one that began goes on first");
    assert_eq!(fixture.next_wake().await, Some(at(10)));
    let first = fixture.claim_one(10).await;
    assert!(fixture.record(&first, succeeded(), 11).await);
    assert_eq!(fixture.dues(11).await, [5]);
}

async fn what_did_not_begin_in_time_is_missed_and_on_record(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let (early, late) = (
        NewOccurrence {
            start_by: at(10),
            ..occurrence("a", "acme", 0)
        },
        occurrence("b", "acme", 0),
    );
    fixture.plan(vec![early.clone(), late.clone()], 0).await;
    let claimed = fixture.ledger.claim(request(11)).await.unwrap();
    assert_eq!(claimed.missed, 1);
    assert_eq!(claimed.claims.len(), 1);
    assert_eq!(claimed.claims[0].id, late.id);
    let (outcome, reason) = fixture.outcome(&early).await;
    assert_eq!(outcome, Some(Outcome::Missed));
    assert_eq!(
        reason.unwrap(),
        "its turn did not come within the time in which it may begin"
    );
    assert_eq!(fixture.size().await, 1);
    // The last moment is still in time.
    let last = NewOccurrence {
        start_by: at(20),
        ..occurrence("c", "acme", 12)
    };
    fixture.plan(vec![last], 12).await;
    assert_eq!(fixture.dues(20).await, [12]);
}

async fn the_first_claim_sets_when_to_give_up_and_later_ones_keep_it(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let new = NewOccurrence {
        start_by: at(40),
        timeout: Duration::from_secs(100),
        ..occurrence("daily", "acme", 0)
    };
    fixture.plan(vec![new.clone()], 0).await;
    let claim = fixture.claim_one(30).await;
    assert_eq!(claim.deadline, at(130));
    assert_eq!(fixture.row(new.id).await.deadline, at(130));
    assert!(fixture.record(&claim, retry(200), 31).await);
    // Begun, it is not missed; when to give up is its owner's to see.
    let claimed = fixture.ledger.claim(request(200)).await.unwrap();
    assert_eq!((claimed.missed, claimed.claims[0].deadline), (0, at(130)));
}

async fn what_waits_behind_another_wakes_when_it_is_too_late(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture.plan(vec![overlapping(Overlap::Queue, 0)], 0).await;
    let claim = fixture.claim_one(0).await;
    assert!(fixture.record(&claim, retry(500), 1).await);
    let behind = NewOccurrence {
        start_by: at(20),
        ..overlapping(Overlap::Queue, 10)
    };
    fixture.plan(vec![behind.clone()], 10).await;
    let missed = at(20) + SignedDuration::from_millis(1);
    assert_eq!(fixture.next_wake().await, Some(missed));
    let only = fixture
        .ledger
        .next_wake(Some(behind.id), None)
        .await
        .unwrap();
    assert_eq!(only, Some(missed));
    let late = ClaimRequest {
        now: missed,
        ..request(20)
    };
    assert_eq!(fixture.ledger.claim(late).await.unwrap().missed, 1);
    assert_eq!(fixture.next_wake().await, Some(at(500)));
}
