//! Planning: once for ever, overlap decided inside.

use super::*;
use crate::occurrences::{PlanReport, Watermark};

on_every_engine!(
    an_occurrence_that_exists_is_left_alone,
    overlap_is_decided_in_the_transaction,
    overlap_is_decided_within_a_plan_and_not_by_what_is_over,
    who_may_run_beside_another_does,
    what_is_born_ended_is_on_record,
    a_watermark_never_goes_back,
    a_large_plan_is_one_transaction,
    occurrences_are_found_by_what_they_are,
);

async fn an_occurrence_that_exists_is_left_alone(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let planned = fixture.plan(vec![occurrence("daily", "acme", 0)], 0).await;
    assert_eq!(
        planned,
        PlanReport {
            waiting: 1,
            ..PlanReport::default()
        }
    );
    let claim = fixture.claim_one(0).await;
    assert!(fixture.record(&claim, succeeded(), 1).await);
    let mut again = occurrence("daily", "acme", 0);
    again.start_by = at(9);
    // Also under another id: schedule, tenant and due time make it the same.
    let mut disguised = again.clone();
    disguised.id = Uuid::from_u128(99);
    let planned = fixture.plan(vec![again, disguised], 2).await;
    assert_eq!(
        planned,
        PlanReport {
            known: 2,
            ..PlanReport::default()
        }
    );
    assert_eq!(fixture.claim(10).await, []);
    assert_eq!(fixture.row(claim.id).await.deadline, at(3_600));
}

async fn overlap_is_decided_in_the_transaction(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture.plan(vec![occurrence("daily", "acme", 0)], 0).await;
    let claim = fixture.claim_one(0).await;
    let (second, other) = (
        occurrence("daily", "acme", 60),
        occurrence("daily", "blue", 60),
    );
    let planned = fixture.plan(vec![second.clone(), other.clone()], 60).await;
    assert_eq!(
        planned,
        PlanReport {
            waiting: 1,
            ended: 1,
            overlapped: 1,
            ..PlanReport::default()
        }
    );
    let row = fixture.row(second.id).await;
    assert_eq!(row.outcome, Some(Outcome::SkippedOverlap));
    assert_eq!(row.ended_at, Some(at(60)));
    assert_eq!(
        row.reason.unwrap(),
        format!("the run due {} is still unfinished", at(0))
    );
    assert_eq!(fixture.row(other.id).await.outcome, None);
    // Once the first one is over, the next due time runs.
    assert!(fixture.record(&claim, succeeded(), 61).await);
    assert_eq!(
        fixture
            .plan(vec![occurrence("daily", "acme", 120)], 120)
            .await
            .waiting,
        1
    );
}

async fn overlap_is_decided_within_a_plan_and_not_by_what_is_over(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let mut missed = occurrence("daily", "acme", 0);
    missed.ends = Some((Outcome::Missed, "the host was down".into()));
    let plan = vec![
        missed.clone(),
        occurrence("daily", "acme", 60),
        occurrence("daily", "acme", 120),
    ];
    let planned = fixture.plan(plan.clone(), 120).await;
    assert_eq!(
        planned,
        PlanReport {
            waiting: 1,
            ended: 2,
            overlapped: 1,
            ..PlanReport::default()
        }
    );
    assert_eq!(
        fixture.row(missed.id).await.reason.unwrap(),
        "the host was down"
    );
    assert_eq!(fixture.claim_one(120).await.due, at(60));
    // Written again after a lost reply, with one more: what is known does not count as unfinished twice.
    let mut plan = plan;
    plan.push(occurrence("daily", "acme", 180));
    let planned = fixture.plan(plan, 180).await;
    assert_eq!(
        planned,
        PlanReport {
            ended: 1,
            overlapped: 1,
            known: 3,
            ..PlanReport::default()
        }
    );
}

async fn who_may_run_beside_another_does(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture.plan(vec![occurrence("daily", "acme", 0)], 0).await;
    let mut second = occurrence("daily", "acme", 60);
    second.overlap = Overlap::Queue;
    second.origin = Origin::Person("ana".into());
    assert_eq!(fixture.plan(vec![second.clone()], 60).await.waiting, 1);
    assert_eq!(
        fixture.row(second.id).await.origin,
        Origin::Person("ana".into())
    );
}

async fn what_is_born_ended_is_on_record(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let mut missed = occurrence("daily", "acme", 0);
    missed.ends = Some((Outcome::Missed, "down".into()));
    fixture
        .plan(vec![missed.clone(), occurrence("daily", "acme", 60)], 60)
        .await;
    assert_eq!(fixture.size().await, 1);
    fixture.plan(vec![missed], 60).await;
    assert_eq!(fixture.size().await, 1);
}

async fn a_watermark_never_goes_back(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let (daily, weekly) = (
        ScheduleName::new("daily").unwrap(),
        ScheduleName::new("weekly").unwrap(),
    );
    let plan = |watermarks| Plan {
        occurrences: Vec::new(),
        watermarks,
    };
    let mark = |schedule: &ScheduleName, until, timetable: Option<&str>| Watermark {
        schedule: schedule.clone(),
        until: at(until),
        timetable: timetable.map(str::to_owned),
    };
    let first = plan(vec![
        mark(&daily, 10, Some("old")),
        mark(&weekly, 20, None),
        mark(&daily, 5, Some("new")),
    ]);
    fixture.ledger.plan(first, at(0)).await.unwrap();
    fixture
        .ledger
        .plan(
            plan(vec![mark(&daily, 9, None), mark(&weekly, 20, Some("t"))]),
            at(0),
        )
        .await
        .unwrap();
    let known = fixture.ledger.watermarks().await.unwrap();
    assert_eq!(
        known.into_values().collect::<Vec<_>>(),
        [mark(&daily, 10, None), mark(&weekly, 20, Some("t"))],
        "the timetable is always the last one"
    );
}

async fn a_large_plan_is_one_transaction(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let plan: Vec<_> = (0..2_500)
        .map(|tenant| occurrence("daily", &format!("t{tenant}"), 0))
        .collect();
    assert_eq!(fixture.plan(plan, 0).await.waiting, 2_500);
    let mut taken = 0;
    while let claims @ [_, ..] = fixture.claim(0).await.as_slice() {
        taken += claims.len();
        let ends = claims
            .iter()
            .map(|claim| transition(claim, succeeded()))
            .collect();
        assert!(
            fixture
                .record_all(ends, 1)
                .await
                .iter()
                .all(|written| *written)
        );
    }
    assert_eq!((taken, fixture.size().await), (2_500, 2_500));
}

async fn occurrences_are_found_by_what_they_are(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let mut missed = occurrence("daily", "acme", 0);
    missed.ends = Some((Outcome::Missed, "down".into()));
    let waiting = occurrence("daily", "acme", 60);
    let other = occurrence("weekly", "blue", 30);
    fixture
        .plan(vec![missed.clone(), waiting.clone(), other.clone()], 60)
        .await;
    let find = async |filter| {
        let rows = fixture.occurrences(filter).await;
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let all = OccurrenceFilter::default();
    assert_eq!(find(all.clone()).await, [missed.id, other.id, waiting.id]);
    let newest = OccurrenceFilter {
        newest_first: true,
        limit: Some(2),
        ..all.clone()
    };
    assert_eq!(find(newest).await, [waiting.id, other.id]);
    let daily = OccurrenceFilter {
        schedule: Some(missed.schedule.clone()),
        ..all.clone()
    };
    assert_eq!(find(daily).await, [missed.id, waiting.id]);
    let blue = OccurrenceFilter {
        tenant: Some(other.tenant.clone()),
        ..all.clone()
    };
    assert_eq!(find(blue).await, [other.id]);
    let between = OccurrenceFilter {
        since: Some(at(30)),
        until: Some(at(60)),
        ..all.clone()
    };
    assert_eq!(find(between).await, [other.id]);
    let ended = OccurrenceFilter {
        outcomes: vec![Outcome::Missed, Outcome::Failed],
        ..all.clone()
    };
    assert_eq!(find(ended.clone()).await, [missed.id]);
    let unfinished = OccurrenceFilter {
        unfinished: true,
        ..all
    };
    assert_eq!(find(unfinished).await, [other.id, waiting.id]);
    assert_eq!(
        find(OccurrenceFilter {
            unfinished: true,
            ..ended
        })
        .await,
        [missed.id, other.id, waiting.id]
    );
}
