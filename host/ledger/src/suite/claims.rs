//! Claims: leases, fences, one under way at a time.

use super::*;
use crate::occurrences::Renewal;

on_every_engine!(
    only_what_is_due_is_claimed_the_longest_waiting_first,
    a_claim_can_be_limited_and_aimed,
    a_lease_that_ran_out_is_taken_over_and_the_late_answer_is_refused,
    a_renewed_lease_is_not_taken_over,
    of_one_schedule_and_tenant_only_one_is_under_way,
    an_operation_is_polled_and_its_attempt_goes_on,
    what_is_handed_back_does_not_count,
);

async fn only_what_is_due_is_claimed_the_longest_waiting_first(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let plan = vec![
        occurrence("a", "acme", 20),
        occurrence("b", "acme", 10),
        occurrence("c", "acme", 30),
    ];
    fixture.plan(plan, 0).await;
    assert_eq!(fixture.next_wake().await, Some(at(10)));
    assert_eq!(fixture.claim(9).await, []);
    let claims = fixture.claim(20).await;
    assert_eq!(
        claims.iter().map(|claim| claim.due).collect::<Vec<_>>(),
        [at(10), at(20)]
    );
    assert_eq!(
        (claims[0].fence, claims[0].attempt, claims[0].reclaimed),
        (1, 1, false)
    );
    assert_eq!(
        fixture.claim(20).await,
        [],
        "what is taken is not taken again"
    );
    assert_eq!(fixture.next_wake().await, Some(at(30)));
}

async fn a_claim_can_be_limited_and_aimed(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let (first, second) = (occurrence("a", "acme", 0), occurrence("b", "acme", 1));
    fixture.plan(vec![first.clone(), second.clone()], 0).await;
    let none = ClaimRequest {
        limit: 0,
        ..request(5)
    };
    assert_eq!(fixture.ledger.claim(none).await.unwrap().claims, []);
    let aimed = ClaimRequest {
        only: Some(second.id),
        ..request(5)
    };
    assert_eq!(
        fixture.ledger.claim(aimed).await.unwrap().claims[0].id,
        second.id
    );
    assert_eq!(
        fixture
            .ledger
            .next_wake(Some(first.id), None)
            .await
            .unwrap(),
        Some(at(0))
    );
    let one = ClaimRequest {
        limit: 1,
        ..request(5)
    };
    assert_eq!(
        fixture.ledger.claim(one).await.unwrap().claims[0].id,
        first.id
    );
    assert_eq!(
        fixture
            .ledger
            .next_wake(Some(first.id), None)
            .await
            .unwrap(),
        Some(at(65))
    );
}

async fn a_lease_that_ran_out_is_taken_over_and_the_late_answer_is_refused(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture.plan(vec![occurrence("daily", "acme", 0)], 0).await;
    let lost = fixture.claim_one(0).await;
    assert_eq!(fixture.claim(59).await, []);
    let taken = fixture.claim_one(60).await;
    assert_eq!(
        (taken.id, taken.fence, taken.attempt, taken.reclaimed),
        (lost.id, 2, 1, true)
    );
    let size = fixture.size().await;
    let late = Transition {
        audit: vec![entry("late")],
        ..transition(&lost, succeeded())
    };
    assert_eq!(fixture.record_all(vec![late], 61).await, [false]);
    assert_eq!(
        fixture.size().await,
        size,
        "nothing of a lost claim is on record"
    );
    assert_eq!(fixture.attempts(lost.id).await, []);
    assert_eq!(
        fixture.renew(&[(lost.id, lost.fence)], 200).await,
        [Renewal::Lost]
    );
    assert!(fixture.record(&taken, succeeded(), 62).await);
    assert!(
        !fixture.record(&taken, succeeded(), 63).await,
        "an end is recorded once"
    );
    assert_eq!(fixture.size().await, size + 1);
}

async fn a_renewed_lease_is_not_taken_over(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture
        .plan(
            vec![occurrence("a", "acme", 0), occurrence("b", "acme", 0)],
            0,
        )
        .await;
    let claims = fixture.claim(0).await;
    let ids: Vec<_> = claims.iter().map(|claim| (claim.id, claim.fence)).collect();
    assert!(fixture.record(&claims[0], succeeded(), 1).await);
    assert_eq!(
        fixture.renew(&ids, 100).await,
        [Renewal::Lost, Renewal::Kept]
    );
    assert_eq!(fixture.claim(99).await, []);
    assert_eq!(fixture.next_wake().await, Some(at(100)));
    assert_eq!(fixture.claim(100).await.len(), 1);
}

async fn of_one_schedule_and_tenant_only_one_is_under_way(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let mut plan = vec![
        occurrence("daily", "acme", 0),
        occurrence("daily", "acme", 10),
        occurrence("daily", "blue", 10),
    ];
    plan.iter_mut().for_each(|new| new.overlap = Overlap::Queue);
    fixture.plan(plan, 0).await;
    let claims = fixture.claim(10).await;
    assert_eq!(
        claims
            .iter()
            .map(|claim| (claim.tenant.as_str(), claim.due))
            .collect::<Vec<_>>(),
        [("acme", at(0)), ("blue", at(10)),]
    );
    // Waiting for a retry or a poll is under way too, and what waits behind it wakes nobody.
    let retry = Next::Retry {
        at: at(100),
        reason: "throttled".into(),
    };
    assert!(fixture.record(&claims[0], retry, 11).await);
    assert!(fixture.record(&claims[1], succeeded(), 11).await);
    assert_eq!(fixture.claim(99).await, []);
    assert_eq!(fixture.next_wake().await, Some(at(100)));
    let again = fixture.claim_one(100).await;
    assert_eq!(
        (again.id, again.attempt, again.reclaimed),
        (claims[0].id, 2, false)
    );
    assert!(
        fixture
            .record(
                &again,
                Next::Poll {
                    at: at(120),
                    operation: operation()
                },
                101
            )
            .await
    );
    assert_eq!(fixture.claim(119).await, []);
    let polled = fixture.claim_one(120).await;
    assert!(fixture.record(&polled, succeeded(), 121).await);
    assert_eq!(fixture.claim_one(121).await.due, at(10));
}

async fn an_operation_is_polled_and_its_attempt_goes_on(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture.plan(vec![occurrence("daily", "acme", 0)], 0).await;
    let claim = fixture.claim_one(0).await;
    assert_eq!(claim.operation, None);
    assert!(
        fixture
            .record(
                &claim,
                Next::Poll {
                    at: at(30),
                    operation: operation()
                },
                1
            )
            .await
    );
    let row = fixture.row(claim.id).await;
    assert_eq!(
        (row.operation, row.attempts, row.owner),
        (Some(operation()), 1, None)
    );
    // After a crash too: the claim that was lost had the operation already.
    assert_eq!(fixture.claim_one(30).await.operation, Some(operation()));
    let polled = fixture.claim_one(90).await;
    assert_eq!(
        (polled.operation.clone(), polled.attempt, polled.reclaimed),
        (Some(operation()), 1, true)
    );
    assert!(fixture.record(&polled, succeeded(), 91).await);
    assert_eq!(fixture.attempts(claim.id).await.len(), 1);
    assert_eq!(fixture.row(claim.id).await.operation, None);
}

async fn what_is_handed_back_does_not_count(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture.plan(vec![occurrence("daily", "acme", 0)], 0).await;
    let claim = fixture.claim_one(0).await;
    let back = Transition {
        attempt: None,
        ..transition(&claim, Next::HandBack)
    };
    assert_eq!(fixture.record_all(vec![back], 5).await, [true]);
    assert_eq!(
        fixture.renew(&[(claim.id, claim.fence)], 99).await,
        [Renewal::Lost]
    );
    let again = fixture.claim_one(5).await;
    assert_eq!((again.attempt, again.fence, again.reclaimed), (1, 2, false));
}
