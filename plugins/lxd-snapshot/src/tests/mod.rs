//! The plugin against an LXD of the thread: what is asked, what is believed, what a repeated call finds.

mod fake;
mod making;
mod reading;
mod restoring;

use strongroom_plugin::{Call, Evidence, Failure, Instant, Snapshots, Step};

use crate::{Config, LxdSnapshot};
use fake::Fake;

/// 2026-11-20T06:00:00Z.
const DUE: i64 = 1_795_154_400_000;
const RUN: &str = "0192a3b4-0000-7000-8000-000000000001";
const NAME: &str = "acme.20261120T060000Z.0192a3b4-0000-7000-8000-000000000001";
const REFERENCE: &str =
    "default/fast/acme-vault/acme.20261120T060000Z.0192a3b4-0000-7000-8000-000000000001";

/// As LXD itself names it.
const WITHIN: &str = "acme-vault/acme.20261120T060000Z.0192a3b4-0000-7000-8000-000000000001";

fn call(run_id: &str) -> Call<Config> {
    Call {
        run_id: run_id.to_owned(),
        attempt: 1,
        tenant: "acme".to_owned(),
        due: Instant(DUE),
        deadline: Instant(DUE + 60_000),
        dry_run: false,
        config: Config {
            project: "default".to_owned(),
            pool: "fast".to_owned(),
            volume: "{tenant}-vault".to_owned(),
        },
    }
}

/// Polls until it is done, at most twenty times.
fn to_the_end(call: &Call<Config>, mut step: Result<Step, Failure>) -> Result<Evidence, Failure> {
    for _ in 0..20 {
        match step? {
            Step::Done(evidence) => return Ok(evidence),
            Step::Running(operation) => {
                step = LxdSnapshot::poll(call.clone(), operation.handle);
            }
        }
    }
    panic!("it never ends");
}

fn create(call: &Call<Config>) -> Result<Evidence, Failure> {
    to_the_end(call, LxdSnapshot::start_create(call.clone()))
}

fn fact<'a>(evidence: &'a Evidence, kind: &str) -> Option<&'a str> {
    let pair = evidence.pairs().iter().find(|(key, _)| key == kind);
    pair.map(|(_, value)| value.as_str())
}
