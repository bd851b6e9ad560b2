//! What an operator sees of an edit before it is saved, and files that stay tidy.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use strongroom_tests::{Host, golden};

const DAILY: &str = r#"# Ours.
[[schedule]]
name = "daily"   # unique
plugin = "local-snapshot"
cron = "0 3 * * *"
timezone = "-03:00"
tenants = ["acme"]
"#;

/// A host with the same file in `schedules` and in `new`, the second one edited.
fn edited(text: &str, edits: &[(&str, &str)]) -> Host {
    let host = Host::new();
    host.schedule("a.toml", text);
    let mut new = text.to_owned();
    for (from, to) in edits {
        assert!(new.contains(from), "{from}");
        new = new.replace(from, to);
    }
    fs::create_dir(host.folder().join("new")).unwrap();
    fs::write(host.folder().join("new/a.toml"), new).unwrap();
    host
}

/// What `plan` says of the edit, as golden text.
fn planned(name: &str, host: &Host, from: &str, more: &[&str]) {
    let mut words = vec!["plan", "schedules", "new", "--from", from];
    words.extend(more);
    let ran = host.run(words);
    let text = format!(
        "exit code {}\n{}{}",
        ran.code,
        host.tidy(&ran.stdout),
        host.tidy(&ran.stderr)
    );
    golden(format!("preview/{name}.txt"), &text);
}

// Saturday 2026-11-21, 12:00 at -03:00.
const NOON: &str = "2026-11-21T12:00:00-03:00";

#[test]
fn a_year_of_moved_runs_is_one_line() {
    // 400 days, each with one run before and after: 400 moved, the first on the 22nd.
    let host = edited(DAILY, &[("0 3 * * *", "0 10 * * *")]);
    planned("moved", &host, NOON, &[]);
}

#[test]
fn added_and_removed_runs_are_told_by_schedule_and_tenant() {
    let more = "\n[[schedule]]\nname = \"weekly\"\nplugin = \"local-snapshot\"\ncron = \"0 5 * * 0\"\ntenants = [\"globex\"]\n";
    // `daily` is gone (ten runs), `weekly` is new: 22 and 29 November are the Sundays of the ten days.
    let host = edited(DAILY, &[(DAILY, more)]);
    planned("added-and-removed", &host, NOON, &["--days", "10"]);
    // Ten days, 22 November to 1 December: the 22nd, 28th and 29th are at a weekend, the other seven stay.
    let host = edited(
        DAILY,
        &[
            ("0 3 * * *", "0 3 * * 1-5"),
            ("[\"acme\"]", "[\"acme\", \"globex\"]"),
        ],
    );
    planned("work-days", &host, NOON, &["--days", "10"]);
}

#[test]
fn an_edit_that_loses_todays_run_is_warned_of() {
    // At 12:00 the old run of 15:00 is still to come, and the new time, 10:00, is over.
    let text = DAILY.replace("0 3 *", "0 15 *");
    let host = edited(&text, &[("0 15 *", "0 10 *")]);
    planned("today-lost", &host, NOON, &["--days", "3"]);
}

#[test]
fn civil_times_that_are_missing_or_come_twice_are_warned_of() {
    // The clocks of New York go back on 2026-11-01 at 02:00 and forward on 2027-03-14 at 02:00. The local days are 30
    // October to 17 May, 200, each with two new runs and one old one, 06:00 UTC. That is 01:00 from 1 November (the
    // change is at 06:00 UTC) to 14 March (07:00 UTC), 30 + 31 + 31 + 28 + 14 = 134 days; 02:00 on the other 66.
    let host = edited(
        DAILY,
        &[
            ("0 3 * * *", "30 1,2 * * *"),
            ("-03:00", "America/New_York"),
        ],
    );
    planned("clocks", &host, "2026-10-30", &["--days", "200"]);
}

#[test]
fn the_sign_of_etc_gmt_is_explained() {
    let host = edited(DAILY, &[("-03:00", "Etc/GMT+3")]);
    planned("etc-gmt", &host, NOON, &["--days", "30"]);
}

#[test]
fn policies_that_change_are_sentences() {
    let host = edited(
        DAILY,
        &[(
            "tenants",
            "timeout = \"90m\"\nmissed = \"none\"\nmemory = \"512MiB\"\ntenants",
        )],
    );
    planned("policies", &host, NOON, &["--days", "30"]);
}

#[test]
fn a_wrong_new_file_is_explained_and_named() {
    let host = edited(DAILY, &[("0 3 * * *", "0 25 * * *")]);
    planned("invalid-new", &host, NOON, &[]);
    let ran = host.run(["plan", "new", "schedules"]).ended_with(2);
    assert!(ran.stderr.contains("in OLD, new"), "{ran}");
}

#[test]
fn the_numbers_of_a_plan_are_those_of_next() {
    let edits = [
        ("0 3 * * *", "*/7 2-4 * * 1-5"),
        ("-03:00", "America/New_York"),
    ];
    let host = edited(DAILY, &edits);
    let from = "2026-10-20T12:34:56Z";
    let plan = host
        .run([
            "--json",
            "plan",
            "schedules",
            "new",
            "--from",
            from,
            "--days",
            "180",
            "--all",
        ])
        .ok()
        .json();
    let start: Timestamp = from.parse().unwrap();
    let until = start
        .checked_add(SignedDuration::from_hours(24 * 180))
        .unwrap();
    let dues = |folder: &str| -> Vec<Timestamp> {
        let words = [
            "--json",
            "--schedules",
            folder,
            "next",
            "-n",
            "10000",
            "--from",
            from,
        ];
        let list = host.run(words).ok().json();
        let each = list.as_array().unwrap().iter();
        let each = each.map(|row| row["due"].as_str().unwrap().parse::<Timestamp>().unwrap());
        each.filter(|at| *at <= until).collect()
    };
    let (old, new) = (dues("schedules"), dues("new"));
    let number = |key: &str| usize::try_from(plan["totals"][key].as_u64().unwrap()).unwrap();
    let both = old.iter().filter(|at| new.contains(at)).count();
    assert_eq!(number("unchanged"), both);
    // A move is counted once for both sides; one may have its other side after the end of the last day.
    let moved = number("moved");
    assert!(
        (both + moved + number("removed")).abs_diff(old.len()) <= 1,
        "{plan}"
    );
    assert!(
        (both + moved + number("added")).abs_diff(new.len()) <= 1,
        "{plan}"
    );
    let runs = &plan["schedules"][0]["runs"];
    let listed = runs["moved"].as_array().unwrap().iter();
    let listed: usize = listed
        .map(|one| one["examples"].as_array().unwrap().len())
        .sum();
    assert_eq!(listed, moved, "`--all` lists every one");
}

#[test]
fn a_plan_of_nothing_says_so() {
    let host = edited(DAILY, &[]);
    planned("nothing", &host, NOON, &[]);
}

#[test]
fn next_lists_enabled_schedules_only() {
    let host = Host::new();
    let off = DAILY.replace("\"daily\"", "\"off\"") + "enabled = false\n";
    host.schedule("a.toml", &format!("{DAILY}\n{off}"));
    let ran = host.run(["next", "-n", "2", "--from", "2026-12-24"]).ok();
    golden("preview/next.txt", &ran.stdout);
    let rows = host
        .run(["--json", "next", "-n", "1", "--from", "2026-12-24"])
        .ok()
        .json();
    assert_eq!(rows[0]["starts"]["acme"], "2026-12-24T06:00:00.000Z");
    assert!(rows[0]["blackout"].is_null());
}

#[test]
fn a_new_schedule_is_appended_and_comments_stay() {
    let host = Host::new();
    let file = host.schedule("a.toml", DAILY);
    let words = [
        "schedule",
        "new",
        "--name",
        "weekly",
        "--plugin",
        "local-snapshot",
        "--tenant",
        "acme",
        "--tenant",
        "globex",
        "--cron",
        "0 4 * * 0",
        "--timezone",
        "-03:00",
        "--keep-within",
        "4w",
        "--read",
        "data=/srv/{tenant}",
        "--write",
        "place=/backup",
        "--file",
        "schedules/a.toml",
    ];
    let dry = host.run(words.iter().chain(&["--dry-run"])).ok();
    golden("preview/new-entry.txt", &dry.stdout);
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        DAILY,
        "a dry run writes nothing"
    );
    let ran = host.run(words).ok();
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text, format!("{DAILY}\n{}", dry.stdout));
    // Three Sundays at 04:00.
    let dues: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.contains("due Sun "))
        .collect();
    assert_eq!(dues.len(), 3, "{ran}");
    assert!(
        dues.iter().all(|due| due.contains(" 04:00:00 -03:00 ")),
        "{ran}"
    );
    let again = host.run(words).ended_with(2);
    assert!(
        again
            .stderr
            .contains("a schedule of that name in schedules/a.toml")
            || again.stderr.contains("a.toml"),
        "{again}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(
        fs::read_dir(host.schedules()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn what_is_missing_or_wrong_in_a_new_schedule_is_said_and_nothing_is_written() {
    let host = Host::new();
    let ran = host.run([
        "schedule", "new", "--name", "x", "--tenant", "acme", "--every", "1h",
    ]);
    let ran = ran.ended_with(2);
    assert!(ran.stderr.contains("--plugin"), "{ran}");
    let words = [
        "schedule", "new", "--name", "x", "--plugin", "p", "--tenant", "acme", "--every",
    ];
    let ran = host.run(words.iter().chain(&["25h"])).ended_with(2);
    assert!(
        ran.stderr.contains("longer than a day") && ran.stderr.contains("nothing was"),
        "{ran}"
    );
    assert_eq!(fs::read_dir(host.schedules()).unwrap().count(), 0);
    let _ = host.run(words.iter().chain(&["12h"])).ok();
    assert!(
        host.schedules().join("x.toml").exists(),
        "by default a file of its own"
    );
}

#[test]
fn files_are_tidied_and_a_check_only_looks() {
    let host = Host::new();
    let untidy = DAILY
        .replace("plugin = ", "  plugin=")
        .replace("[\"acme\"]", "[ \"acme\", ]");
    let file = host.schedule("a.toml", &untidy);
    let ran = host.run(["schedule", "fmt", "--check"]).ended_with(1);
    assert!(ran.stdout.contains("a.toml: would change"), "{ran}");
    assert_eq!(fs::read_to_string(&file).unwrap(), untidy);
    let _ = host.run(["schedule", "fmt"]).ok();
    assert_eq!(fs::read_to_string(&file).unwrap(), DAILY);
    let _ = host.run(["schedule", "fmt", "--check"]).ok();
    let wrong = host.schedule("b.toml", "[[schedule]]\nname=\"b\"\n");
    let ran = host.run(["schedule", "fmt"]).ended_with(2);
    assert!(
        ran.stdout.contains("b.toml: has problems") && ran.stderr.contains("has no `plugin`"),
        "{ran}"
    );
    assert_eq!(
        fs::read_to_string(wrong).unwrap(),
        "[[schedule]]\nname=\"b\"\n"
    );
}

/// With `spread` a run begins later than it is due: the blackout that it falls into is shown.
#[test]
fn a_blackout_that_begins_before_a_spread_run_does_is_in_the_preview() {
    let host = Host::new();
    let file = |spread: &str| {
        let text = DAILY
            .replace("0 3 * * *", "50 7 * * *")
            .replace("[\"acme\"]", "[\"acme\", \"globex\", \"initech\"]");
        let text =
            format!("{text}spread = \"{spread}\"\nblackout = {{ hours = [\"08:00-18:00\"] }}\n");
        host.schedule("a.toml", &text);
    };
    let next = || {
        let typed = ["--json", "next", "-n", "1", "--from", NOON];
        host.run(typed).ok().json()[0].clone()
    };
    file("5m");
    let due = next();
    assert_eq!(
        (&due["blackout"], &due["skipped"]),
        (&Value::Null, &json!([]))
    );
    file("30m");
    let due = next();
    let eight = "2026-11-22T11:00:00.000Z";
    let starts = due["starts"].as_object().unwrap();
    let late: Vec<&String> = starts
        .iter()
        .filter(|(_, at)| at.as_str().unwrap() >= eight)
        .map(|(tenant, _)| tenant)
        .collect();
    assert!(!late.is_empty() && late.len() <= 3, "{due}");
    assert_eq!(due["skipped"], json!(late));
    let all = (late.len() == 3).then_some("08:00-18:00");
    assert_eq!(due["blackout"], json!(all));
    let to = ["--from", "2026-11-22T03:00Z", "--to", "2026-11-23T03:00Z"];
    let simulated = host.run(["--json", "simulate"].iter().chain(&to)).json();
    let skipped = simulated["occurrences"].as_array().unwrap().iter();
    let skipped: Vec<&str> = skipped
        .filter(|row| row["outcome"] == "skipped-blackout")
        .map(|row| row["tenant"].as_str().unwrap())
        .collect();
    assert_eq!(json!(skipped), due["skipped"], "the engine does the same");
}

#[test]
fn a_time_that_is_typed_says_its_offset() {
    let host = Host::new();
    host.schedule("a.toml", DAILY);
    let due = |from: &str| host.run(["--json", "next", "-n", "1", "--from", from]);
    for (typed, expected) in [
        (
            "2026-11-28T04:00:00[America/Sao_Paulo]",
            "2026-11-29T06:00:00.000Z",
        ),
        (
            "2026-11-28T02:00:00[America/Sao_Paulo]",
            "2026-11-28T06:00:00.000Z",
        ),
        ("2026-11-28T04:00Z", "2026-11-28T06:00:00.000Z"),
        ("2026-11-28", "2026-11-28T06:00:00.000Z"),
    ] {
        assert_eq!(due(typed).ok().json()[0]["due"], expected, "{typed}");
    }
    for (typed, said) in [
        ("2026-11-28T04:00:00", "has no offset from UTC"),
        ("2026-11-28 04:00", "has no offset from UTC"),
        ("2026-11-28T04:00:00[Mars/Olympus]", "is not a time"),
        ("9999-12-31", "is beyond the times there are here"),
        ("yesterday", "is not a time"),
    ] {
        let ran = due(typed).ended_with(2);
        assert!(
            ran.json()["error"].as_str().unwrap().contains(said),
            "{ran}"
        );
    }
}
