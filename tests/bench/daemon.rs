//! Memory of the daemon when it has nothing to do: two schedules, three seconds after its start.

use std::fs;
use std::time::Duration;

use strongroom_tests::{Host, holds_for, repository};

use crate::Size;
use crate::report::{Goal, Report, Row};

const SCHEDULES: &str = r#"
[[schedule]]
name = "first"
plugin = "local-snapshot"
cron = "0 3 1 1 *"
timezone = "-03:00"
tenants = ["bench"]
grants.files.data = { path = "<data>/{tenant}", access = "read" }
grants.files.place = { path = "<shelf>", access = "write" }

[[schedule]]
name = "second"
plugin = "local-snapshot"
cron = "30 4 1 1 *"
timezone = "America/Sao_Paulo"
tenants = ["bench"]
grants.files.data = { path = "<data>/{tenant}", access = "read" }
grants.files.place = { path = "<shelf>", access = "write" }
"#;

/// What the daemon may take, in MiB.
const LIMIT: f64 = 60.0;

pub(crate) fn measure(size: Size, report: &mut Report) {
    let host = Host::within(&repository().join("target"));
    host.schedule("bench.toml", SCHEDULES);
    host.tree("bench").file("a.txt", "a");
    let mut daemon = host.serve();
    let idle = Duration::from_secs(if size == Size::Full { 3 } else { 1 });
    assert!(
        holds_for(idle, || daemon.runs()),
        "the daemon ended:\n{}",
        daemon.log()
    );
    let (now, most) = (
        resident(daemon.id(), "VmRSS"),
        resident(daemon.id(), "VmHWM"),
    );
    assert!(daemon.stop().success(), "the daemon stops cleanly");
    let row = |figure: &str, value| Row {
        figure: figure.to_owned(),
        value,
        peer: "limit".to_owned(),
        beside: LIMIT,
        unit: "MiB",
        goal: Goal::AtMost(1.0),
    };
    report.add(row("idle daemon, resident", now));
    report.add(Row {
        goal: Goal::None,
        ..row("  its most since the start", most)
    });
}

/// A line of the process's status, in MiB.
pub(crate) fn resident(id: u32, name: &str) -> f64 {
    let status =
        fs::read_to_string(format!("/proc/{id}/status")).expect("Linux, and the daemon runs");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .expect("a line of the status");
    let kib: f64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .expect("kB");
    kib / 1024.0
}
