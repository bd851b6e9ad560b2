//! What right files mean, and how problems are told to others.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_config::{Diagnostic, Diagnostics, ScheduleSet, SourceFile};
use strongroom_domain::Outcome;
use strongroom_domain::role::Role;
use strongroom_domain::schedule::{Missed, Overlap, Priority, Trigger, defaults};

use crate::{load, parse};

const ENTRY: &str = r#"#:schema ./schedule.schema.json
[[schedule]]
name = "acme-daily"
plugin = "local-snapshot"
cron = "0 3 * * *"
tenants = ["acme", "globex"]

[schedule.retention]
keep-within = "5d"

[schedule.config]
depth = 2
"with.dot" = true
since = 2026-12-01T03:00:00Z
list = [1.5, "two", { three = 3 }]

[schedule.grants]
state = true
files.data = { path = "../data/{tenant}/x/..", access = "read" }

[schedule.grants.files.place]
path = "/backup"
access = "write"
"#;

fn file(name: &str, text: &str) -> SourceFile {
    SourceFile {
        path: name.into(),
        folder: "/etc/strongroom/../strongroom/schedules".into(),
        text: text.into(),
    }
}

fn read(text: &str) -> ScheduleSet {
    parse(vec![file("a.toml", text)]).unwrap()
}

fn place(problem: &Diagnostic) -> (usize, usize) {
    problem.position().unwrap()
}

#[test]
fn what_is_not_written_has_its_default() {
    let set =
        read("[[schedule]]\nname = \"a\"\nplugin = \"p\"\nevery = \"15m\"\ntenants = [\"t\"]\n");
    let schedule = &set.schedules[0].schedule;
    assert_eq!(schedule.zone.as_str(), "UTC");
    assert_eq!(
        (schedule.timeout, schedule.memory),
        (defaults::TIMEOUT, defaults::MEMORY)
    );
    assert_eq!(
        (schedule.missed, schedule.missed_within),
        (Missed::Latest, defaults::MISSED_WITHIN)
    );
    assert!(schedule.enabled && schedule.retention().is_none() && schedule.grants.files.is_empty());
    assert_eq!(&*schedule.config, "{}");
    assert!(matches!(schedule.trigger, Trigger::Every(_)));
}

#[test]
fn a_role_is_kept_and_equal_settings_of_snapshots_are_held_once() {
    let entry = |name: &str, lines: &str| {
        format!(
            "[[schedule]]\nname = \"{name}\"\nplugin = \"p\"\ntenants = [\"t\"]\nevery = \"15m\"\n{lines}\n"
        )
    };
    let kept = "[schedule.retention]\nkeep-last = 5";
    let drill =
        "[[schedule]]\nname = \"e\"\ndrill-of = \"b\"\ntenants = [\"t\"]\nevery = \"15m\"\n";
    let set = read(
        &[
            &*entry("a", "role = \"task\""),
            &entry("b", &format!("role = \"snapshots\"\n{kept}")),
            &entry("c", kept),
            &entry("d", ""),
            drill,
        ]
        .concat(),
    );
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|at: usize| &set.schedules[at].schedule);
    assert_eq!((a.role, b.role), (Some(Role::Task), Some(Role::Snapshots)));
    assert_eq!((c.role, d.role), (None, None));
    assert_eq!(e.role, b.role, "a drill runs as the schedule it drills");
    assert!(Arc::ptr_eq(&a.snapshots, &d.snapshots));
    assert!(Arc::ptr_eq(&b.snapshots, &c.snapshots));
    // There may be a million.
    assert!(size_of_val(&**a) <= 288, "{}", size_of_val(&**a));
}

#[test]
fn paths_become_absolute_and_configuration_becomes_json() {
    let set = read(ENTRY);
    let located = &set.schedules[0];
    assert_eq!(
        (located.line(), located.file().to_owned()),
        (2, PathBuf::from("a.toml"))
    );
    let grants = &located.schedule.grants;
    assert_eq!(
        grants.files["data"].path,
        PathBuf::from("/etc/strongroom/data/{tenant}")
    );
    assert_eq!(grants.files["place"].path, PathBuf::from("/backup"));
    assert!(grants.state);
    let config: Value = serde_json::from_str(&located.schedule.config).unwrap();
    let expected = json!({
        "depth": 2, "with.dot": true, "since": "2026-12-01T03:00:00Z", "list": [1.5, "two", { "three": 3 }],
    });
    assert_eq!(config, expected);
}

#[test]
fn waits_give_way_to_the_one_that_is_written() {
    let retry = |lines: &str| {
        let set = read(&ENTRY.replace(
            "[schedule.config]",
            &format!("[schedule.retry]\n{lines}\n[schedule.config]"),
        ));
        let retry = set.schedules[0].schedule.retry;
        (retry.delay, retry.longest)
    };
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    assert_eq!(retry("delay = \"1h\""), (minutes(60), minutes(60)));
    assert_eq!(
        retry("longest = \"30s\""),
        (Duration::from_secs(30), Duration::from_secs(30))
    );
    assert_eq!(retry("attempts = 2"), (minutes(1), minutes(30)));
}

#[test]
fn later_problems_are_shown_at_their_key() {
    let set = read(&format!(
        "{ENTRY}\n{}",
        ENTRY.replace("acme-daily", "second")
    ));
    let second = set.get("second").unwrap();
    let offset = ENTRY.lines().count() + 1;
    for (key, line, column) in [
        ("plugin", 4, 10),
        ("grants.files.place", 21, 1),
        ("grants.files.place.path", 22, 8),
        ("grants.files.data", 19, 14),
        ("grants.state", 18, 9),
        ("config.depth", 12, 9),
        ("config.with.dot", 13, 14),
        ("config.list.2.three", 15, 31),
        ("config.list.9", 15, 8),
        ("config.absent", 11, 1),
        ("absent", 2, 1),
        ("", 2, 1),
    ] {
        let problem = second.problem(key, "is wrong", None);
        assert_eq!(place(&problem), (line + offset, column), "{key}");
    }
    let text = Diagnostics::from(second.problem(
        "plugin",
        "no plugin has this name",
        Some("put it there"),
    ))
    .to_string();
    assert_eq!(
        text,
        "error: no plugin has this name\n  --> a.toml:28:10\n   |\n28 | plugin = \"local-snapshot\"\n   \
         |          ^^^^^^^^^^^^^^^^\n   |\n   = help: put it there\n"
    );
}

#[test]
fn an_entry_in_braces_is_found_as_well() {
    let entry = "{ name = \"a\", plugin = \"p\", at = \"2026-12-01T03:00:00Z\", tenants = [\"t\"], config = { x = 1 } }";
    let set = read(&format!(
        "schedule = [{entry}, {}]",
        entry.replace("\"a\"", "\"b\"")
    ));
    let second = set.get("b").unwrap();
    let start = "schedule = [, ".len() + entry.len() + 1;
    assert_eq!(
        place(&second.problem("name", "", None)),
        (1, start + "{ name = ".len())
    );
    assert_eq!(place(&second.problem("", "", None)), (1, start));
}

#[test]
fn problems_are_data_too() {
    let problems = parse(vec![file("a.toml", "[[schedule]]\nplugn = \"x\"\n")]).unwrap_err();
    let data = serde_json::to_value(&problems).unwrap();
    let expected = json!({
        "file": "a.toml", "line": 2, "column": 1, "severity": "error",
        "message": "`plugn` is not a key of `[[schedule]]`", "hint": "did you mean `plugin`?",
    });
    assert!(data.as_array().unwrap().contains(&expected), "{data}");
}

#[test]
fn what_is_too_much_is_refused_with_its_limit() {
    let large = format!("# {}", "x".repeat(4 << 20));
    let text = parse(vec![file("a.toml", &large)]).unwrap_err().to_string();
    assert!(text.contains("this file is larger than 4096 KiB"), "{text}");

    let tenants: Vec<_> = (0..1_001).map(|at| format!("t{at}")).collect();
    let text = parse(vec![file(
        "a.toml",
        &ENTRY.replace("[\"acme\", \"globex\"]", &format!("{tenants:?}")),
    )]);
    assert!(
        text.unwrap_err()
            .to_string()
            .contains("`tenants` names 1001 tenants")
    );

    let config = format!("depth = [{}]", "1234567, ".repeat(9_000));
    let text = parse(vec![file("a.toml", &ENTRY.replace("depth = 2", &config))])
        .unwrap_err()
        .to_string();
    assert!(text.contains("`config` is 70 KiB large"), "{text}");

    let keys: String = (0..1_000).map(|at| format!("unknown{at} = 1\n")).collect();
    let problems = parse(vec![file("a.toml", &format!("[[schedule]]\n{keys}"))]).unwrap_err();
    assert_eq!(problems.len(), 101);
    assert!(
        problems
            .to_string()
            .ends_with("… and 1 more; mend these first\n")
    );
}

#[test]
fn time_policies_mean_what_is_written() {
    let entry = |lines: &str| {
        let text = format!(
            "[[schedule]]\nname = \"a\"\nplugin = \"p\"\ntenants = [\"t\"]\ntimezone = \"-03:00\"\n{lines}"
        );
        read(&text).schedules[0].schedule.clone()
    };
    let all = entry(
        "cron = \"0 3 * * *\"\nmissed = \"all\"\nspread = \"30m\"\npriority = \"low\"\naccount = \"acme-cloud\"\n",
    );
    assert_eq!((all.missed, all.overlap), (Missed::All, Overlap::Queue));
    assert_eq!(
        (all.spread, all.priority),
        (Duration::from_secs(1800), Priority::Low)
    );
    assert_eq!(all.account.as_ref().unwrap().as_str(), "acme-cloud");
    let allowed = entry("every = \"1h\"\nmissed = \"all\"\noverlap = \"allow\"\n");
    assert_eq!(allowed.overlap, Overlap::Allow);
    let event = entry("on = \"password-changed\"\n");
    assert!(matches!(&event.trigger, Trigger::Event(name) if name.as_str() == "password-changed"));
    let quiet = entry(
        "every = \"1h\"\n[schedule.blackout]\ndays = [\"2026-12-25\", \"sun\"]\nhours = [\"22:00-02:00\"]\n",
    );
    let covers = |at: &str| {
        let name = quiet.blackout.covers(at.parse().unwrap(), &quiet.zone);
        name.map(str::to_owned)
    };
    assert_eq!(
        covers("2026-12-25T03:00:00Z").as_deref(),
        Some("2026-12-25")
    );
    assert_eq!(
        covers("2026-12-25T02:59:59Z").as_deref(),
        Some("22:00-02:00")
    );
    assert_eq!(covers("2026-11-22T12:00:00-03:00").as_deref(), Some("sun"));
    assert_eq!(covers("2026-11-23T12:00:00-03:00"), None);
}

#[test]
fn what_follows_names_its_ends_and_limits_hold_for_all_files() {
    let nightly = "[[schedule]]\nname = \"nightly\"\nplugin = \"p\"\ntenants = [\"t\"]\nevery = \"1d\"\naccount = \"x\"\n";
    let report = "[[limit]]\nplugin = \"p\"\nat-once = 4\n[[limit]]\naccount = \"x\"\nat-once = 2\n\
                  [[schedule]]\nname = \"report\"\nplugin = \"p\"\ntenants = [\"t\"]\nafter = \"nightly\"\n";
    let set = parse(vec![file("a.toml", report), file("b.toml", nightly)]).unwrap();
    assert!(set.warnings.is_empty(), "{}", set.warnings);
    let Trigger::After(after) = &set.get("report").unwrap().schedule.trigger else {
        panic!("not a follower");
    };
    assert_eq!(after.schedule.as_str(), "nightly");
    assert_eq!(after.outcomes, [Outcome::Succeeded]);
    let limits: Vec<_> = set
        .limits
        .plugins
        .values()
        .chain(set.limits.accounts.values())
        .collect();
    assert_eq!(limits, [&4, &2]);
    let files: Vec<_> = set
        .files
        .iter()
        .map(|file| file.file_name().unwrap())
        .collect();
    assert_eq!(files, ["a.toml", "b.toml"]);
}

#[test]
fn calendars_are_read_in_the_zone_of_each_schedule() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "holidays.ics",
        concat!(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Christmas\\, all\r\n  of it\r\n",
            "DTSTART;VALUE=DATE:20201224\r\nDTEND;VALUE=DATE:20201227\r\nRRULE:FREQ=YEARLY;UNTIL=20271231\r\n",
            "EXDATE;VALUE=DATE:20271224\r\nEND:VEVENT\r\n",
            "BEGIN:VEVENT\r\nSUMMARY:Fixed\r\nDTSTART;TZID=America/New_York:20261127T180000\r\nDURATION:PT2H\r\nEND:VEVENT\r\n",
            "BEGIN:VEVENT\r\nSUMMARY:Floating\r\nDTSTART:20261201T180000\r\nDTEND:20261201T190000\r\nBEGIN:VALARM\r\nDTSTART:x\r\nEND:VALARM\r\nEND:VEVENT\r\n",
            "BEGIN:VEVENT\r\nSUMMARY:Gone\r\nSTATUS:CANCELLED\r\nDTSTART:20261202T180000Z\r\nDURATION:P1D\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        ),
    );
    write(
        "freeze.toml",
        "[[day]]\nfirst = 2027-02-08\nlast = \"2027-02-09\"\nname = \"Carnival\"\n[[time]]\nname = \"freeze\"\nfrom = 2027-03-01T00:00:00Z\nto = 2027-03-02T00:00:00Z\n",
    );
    write(
        "a.toml",
        "[[schedule]]\nname = \"a\"\nplugin = \"p\"\ntenants = [\"t\"]\nevery = \"1h\"\ntimezone = \"-03:00\"\n[schedule.blackout]\ncalendars = [\"holidays.ics\", \"./freeze.toml\"]\n",
    );
    let set = load(folder.path()).unwrap();
    assert!(set.warnings.is_empty(), "{}", set.warnings);
    let schedule = &set.schedules[0].schedule;
    for (at, expected) in [
        ("2026-12-24T03:00:00Z", Some("Christmas, all of it")),
        ("2026-12-27T02:59:59Z", Some("Christmas, all of it")),
        ("2026-12-27T03:00:00Z", None),
        ("2027-12-24T12:00:00Z", None),
        ("2028-12-25T12:00:00Z", None),
        ("2026-11-27T23:00:00Z", Some("Fixed")),
        ("2026-11-28T01:00:00Z", None),
        ("2026-12-01T21:30:00Z", Some("Floating")),
        ("2026-12-02T19:00:00Z", None),
        ("2027-02-09T12:00:00-03:00", Some("Carnival")),
        ("2027-03-01T23:59:59Z", Some("freeze")),
    ] {
        assert_eq!(
            schedule
                .blackout
                .covers(at.parse().unwrap(), &schedule.zone),
            expected,
            "{at}"
        );
    }
    let names: Vec<_> = set
        .files
        .iter()
        .map(|file| file.file_name().unwrap())
        .collect();
    assert_eq!(names, ["a.toml", "freeze.toml", "holidays.ics"]);
}
