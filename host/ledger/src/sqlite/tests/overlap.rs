//! Overlap: each mode against others that wait, are held, or have an operation that goes on.

use super::*;
use crate::occurrence::{PlanReport, Renewed};

#[tokio::test]
async fn a_skipped_one_gives_way_to_whatever_is_unfinished() {
    for state in ["waiting", "held", "operation"] {
        let fixture = Fixture::new().await;
        begin(&fixture, state).await;
        let new = overlapping(Overlap::Skip, 60);
        let report = fixture.plan(vec![new.clone()], 60).await;
        assert_eq!((report.ended, report.overlapped), (1, 1), "{state}");
        assert_eq!(fixture.outcome(&new).await.0, Some(Outcome::SkippedOverlap));
    }
}

/// One due at 0, brought into a state.
async fn begin(fixture: &Fixture, state: &str) -> NewOccurrence {
    let first = overlapping(Overlap::Queue, 0);
    fixture.plan(vec![first.clone()], 0).await;
    if state != "waiting" {
        let claim = fixture.claim_one(30).await;
        if state == "operation" {
            assert!(fixture.record(&claim, poll(100), 31).await);
        }
    }
    first
}

#[tokio::test]
async fn a_queued_one_waits_for_its_turn_whatever_the_other_does() {
    for (state, again) in [
        ("waiting", vec![0]),
        ("held", vec![]),
        ("operation", vec![]),
    ] {
        let fixture = Fixture::new().await;
        begin(&fixture, state).await;
        let report = fixture
            .plan(vec![overlapping(Overlap::Queue, 60)], 60)
            .await;
        assert_eq!((report.waiting, report.replaced), (1, 0), "{state}");
        assert_eq!(fixture.dues(60).await, again, "{state}");
    }
}

#[tokio::test]
async fn one_that_may_run_beside_others_waits_for_none() {
    for state in ["held", "operation"] {
        let fixture = Fixture::new().await;
        begin(&fixture, state).await;
        fixture
            .plan(vec![overlapping(Overlap::Allow, 60)], 60)
            .await;
        assert_eq!(fixture.dues(60).await, [60], "{state}");
    }
    let fixture = Fixture::new().await;
    let both = vec![
        overlapping(Overlap::Allow, 0),
        overlapping(Overlap::Allow, 1),
    ];
    fixture.plan(both, 1).await;
    assert_eq!(fixture.dues(1).await, [0, 1]);
}

#[tokio::test]
async fn a_replaced_one_that_waits_ends_at_once() {
    let fixture = Fixture::new().await;
    let first = begin(&fixture, "waiting").await;
    let size = fixture.size().await;
    let new = overlapping(Overlap::Replace, 60);
    let report = fixture.plan(vec![new.clone()], 60).await;
    assert_eq!((report.waiting, report.replaced), (1, 1));
    assert_eq!(
        fixture.outcome(&first).await,
        (
            Some(Outcome::Superseded),
            Some(format!("replaced by the run due {}", at(60)))
        )
    );
    assert_eq!(fixture.size().await, size + 1, "the end is on record");
    assert_eq!(fixture.dues(60).await, [60]);
}

#[tokio::test]
async fn a_replaced_one_with_an_operation_ends_and_says_that_the_provider_may_go_on() {
    let fixture = Fixture::new().await;
    let first = begin(&fixture, "operation").await;
    fixture
        .plan(vec![overlapping(Overlap::Replace, 60)], 60)
        .await;
    let (outcome, reason) = fixture.outcome(&first).await;
    assert_eq!(outcome, Some(Outcome::Superseded));
    let reason = reason.unwrap();
    assert!(
        reason.ends_with("; the provider may still go on with what it began (half)"),
        "{reason}"
    );
    assert_eq!(fixture.row(first.id).await.operation, None);
}

#[tokio::test]
async fn a_replaced_one_that_is_held_ends_when_its_holder_sees_it() {
    let fixture = Fixture::new().await;
    let first = overlapping(Overlap::Queue, 0);
    fixture.plan(vec![first.clone()], 0).await;
    let claim = fixture.claim_one(30).await;
    let new = overlapping(Overlap::Replace, 60);
    assert_eq!(fixture.plan(vec![new], 60).await.replaced, 1);
    assert_eq!(fixture.claim(60).await, [], "it waits until that has ended");
    let held = [(claim.id, claim.fence)];
    let reason = format!("replaced by the run due {}", at(60));
    assert_eq!(
        fixture.ledger.renew(&held, at(200)).await.unwrap(),
        [Renewed::Stop(Outcome::Superseded, reason.clone())]
    );
    // A third one finds the wish already there.
    let third = overlapping(Overlap::Replace, 70);
    let report = fixture.plan(vec![third], 70).await;
    assert_eq!(report.replaced, 1, "the second one only");
    assert!(fixture.record(&claim, Next::HandBack, 71).await);
    assert_eq!(
        fixture.outcome(&first).await,
        (Some(Outcome::Superseded), Some(reason))
    );
    assert_eq!(fixture.dues(71).await, [70]);
}

#[tokio::test]
async fn within_a_plan_the_last_one_replaces_those_before_it() {
    let fixture = Fixture::new().await;
    let plan: Vec<_> = [0, 10, 20]
        .map(|due| overlapping(Overlap::Replace, due))
        .into();
    let report = fixture.plan(plan.clone(), 20).await;
    let expected = PlanReport {
        waiting: 1,
        ended: 2,
        replaced: 2,
        ..PlanReport::default()
    };
    assert_eq!(report, expected);
    assert_eq!(fixture.outcome(&plan[1]).await.0, Some(Outcome::Superseded));
    assert_eq!(fixture.size().await, 2);
    assert_eq!(fixture.dues(20).await, [20]);
}

#[tokio::test]
async fn what_a_person_asked_for_costs_no_due_time() {
    for overlap in [Overlap::Skip, Overlap::Replace] {
        let fixture = Fixture::new().await;
        let wish = wished(Overlap::Queue, 0);
        fixture.plan(vec![wish.clone(), backfill(1)], 1).await;
        let claim = fixture.claim_one(1).await;
        assert_eq!(claim.id, wish.id);
        let due = overlapping(overlap, 60);
        let report = fixture.plan(vec![due.clone()], 60).await;
        assert_eq!((report.waiting, report.replaced), (1, 0), "{overlap:?}");
        assert_eq!(fixture.claim(60).await, [], "it waits");
        assert!(fixture.record(&claim, succeeded(), 60).await);
        assert_eq!(fixture.dues(60).await, [60]);
    }
    // Nor does a person's run replace a due time; it replaces another wish.
    let fixture = Fixture::new().await;
    let (due, wish) = (overlapping(Overlap::Skip, 0), wished(Overlap::Queue, 1));
    fixture.plan(vec![due.clone(), wish.clone()], 1).await;
    let report = fixture.plan(vec![wished(Overlap::Replace, 5)], 5).await;
    assert_eq!(report.replaced, 1);
    assert_eq!(fixture.outcome(&due).await.0, None);
    assert_eq!(fixture.outcome(&wish).await.0, Some(Outcome::Superseded));
}

#[tokio::test]
async fn a_persons_run_is_skipped_for_a_due_time_but_not_for_waiting_backfills() {
    let fixture = Fixture::new().await;
    fixture.plan(vec![backfill(0)], 0).await;
    let first = wished(Overlap::Skip, 1);
    assert_eq!(fixture.plan(vec![first], 1).await.waiting, 1);
    let second = wished(Overlap::Skip, 2);
    assert_eq!(fixture.plan(vec![second], 2).await.overlapped, 1);
}

#[tokio::test]
async fn columns_of_time_are_read_as_they_were_written() {
    let fixture = Fixture::new().await;
    let origins = [
        Origin::Schedule,
        Origin::Person("ana".into()),
        Origin::Backfill("ana".into()),
        Origin::Event {
            name: strongroom_domain::EventName::new("closed").unwrap(),
            person: "bob".into(),
        },
        Origin::After(Uuid::from_u128(7)),
    ];
    for (due, origin) in origins.into_iter().enumerate() {
        let new = NewOccurrence {
            origin,
            covers: Some(at(-5)),
            priority: Priority::ALL[due % 3],
            account: Some(strongroom_domain::AccountName::new("main").unwrap()),
            ..overlapping(Overlap::Allow, i64::try_from(due).unwrap())
        };
        fixture.plan(vec![new.clone()], 0).await;
        let row = fixture.row(new.id).await;
        assert_eq!(
            (
                row.origin,
                row.covers,
                row.priority,
                row.account,
                row.deadline
            ),
            (
                new.origin,
                new.covers,
                new.priority,
                new.account,
                new.start_by
            )
        );
    }
    assert!(
        fixture
            .claim(9)
            .await
            .iter()
            .all(|claim| claim.nominal == at(-5))
    );
}
