//! The plugin's logic against a service in memory; `tests/suite/providers/cinder.rs` runs it against the real one.

mod creating;
mod keeping;
mod restoring;
mod world;

use strongroom_plugin::{Call, Evidence, Failure, Instant, Snapshots, Step};

use crate::{CinderSnapshot, Config};
use world::{PROJECT, VOLUME};

const RUN: &str = "0190c2f4-5e0a-7b1c-8d2e-3f4a5b6c7d8e";

fn call() -> Call<Config> {
    Call {
        run_id: RUN.to_owned(),
        attempt: 1,
        tenant: "acme".to_owned(),
        due: Instant(1_795_154_400_000),
        deadline: Instant(1_795_158_000_000),
        dry_run: false,
        config: Config {
            project: PROJECT.to_owned(),
            volumes: [("acme".to_owned(), VOLUME.to_owned())].into(),
        },
    }
}

/// Goes on until it is done, the service having time to work between two looks.
fn finish(world: &world::Shared, mut step: Result<Step, Failure>) -> Result<Evidence, Failure> {
    for _ in 0..10 {
        match step? {
            Step::Done(evidence) => return Ok(evidence),
            Step::Running(operation) => {
                world.borrow_mut().settle();
                step = CinderSnapshot::poll(call(), operation.handle);
            }
        }
    }
    panic!("it does not come to an end");
}

fn fact<'a>(evidence: &'a Evidence, kind: &str) -> &'a str {
    let found = evidence.pairs().iter().find(|(key, _)| key == kind);
    found.map_or("", |(_, value)| value)
}
