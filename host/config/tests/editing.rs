//! Editing of schedule files: the tidy form keeps meaning and comments, a new entry leaves what is there alone.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where something is not as it should be"
)]

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use strongroom_config::edit::{NewSchedule, NotAdded, add, tidy};
use strongroom_config::{SourceFile, parse};

const NOW: jiff::Timestamp = jiff::Timestamp::constant(1_795_262_400, 0);

fn source(text: &str) -> SourceFile {
    SourceFile {
        path: "a.toml".into(),
        folder: "/etc/strongroom/schedules".into(),
        text: text.to_owned(),
    }
}

/// What the schedules of a text mean, in words; `None`: the text is wrong.
fn meaning(text: &str) -> Option<Vec<String>> {
    let set = parse(vec![source(text)], NOW).ok()?;
    let each = set.schedules.iter().map(|located| {
        let one = &located.schedule;
        let (zone, trigger) = (one.zone.as_str(), format!("{:?}", one.trigger));
        format!(
            "{} {} {zone} {trigger} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {} {:?} {}",
            one.name,
            one.plugin,
            one.tenants,
            one.overlap,
            one.missed,
            one.missed_within,
            one.timeout,
            one.retry,
            one.retention(),
            one.config,
            one.grants,
            one.enabled
        )
    });
    Some(each.collect())
}

/// The comments of a text in which no string holds a `#`.
fn comments(text: &str) -> Vec<String> {
    let each = text.lines().filter_map(|line| line.split_once('#'));
    let mut found: Vec<String> = each
        .map(|(_, comment)| comment.trim_end().to_owned())
        .collect();
    found.sort();
    found
}

/// Tidies a text, and asserts everything that is promised of it.
fn tidied(text: &str) -> String {
    let once = tidy(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let twice = tidy(&once).unwrap_or_else(|error| panic!("{error}\n{once}"));
    assert_eq!(twice, once, "tidy once is tidy\n-- it was\n{text}");
    assert_eq!(meaning(&once), meaning(text), "{text}");
    assert_eq!(comments(&once), comments(text), "{text}\n--\n{once}");
    once
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(folder);
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect()
}

#[test]
fn every_case_that_is_toml_can_be_tidied() {
    let mut meant = 0;
    for file in files("tests/cases/schedules") {
        let text = fs::read_to_string(&file).unwrap();
        if text.parse::<toml::Table>().is_ok() {
            let tidy = tidied(&text);
            meant += usize::from(meaning(&tidy).is_some());
        } else {
            assert!(tidy(&text).is_err(), "{}", file.display());
        }
    }
    assert!(meant >= 5, "only {meant} cases mean something");
}

#[test]
fn the_schedules_of_this_repository_are_tidy() {
    for file in files("schedules") {
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(tidied(&text), text, "{}", file.display());
    }
}

const UNTIDY: &str = r#"

#:schema ./schedule.schema.json


[[ schedule ]] # the first
tenants=["acme","globex"]   # who
name="a"
  plugin =   'local-snapshot'


# below this, everything is about time
timezone = "-03:00"
cron= "0 3 * * *"
retry.delay = "2m"
retry . attempts=3
[schedule.config]
z = 1
a = [ 1,2,
  3]
long = ["a list of more than a hundred characters", "is put one element to a line,", "so that a change of one is one line"]
kept = [ # as it was laid out
  1, # because of this
   2 ]
# the end of config
[schedule.retention]
floor=1
keep-within = "5d"
[[schedule]]
name = "b"
plugin = "x"
every = "1_0m".replace
# the end


"#;

#[test]
fn an_untidy_file_becomes_tidy() {
    let text = UNTIDY.replace("\"1_0m\".replace", "\"10m\"\ntenants = [ \"acme\" ]");
    let expected = r#"#:schema ./schedule.schema.json

[[schedule]] # the first
name = "a"
plugin = 'local-snapshot'
tenants = ["acme", "globex"]   # who

# below this, everything is about time
timezone = "-03:00"
cron = "0 3 * * *"
retry.attempts = 3
retry.delay = "2m"

[schedule.config]
z = 1
a = [1, 2, 3]
long = [
    "a list of more than a hundred characters",
    "is put one element to a line,",
    "so that a change of one is one line",
]
kept = [ # as it was laid out
  1, # because of this
   2 ]

# the end of config
[schedule.retention]
keep-within = "5d"
floor = 1

[[schedule]]
name = "b"
plugin = "x"
every = "10m"
tenants = ["acme"]

# the end
"#;
    assert_eq!(tidied(&text), expected);
}

#[test]
fn services_and_credentials_are_put_in_order_too() {
    let text = r#"[[credential]]
secret = "file:/etc/strongroom/acme-cloud.key"
addresses = ["10.20.0.5"]
origin = "https://compute.example.com"
name = "acme-cloud"
scheme = "bearer"

[[schedule]]
name = "a"
plugin = "p"
every = "10m"
tenants = ["acme"]

[schedule.grants.http.compute]
timeout = "10s"
credential = "acme-cloud"
bind = { zone = "a", project = "acme" }
operations = ["list"]
origin = "https://compute.example.com"
"#;
    let expected = r#"[[credential]]
name = "acme-cloud"
scheme = "bearer"
origin = "https://compute.example.com"
secret = "file:/etc/strongroom/acme-cloud.key"
addresses = ["10.20.0.5"]

[[schedule]]
name = "a"
plugin = "p"
every = "10m"
tenants = ["acme"]

[schedule.grants.http.compute]
origin = "https://compute.example.com"
operations = ["list"]
bind = { zone = "a", project = "acme" }
credential = "acme-cloud"
timeout = "10s"
"#;
    assert_eq!(tidied(text), expected);
}

#[test]
fn what_is_not_toml_is_left_alone() {
    assert!(tidy("[[schedule]]\nname = ").is_err());
    assert_eq!(tidy("").unwrap(), "");
}

fn blank() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(""), Just(" "), Just("   "), Just("\t")]
}

/// Lines between two lines.
fn between() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        4 => Just(""),
        1 => Just("\n"),
        1 => Just("\n\n  \n"),
        1 => Just("# a comment\n"),
        1 => Just("\n   # one \n\n\n# two\n\n"),
    ]
}

fn beside() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just(""), 1 => Just("# beside"), 1 => Just("    # far beside  ")]
}

fn keys() -> impl Strategy<Value = Vec<&'static str>> {
    let required = vec![
        "plugin=\"p\"",
        "cron='0 3 * * *'",
        "tenants=[ 'acme',\n \"globex\" , ]",
    ];
    let others = vec![
        "timezone=\"-03:00\"",
        "missed=\"none\"",
        "timeout=\"\"\"1h\"\"\"",
        "\"memory\"=\"512MiB\"",
        "enabled=false",
        "retry.delay=\"1m\"",
        "retry.\"attempts\"=4",
        "config.b.c={y=1,x=[1,{z=2}]}",
        "config.b.a=[ # inside\n 1 , 2]",
        "config.a=\"x\"",
        "grants={files={data={access=\"read\",path=\"/a/{tenant}\"}},state=true}",
        "retention={floor=2,keep-last=3,}",
    ];
    let count = others.len();
    prop::sample::subsequence(others, 0..=count).prop_flat_map(move |chosen| {
        let mut all = required.clone();
        all.extend(chosen);
        Just(all).prop_shuffle()
    })
}

type Line = (&'static str, &'static str, &'static str, &'static str);

fn entry() -> impl Strategy<Value = (Vec<&'static str>, Vec<Line>)> {
    keys().prop_flat_map(|keys| {
        let lines = keys.len() + 2;
        let line = (between(), blank(), blank(), beside());
        (Just(keys), prop::collection::vec(line, lines))
    })
}

fn written(entries: &[(Vec<&str>, Vec<Line>)]) -> String {
    let mut text = String::new();
    for (number, (keys, lines)) in entries.iter().enumerate() {
        let name = format!("name=\"n{number}\"");
        let header = std::iter::once("[[schedule]]").chain([name.as_str()]);
        for (key, (above, indent, end, beside)) in header.chain(keys.iter().copied()).zip(lines) {
            text.push_str(&format!("{above}{indent}{key}{end}{beside}\n"));
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn generated_files_keep_meaning_and_comments(entries in prop::collection::vec(entry(), 1..4)) {
        let text = written(&entries);
        prop_assert!(meaning(&text).is_some(), "{}\n{text}", parse(vec![source(&text)], NOW).unwrap_err());
        tidied(&text);
    }
}

fn new(name: &str) -> NewSchedule {
    NewSchedule {
        name: name.into(),
        plugin: "local-snapshot".into(),
        tenants: vec!["acme".into()],
        when: ("cron", "0 3 * * *".into()),
        read: vec![("data".into(), "/srv/\"{tenant}\"".into())],
        ..NewSchedule::default()
    }
}

#[test]
fn an_entry_is_added_and_nothing_else_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    let there =
        "# mine\n[[schedule]]\nname='old'   # untidy\nplugin = \"p\"\nevery=\"1h\"\ntenants=['a']";
    fs::write(&file, there).unwrap();
    let addition = add(folder.path(), &file, &new("new"), NOW).unwrap();
    assert_eq!(addition.text, format!("{there}\n\n{}", addition.entry));
    assert_eq!(addition.schedule.name.as_str(), "new");
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        there,
        "nothing is written yet"
    );
    assert!(matches!(
        add(folder.path(), &file, &new("old"), NOW),
        Err(NotAdded::Exists(_))
    ));
    let wrong = NewSchedule {
        tenants: vec!["Acme".into()],
        ..new("new")
    };
    assert!(matches!(
        add(folder.path(), &file, &wrong, NOW),
        Err(NotAdded::After(_))
    ));
    fs::write(&file, "[[schedule]]").unwrap();
    assert!(matches!(
        add(folder.path(), &file, &new("new"), NOW),
        Err(NotAdded::Before(_))
    ));
}

#[test]
fn an_entry_may_be_the_first_of_a_file_and_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new.toml");
    let addition = add(folder.path(), &file, &new("new"), NOW).unwrap();
    assert_eq!(addition.text, addition.entry);
    assert_eq!(tidied(&addition.text), addition.text);
}
