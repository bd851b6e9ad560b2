//! The plugin against an EC2 of the thread: what is asked, what is believed, what a repeated call finds.

mod fake;
mod making;
mod reading;
mod restoring;

use std::collections::BTreeMap;

use strongroom_plugin::{Call, Evidence, Failure, Instant, Snapshots, Step};

use crate::config::VolumeId;
use crate::{Config, EbsSnapshot};
use fake::Fake;

/// 2026-11-20T06:00:00Z.
const DUE: i64 = 1_795_154_400_000;
const RUN: &str = "0192a3b4-0000-7000-8000-000000000001";
const VOLUME: &str = "vol-0a1";

fn call(run_id: &str) -> Call<Config> {
    Call {
        run_id: run_id.to_owned(),
        attempt: 1,
        tenant: "acme".to_owned(),
        due: Instant(DUE),
        deadline: Instant(DUE + 60_000),
        dry_run: false,
        config: Config {
            region: "eu-west-1".to_owned(),
            volumes: BTreeMap::from([("acme".to_owned(), VolumeId(VOLUME.to_owned()))]),
            zone: Some("eu-west-1a".to_owned()),
            volume_type: None,
            copy_from_region: Some("us-east-1".to_owned()),
        },
    }
}

/// Polls until it is done, at most twenty times.
fn to_the_end(call: &Call<Config>, mut step: Result<Step, Failure>) -> Result<Evidence, Failure> {
    for _ in 0..20 {
        match step? {
            Step::Done(evidence) => return Ok(evidence),
            Step::Running(operation) => {
                step = EbsSnapshot::poll(call.clone(), operation.handle);
            }
        }
    }
    panic!("it never ends");
}

fn create(call: &Call<Config>) -> Result<Evidence, Failure> {
    to_the_end(call, EbsSnapshot::start_create(call.clone()))
}

fn fact<'a>(evidence: &'a Evidence, kind: &str) -> Option<&'a str> {
    let pair = evidence.pairs().iter().find(|(key, _)| key == kind);
    pair.map(|(_, value)| value.as_str())
}
