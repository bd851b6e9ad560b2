//! What always holds, after whatever sequence of plans, claims, answers, cancels and crashes.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

on_every_engine!(at_most_one_is_owned_and_each_one_ends_once,);

#[derive(Debug, Clone, Copy)]
enum Step {
    Plan(usize, usize),
    Claim,
    Answer(usize),
    Cancel(usize),
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3_usize, 0..3_usize).prop_map(|(overlap, origin)| Step::Plan(overlap, origin)),
        3 => Just(Step::Claim),
        3 => (0..5_usize).prop_map(Step::Answer),
        1 => (0..8_usize).prop_map(Step::Cancel),
        2 => prop_oneof![Just(1_i64), Just(61), Just(400)].prop_map(Step::Wait),
    ]
}

/// One schedule and tenant, driven step by step.
struct Driven {
    fixture: Fixture,
    now: i64,
    planned: Vec<NewOccurrence>,
    owned: Vec<Claim>,
}

impl Driven {
    async fn step(&mut self, step: Step) {
        match step {
            Step::Plan(overlap, origin) => self.plan(overlap, origin).await,
            Step::Claim => {
                let claims = self.fixture.claim(self.now).await;
                assert!(claims.len() <= 1, "{claims:?}");
                self.owned.extend(claims);
            }
            Step::Answer(answer) => self.answer(answer).await,
            Step::Cancel(which) => {
                if let Some(new) = self.planned.get(which) {
                    let cancelled = self
                        .fixture
                        .ledger
                        .cancel(new.id, "ana", "no", at(self.now));
                    // There is nothing to cancel once it has ended.
                    let _ended = cancelled.await.is_err();
                }
            }
            Step::Wait(seconds) => self.now += seconds,
        }
        self.at_most_one_is_owned().await;
    }

    async fn plan(&mut self, overlap: usize, origin: usize) {
        self.now += 1;
        let overlap = [Overlap::Skip, Overlap::Queue, Overlap::Replace][overlap];
        let mut new = [overlapping, manual, |_, due| backfill(due)][origin](overlap, self.now);
        new.start_by = at(self.now + 300);
        self.fixture.plan(vec![new.clone()], self.now).await;
        self.planned.push(new);
    }

    async fn answer(&mut self, answer: usize) {
        let Some(claim) = self.owned.pop() else {
            return;
        };
        let next = match answer {
            0 => retry(self.now + 20),
            1 => poll(self.now + 20),
            2 => Next::HandBack,
            _ => succeeded(),
        };
        // A lost claim is refused, which is as good.
        let _written = self.fixture.record(&claim, next, self.now).await;
    }

    async fn at_most_one_is_owned(&self) {
        let filter = OccurrenceFilter {
            unfinished: true,
            ..OccurrenceFilter::default()
        };
        let rows = self.fixture.occurrences(filter).await;
        let owned = rows.iter().filter(|row| row.owner.is_some());
        assert!(owned.count() <= 1, "{rows:?}");
    }

    /// Lets everything come to its end, and looks at the ends.
    async fn finish(mut self) {
        for _ in 0..200 {
            self.now += 61;
            for claim in self.fixture.claim(self.now).await {
                assert!(self.fixture.record(&claim, succeeded(), self.now).await);
            }
        }
        let entries = self.fixture.entries().await;
        for new in &self.planned {
            let row = self.fixture.row(new.id).await;
            assert!(row.outcome.is_some() && row.owner.is_none(), "{row:?}");
            let ends = entries.iter().filter(|entry| {
                entry.contains("occurrence-ended") && entry.contains(&new.id.to_string())
            });
            assert_eq!(ends.count(), 1, "{row:?}");
        }
    }
}

async fn at_most_one_is_owned_and_each_one_ends_once(engine: Engine) {
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let runtime = tokio::runtime::Handle::current();
    let cases = tokio::task::spawn_blocking(move || {
        let histories = prop::collection::vec(step(), 1..40);
        TestRunner::new(config).run(&histories, |steps| {
            runtime.block_on(async {
                let mut driven = Driven {
                    fixture: Fixture::opened(engine, OpenMode::Scratch).await,
                    now: 0,
                    planned: Vec::new(),
                    owned: Vec::new(),
                };
                for step in steps {
                    driven.step(step).await;
                }
                driven.finish().await;
            });
            Ok(())
        })
    });
    cases.await.unwrap().unwrap();
}
