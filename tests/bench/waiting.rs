//! The memory of a daemon while many operations go on at a provider: nothing of a plugin stays between two polls.
//!
//! Two daemons, one with a thousand operations in flight and one with ten thousand: their difference is what an operation
//! that is waited for takes, free of everything a daemon takes anyway.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use strongroom_tests::{Host, eventually, guest, repository};

use crate::Size;
use crate::daemon::resident;
use crate::report::{Goal, Report, Row};

/// What one may take, in KiB: the schedules' own text of a tenant takes more.
const LIMIT: f64 = 4.0;

pub(crate) fn measure(size: Size, report: &mut Report) {
    let (few, many) = if size == Size::Full {
        (1_000, 10_000)
    } else {
        (100, 500)
    };
    let (small, idle) = in_flight(few);
    let (large, _) = in_flight(many);
    report.add(Row {
        figure: format!("daemon, {few} operations in flight"),
        value: small,
        peer: "the same daemon before they began".to_owned(),
        beside: idle,
        unit: "MiB",
        goal: Goal::None,
    });
    report.add(Row {
        figure: "  each more".to_owned(),
        value: (large - small).max(0.0) * 1024.0 / (many - few) as f64,
        peer: "limit".to_owned(),
        beside: LIMIT,
        unit: "KiB",
        goal: Goal::AtMost(1.0),
    });
}

/// Tenants of one schedule.
const PER_SCHEDULE: usize = 500;

/// MiB of a daemon with so many operations that are polled in an hour, and before they began.
fn in_flight(operations: usize) -> (f64, f64) {
    let host = Host::within(&repository().join("target")).with_own_plugins();
    host.install("misbehaving", &guest("misbehaving"));
    let numbers: Vec<usize> = (0..operations).collect();
    let mut schedules = String::new();
    for (number, some) in numbers.chunks(PER_SCHEDULE).enumerate() {
        let tenants: Vec<String> = some.iter().map(|one| format!("\"tenant-{one}\"")).collect();
        write!(
            schedules,
            "[[schedule]]\nname = \"bench-{number}\"\nplugin = \"misbehaving\"\non = \"go\"\ntimeout = \"2h\"\n\
             config = {{ do = \"running\", amount = 2, text = \"3600000\" }}\ntenants = [{}]\n\
             grants = {{ files = {{ data = {{ path = \"<data>\", access = \"write\" }} }} }}\n\n",
            tenants.join(", ")
        )
        .unwrap();
    }
    host.schedule("bench.toml", &schedules);
    let daemon = host.serve();
    let started = Duration::from_secs(60);
    eventually("the ledger is there", started, || {
        fs::metadata(host.state().join("ledger.sqlite")).ok()
    });
    let idle = resident(daemon.id(), "VmRSS");
    host.run(["raise", "go"]).ok();
    let limit = operations.to_string();
    eventually(
        "every operation is waited for",
        Duration::from_secs(300),
        || {
            let rows = host
                .run(["--json", "occurrences", "--unfinished", "-n", &limit])
                .ok()
                .json();
            let rows = rows.as_array().cloned().unwrap_or_default();
            let begun = rows.iter().filter(|row| row["attempts"] == 1).count();
            (begun == operations).then_some(())
        },
    );
    let waiting = resident(daemon.id(), "VmRSS");
    assert!(daemon.stop().success(), "the daemon stops cleanly");
    (waiting, idle)
}
