//! Overlap: each mode against others that wait, are owned, or have an operation that goes on.

use super::*;
use crate::occurrences::{PlanReport, Renewal};

on_every_engine!(
    a_skipped_one_gives_way_to_whatever_is_unfinished,
    a_queued_one_waits_for_its_turn_whatever_the_other_does,
    one_that_may_run_beside_others_waits_for_none,
    a_replaced_one_that_waits_ends_at_once,
    a_replaced_one_with_an_operation_ends_and_says_that_the_provider_may_go_on,
    a_replaced_one_that_is_owned_ends_when_its_owner_sees_it,
    within_a_plan_the_last_one_replaces_those_before_it,
    what_a_person_asked_for_costs_no_due_time,
    a_persons_run_is_skipped_for_a_due_time_but_not_for_waiting_backfills,
    columns_of_time_are_read_as_they_were_written,
);

async fn a_skipped_one_gives_way_to_whatever_is_unfinished(engine: Engine) {
    for state in ["waiting", "owned", "operation"] {
        let fixture = Fixture::new(engine).await;
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

async fn a_queued_one_waits_for_its_turn_whatever_the_other_does(engine: Engine) {
    for (state, again) in [
        ("waiting", vec![0]),
        ("owned", vec![]),
        ("operation", vec![]),
    ] {
        let fixture = Fixture::new(engine).await;
        begin(&fixture, state).await;
        let report = fixture
            .plan(vec![overlapping(Overlap::Queue, 60)], 60)
            .await;
        assert_eq!((report.waiting, report.replaced), (1, 0), "{state}");
        assert_eq!(fixture.dues(60).await, again, "{state}");
    }
}

async fn one_that_may_run_beside_others_waits_for_none(engine: Engine) {
    for state in ["owned", "operation"] {
        let fixture = Fixture::new(engine).await;
        begin(&fixture, state).await;
        fixture
            .plan(vec![overlapping(Overlap::Allow, 60)], 60)
            .await;
        assert_eq!(fixture.dues(60).await, [60], "{state}");
    }
    let fixture = Fixture::new(engine).await;
    let both = vec![
        overlapping(Overlap::Allow, 0),
        overlapping(Overlap::Allow, 1),
    ];
    fixture.plan(both, 1).await;
    assert_eq!(fixture.dues(1).await, [0, 1]);
}

async fn a_replaced_one_that_waits_ends_at_once(engine: Engine) {
    let fixture = Fixture::new(engine).await;
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

async fn a_replaced_one_with_an_operation_ends_and_says_that_the_provider_may_go_on(
    engine: Engine,
) {
    let fixture = Fixture::new(engine).await;
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

async fn a_replaced_one_that_is_owned_ends_when_its_owner_sees_it(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let first = overlapping(Overlap::Queue, 0);
    fixture.plan(vec![first.clone()], 0).await;
    let claim = fixture.claim_one(30).await;
    let new = overlapping(Overlap::Replace, 60);
    assert_eq!(fixture.plan(vec![new], 60).await.replaced, 1);
    assert_eq!(fixture.claim(60).await, [], "it waits until that has ended");
    let owned = [(claim.id, claim.fence)];
    let reason = format!("replaced by the run due {}", at(60));
    assert_eq!(
        fixture.renew(&owned, 200).await,
        [Renewal::Stop(Outcome::Superseded, reason.clone())]
    );
    // A third one finds the request already there.
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

async fn within_a_plan_the_last_one_replaces_those_before_it(engine: Engine) {
    let fixture = Fixture::new(engine).await;
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

async fn what_a_person_asked_for_costs_no_due_time(engine: Engine) {
    for overlap in [Overlap::Skip, Overlap::Replace] {
        let fixture = Fixture::new(engine).await;
        let asked = manual(Overlap::Queue, 0);
        fixture.plan(vec![asked.clone(), backfill(1)], 1).await;
        let claim = fixture.claim_one(1).await;
        assert_eq!(claim.id, asked.id);
        let due = overlapping(overlap, 60);
        let report = fixture.plan(vec![due.clone()], 60).await;
        assert_eq!((report.waiting, report.replaced), (1, 0), "{overlap:?}");
        assert_eq!(fixture.claim(60).await, [], "it waits");
        assert!(fixture.record(&claim, succeeded(), 60).await);
        assert_eq!(fixture.dues(60).await, [60]);
    }
    // Nor does a person's run replace a due time; it replaces another such run.
    let fixture = Fixture::new(engine).await;
    let (due, asked) = (overlapping(Overlap::Skip, 0), manual(Overlap::Queue, 1));
    fixture.plan(vec![due.clone(), asked.clone()], 1).await;
    let report = fixture.plan(vec![manual(Overlap::Replace, 5)], 5).await;
    assert_eq!(report.replaced, 1);
    assert_eq!(fixture.outcome(&due).await.0, None);
    assert_eq!(fixture.outcome(&asked).await.0, Some(Outcome::Superseded));
}

async fn a_persons_run_is_skipped_for_a_due_time_but_not_for_waiting_backfills(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture.plan(vec![backfill(0)], 0).await;
    let first = manual(Overlap::Skip, 1);
    assert_eq!(fixture.plan(vec![first], 1).await.waiting, 1);
    let second = manual(Overlap::Skip, 2);
    assert_eq!(fixture.plan(vec![second], 2).await.overlapped, 1);
}

async fn columns_of_time_are_read_as_they_were_written(engine: Engine) {
    let fixture = Fixture::new(engine).await;
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
            makes_up_for: Some(at(-5)),
            priority: Priority::ALL[due % 3],
            account: Some(strongroom_domain::AccountName::new("main").unwrap()),
            ..overlapping(Overlap::Allow, i64::try_from(due).unwrap())
        };
        fixture.plan(vec![new.clone()], 0).await;
        let row = fixture.row(new.id).await;
        assert_eq!(
            (
                row.origin,
                row.makes_up_for,
                row.priority,
                row.account,
                row.deadline
            ),
            (
                new.origin,
                new.makes_up_for,
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
            .all(|claim| claim.effective_due() == at(-5))
    );
}
