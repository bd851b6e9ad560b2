//! The plugin against an EC2 of the thread: what is asked, what is believed, what a repeated call finds.

mod fake;
mod making;
mod reading;
mod restoring;

use std::collections::BTreeMap;

use strongroom_plugin::testing::{self, RUN};
use strongroom_plugin::{Call, Evidence, Failure, Snapshots, Step};

use crate::config::VolumeId;
use crate::{Config, EbsSnapshot};
use fake::Fake;

const VOLUME: &str = "vol-0a1";

fn call(run_id: &str) -> Call<Config> {
    Call {
        run_id: run_id.to_owned(),
        ..testing::call(Config {
            region: "eu-west-1".to_owned(),
            volumes: BTreeMap::from([("acme".to_owned(), VolumeId(VOLUME.to_owned()))]),
            zone: Some("eu-west-1a".to_owned()),
            volume_type: None,
            copy_from_region: Some("us-east-1".to_owned()),
        })
    }
}

fn to_the_end(call: &Call<Config>, step: Result<Step, Failure>) -> Result<Evidence, Failure> {
    testing::to_the_end::<EbsSnapshot>(call, step, || ())
}

fn create(call: &Call<Config>) -> Result<Evidence, Failure> {
    to_the_end(call, EbsSnapshot::start_create(call.clone()))
}
