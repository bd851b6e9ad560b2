//! The plugin's logic against a service in memory; `tests/suite/providers/cinder.rs` runs it against the real one.

mod creating;
mod keeping;
mod restoring;
mod world;

use strongroom_plugin::testing::{self, RUN};
use strongroom_plugin::{Call, Evidence, Failure, Step};

use crate::{CinderSnapshot, Config};
use world::{PROJECT, VOLUME};

fn call() -> Call<Config> {
    testing::call(Config {
        project: PROJECT.to_owned(),
        volumes: [("acme".to_owned(), VOLUME.to_owned())].into(),
    })
}

/// Goes on until it is done, the service having time to work between two looks.
fn finish(world: &world::Shared, step: Result<Step, Failure>) -> Result<Evidence, Failure> {
    testing::to_the_end::<CinderSnapshot>(&call(), step, || world.borrow_mut().settle())
}
