//! Exactly one outcome for each due time: for any schedules, edits, pauses, outages, crashes, overlaps and failures, the
//! recorded occurrences are the due times of the timetables that were in force, each ended once.
//!
//! The real engine and ledger on a simulated clock; what it should record is computed apart from it (`history`).
//! `cargo xtask soak one-outcome` tries thousands of histories.

mod history;
mod model;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use history::{Step, histories};

/// Histories tried in the suite: always the same ones.
const CASES: u32 = 12;

/// `STRONGROOM_CASES` asks for so many, by chance.
fn config() -> ProptestConfig {
    let asked = std::env::var("STRONGROOM_CASES").ok();
    let asked = asked.and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(CASES),
        rng_seed: asked.map_or(RngSeed::Fixed(20), |_| RngSeed::Random),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn run(steps: &[Step]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(model::play(steps));
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_due_time_has_exactly_one_outcome(steps in histories()) {
        run(&steps);
    }
}

#[test]
fn an_edit_during_an_outage_leaves_no_due_time_without_an_outcome() {
    run(&[
        Step::Edit {
            schedule: 0,
            to: Some(history::Variant::quick(0)),
        },
        Step::Pass(90),
        Step::Down {
            minutes: 200,
            edit: Some((0, Some(history::Variant::quick(3)))),
        },
        Step::Pass(600),
        Step::Down {
            minutes: 45,
            edit: Some((0, None)),
        },
        Step::Pass(60),
        Step::Edit {
            schedule: 0,
            to: Some(history::Variant::quick(3)),
        },
        Step::Pass(300),
    ]);
}

#[test]
fn a_pause_across_an_outage_and_an_edit_is_recorded_as_paused() {
    run(&[
        Step::Edit {
            schedule: 1,
            to: Some(history::Variant::quick(1)),
        },
        Step::Pass(30),
        Step::Pause(1),
        Step::Pass(60),
        Step::Down {
            minutes: 120,
            edit: None,
        },
        Step::Pass(45),
        Step::Edit {
            schedule: 1,
            to: Some(history::Variant::quick(2)),
        },
        Step::Pass(45),
        Step::Resume(1),
        Step::Pass(120),
    ]);
}
