//! Occurrences per second through the whole way: due, written, claimed, a plugin called in a fresh store, outcome and
//! audit entry on disk. The real binary on a simulated clock (so that waiting costs nothing), the real ledger.

use std::fmt::Write as _;
use std::fs;

use strongroom_tests::{Host, guest, repository};

use crate::Size;
use crate::group_commit;
use crate::measure::{median, settle, timed};
use crate::report::{Goal, Report, Row};

/// Due at the same moment, every minute.
const TENANTS: usize = 500;

pub(crate) fn measure(size: Size, report: &mut Report) {
    let (rounds, minutes) = if size == Size::Full { (3, 60) } else { (1, 10) };
    let (mut ours, mut transitions, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let host = Host::within(&repository().join("target")).with_own_plugins();
        host.install("misbehaving", &guest("misbehaving"));
        host.schedule("bench.toml", &schedule());
        ours.push(through_the_whole_way(&host, minutes));

        settle();
        let ledger = host.state().join("ledger.sqlite");
        let limit = group_commit::limit(&ledger, &host.folder().join("limit.sqlite"));
        transitions.push(limit.transitions_per_second);
        rows.push(limit.rows_per_second);
    }
    let ours = median(ours);
    let row = |figure: &str, peer: &str, beside, goal| Row {
        figure: figure.to_owned(),
        value: ours,
        peer: peer.to_owned(),
        beside,
        unit: "/s",
        goal,
    };
    report.add(row(
        "occurrences, due to outcome",
        "goal",
        5_000.0,
        Goal::AtLeast(1.0),
    ));
    report.add(row(
        "  the same",
        "SQLite alone: planned, claimed, ended",
        median(transitions),
        Goal::AtLeast(0.5),
    ));
    report.add(row(
        "  the same",
        "SQLite alone: each row once, as it ends",
        median(rows),
        Goal::None,
    ));
}

/// Two runs that differ only in length: their difference is free of start and compilation.
fn through_the_whole_way(host: &Host, minutes: u32) -> f64 {
    let run = |from: String, to: String, expected: usize| {
        settle();
        let (time, ran) = timed(|| {
            host.run([
                "--json", "simulate", "--real", "--keep", "--from", &from, "--to", &to,
            ])
        });
        let rows = ran.ok().json();
        let rows = rows["occurrences"]
            .as_array()
            .expect("a list of occurrences");
        let succeeded = rows
            .iter()
            .filter(|row| row["outcome"] == "succeeded")
            .count();
        assert_eq!(succeeded, expected, "all of them ran and succeeded");
        time.as_secs_f64()
    };
    // The plugin is compiled once in the life of a host, not in each run.
    host.run(["check"]).ok();
    let short = run(
        "2026-01-01T00:00:30Z".into(),
        "2026-01-01T00:01:30Z".into(),
        TENANTS,
    );
    let long = TENANTS * minutes as usize;
    let end = format!(
        "2026-01-01T{:02}:{:02}:30Z",
        (minutes + 1) / 60,
        (minutes + 1) % 60
    );
    let time = run("2026-01-01T00:01:30Z".into(), end, long) - short;
    assert!(
        fs::metadata(host.state().join("ledger.sqlite")).is_ok(),
        "it was a real ledger"
    );
    (long - TENANTS) as f64 / time
}

fn schedule() -> String {
    let mut tenants = String::new();
    for number in 0..TENANTS {
        write!(tenants, "\"tenant-{number}\", ").unwrap();
    }
    format!(
        "[[schedule]]\nname = \"bench\"\nplugin = \"misbehaving\"\nevery = \"1m\"\nmissed = \"latest\"\n\
         config = {{ do = \"ok\" }}\ntenants = [{tenants}]\n\
         grants = {{ files = {{ data = {{ path = \"<data>\", access = \"write\" }} }} }}\n"
    )
}
