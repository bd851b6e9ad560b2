//! How fast months pass: a year of fifty daily schedules with written replies, the real binary, engine and ledger.

use std::fmt::Write as _;
use std::fs;

use strongroom_tests::Host;

use crate::Size;
use crate::measure::{median, on_one_core, settle, spent};
use crate::report::{Goal, Report, Row};

const SCHEDULES: usize = 50;

/// Every run goes on at the provider for a while, as real ones do.
const REPLIES: &str = "[[reply]]\ncall = \"create\"\ntakes = \"20s\"\nrunning = { poll-after = \"4m\" }\n\
    \n[[reply]]\ncall = \"poll\"\ndone = [[\"bytes\", \"1048576\"]]\n";

pub(crate) fn measure(size: Size, report: &mut Report) {
    let (rounds, to, days) = match size {
        Size::Full => (3, "2027-01-01", 365),
        Size::Quick => (1, "2026-01-08", 7),
    };
    let host = Host::new();
    let mut schedules = String::new();
    for number in 0..SCHEDULES {
        writeln!(
            schedules,
            "[[schedule]]\nname = \"daily-{number}\"\nplugin = \"provider\"\ncron = \"{number} {} * * *\"\n\
             tenants = [\"acme\"]\nretention = {{ keep-within = \"5d\" }}",
            number % 24
        )
        .unwrap();
    }
    host.schedule("bench.toml", &schedules);
    let cassette = host.folder().join("replies.toml");
    fs::write(&cassette, REPLIES).unwrap();
    let cassette = cassette.to_str().unwrap();
    let (mut seconds, mut processor) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        settle();
        let typed = ["--json", "simulate", "--from", "2026-01-01", "--to", to];
        let run = || host.run(typed.iter().chain(&["--cassette", cassette]));
        let (time, busy, ran) = spent(|| on_one_core(run));
        let rows = ran.ok().json()["occurrences"].as_array().unwrap().len();
        assert_eq!(rows, SCHEDULES * days, "every due time has an occurrence");
        seconds.push(time);
        processor.push(busy);
    }
    let year = format!("{days} days of {SCHEDULES} daily schedules, one core");
    for (figure, values, goal) in [
        (year, seconds, Goal::AtMost(1.0)),
        ("  processor time".to_owned(), processor, Goal::None),
    ] {
        report.add(Row {
            figure,
            value: median(values),
            peer: "goal for a year".to_owned(),
            beside: 10.0,
            unit: "s",
            goal,
        });
    }
}
