//! Loading schedule files: time and memory for each size, beside the goal and beside reading the same text as TOML alone.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{apart, most_memory, short, sizes};
use crate::Size;
use crate::measure::{spent, timed};
use crate::report::{Goal, Report, Row};

/// Schedules of one file: what fits into the largest one.
const IN_A_FILE: usize = 10_000;
/// What a million may take: seconds, MiB.
const GOALS: (f64, f64) = (10.0, 1024.0);
const ZONES: [&str; 6] = [
    "America/Sao_Paulo",
    "-03:00",
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
];

pub(crate) fn measure(size: Size, report: &mut Report) {
    for count in sizes(size) {
        let folder = tempfile::tempdir_in(strongroom_tests::repository().join("target")).unwrap();
        write(folder.path(), *count);
        let found = apart(&["schedules", folder.path().to_str().unwrap()]);
        let figure = |name: &str| found[name].as_f64().unwrap();
        assert_eq!(figure("schedules"), *count as f64, "all of them are there");
        let each = |seconds: f64| seconds * 1e6 / *count as f64;
        report.add(Row {
            figure: format!("load {}, each", short(*count)),
            value: each(figure("seconds")),
            peer: "the same text as TOML alone".to_owned(),
            beside: each(figure("toml")),
            unit: "µs",
            goal: Goal::None,
        });
        report.add(Row {
            figure: "  memory, each".to_owned(),
            value: figure("memory") * 1024.0 * 1024.0 / *count as f64,
            peer: "its text".to_owned(),
            beside: figure("text") / *count as f64,
            unit: "B",
            goal: Goal::None,
        });
        if *count == 1_000_000 {
            let row = |figure: &str, value, beside, unit| Row {
                figure: figure.to_owned(),
                value,
                peer: "goal".to_owned(),
                beside,
                unit,
                goal: Goal::AtMost(1.0),
            };
            report.add(row("load 1M", figure("seconds"), GOALS.0, "s"));
            report.add(Row {
                goal: Goal::None,
                ..row("  processor time", figure("processor"), GOALS.0, "s")
            });
            report.add(row("  peak memory", figure("peak"), GOALS.1, "MiB"));
        }
    }
}

/// In a process of its own: loads a folder.
pub(super) fn part(folder: &str) -> Value {
    let folder = Path::new(folder);
    let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let before = most_memory();
    let (time, processor, set) = spent(|| strongroom_config::load(folder, now));
    let set = set.unwrap_or_else(|problems| panic!("{problems}"));
    let peak = most_memory();
    let schedules = set.schedules.len();
    assert!(set.warnings.is_empty(), "{}", set.warnings);
    drop(set);
    let mut text = 0;
    let mut toml = 0.0;
    for file in fs::read_dir(folder).unwrap() {
        let file = fs::read_to_string(file.unwrap().path()).unwrap();
        text += file.len();
        let (time, read) = timed(|| toml::de::DeTable::parse(black_box(&file)).is_ok());
        assert!(read);
        toml += time.as_secs_f64();
    }
    json!({
        "seconds": time, "processor": processor, "toml": toml, "schedules": schedules, "text": text,
        "peak": peak, "memory": peak - before,
    })
}

/// One schedule for each tenant, at any minute of the day, as the documentation shows them.
fn write(folder: &Path, count: usize) {
    for (file, first) in (0..count).step_by(IN_A_FILE).enumerate() {
        let mut text = String::new();
        for number in first..count.min(first + IN_A_FILE) {
            let zone = ZONES[number % ZONES.len()];
            let (hour, minute) = (number % 24, number / 24 % 60);
            write!(
                text,
                "[[schedule]]\nname = \"tenant-{number:07}-daily\"\nplugin = \"local-snapshot\"\n\
                 cron = \"{minute} {hour} * * *\"\ntimezone = \"{zone}\"\ntenants = [\"tenant-{number:07}\"]\n\n\
                 [schedule.retention]\nkeep-within = \"5d\"\n\n\
                 [schedule.grants.files]\n\
                 data = {{ path = \"/srv/{{tenant}}\", access = \"read\" }}\n\
                 place = {{ path = \"/backup/{{tenant}}\", access = \"write\" }}\n\n"
            )
            .unwrap();
        }
        fs::write(folder.join(format!("part-{file:03}.toml")), text).unwrap();
    }
}
