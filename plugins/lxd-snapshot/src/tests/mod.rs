//! The plugin against an LXD of the thread: what is asked, what is believed, what a repeated call finds.

mod fake;
mod making;
mod reading;
mod restoring;

use strongroom_plugin::testing::{self, DUE, RUN};
use strongroom_plugin::{Call, Evidence, Failure, Snapshots, Step};

use crate::{Config, LxdSnapshot};
use fake::Fake;

const NAME: &str = "acme.20261120T060000Z.0192a3b4-0000-7000-8000-000000000001";
const REFERENCE: &str =
    "default/fast/acme-vault/acme.20261120T060000Z.0192a3b4-0000-7000-8000-000000000001";

/// As LXD itself names it.
const WITHIN: &str = "acme-vault/acme.20261120T060000Z.0192a3b4-0000-7000-8000-000000000001";

fn call(run_id: &str) -> Call<Config> {
    Call {
        run_id: run_id.to_owned(),
        ..testing::call(Config {
            project: "default".to_owned(),
            pool: "fast".to_owned(),
            volume: "{tenant}-vault".to_owned(),
        })
    }
}

fn to_the_end(call: &Call<Config>, step: Result<Step, Failure>) -> Result<Evidence, Failure> {
    testing::to_the_end::<LxdSnapshot>(call, step, || ())
}

fn create(call: &Call<Config>) -> Result<Evidence, Failure> {
    to_the_end(call, LxdSnapshot::start_create(call.clone()))
}
