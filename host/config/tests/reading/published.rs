//! What is published beside the program: the schema, the reference, the schedules that run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use strongroom_config::{SourceFile, calendar_json_schema, json_schema};
use strongroom_domain::grants::Access;
use strongroom_domain::schedule::Schedule;

use crate::{load, parse};

fn schedules() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schedules")).unwrap()
}

/// The folder of every text has the calendar that examples name.
fn source(text: &str) -> Vec<SourceFile> {
    vec![SourceFile {
        path: "a.toml".into(),
        folder: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calendars"),
        text: text.into(),
    }]
}

#[test]
fn the_schema_beside_the_schedules_is_current() {
    let path = schedules().join("schedule.schema.json");
    let current = json_schema();
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(
            &path,
            serde_json::to_string_pretty(&current).unwrap() + "\n",
        )
        .unwrap();
    }
    // Compared as values: the order of keys depends on how serde_json was built.
    let kept: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert!(
        kept == current,
        "update it: strongroom schema > schedules/schedule.schema.json"
    );
}

/// Every key of the file with the table it stands in: `("[schedule.retry]", "delay", …)`.
fn keys(schema: &Value) -> Vec<(&'static str, String, Value)> {
    let entry = &schema["properties"]["schedule"]["items"];
    let grants = &entry["properties"]["grants"];
    let tables = [
        ("", entry),
        ("[schedule.retry]", &entry["properties"]["retry"]),
        ("[schedule.retention]", &entry["properties"]["retention"]),
        ("[schedule.off-site]", &entry["properties"]["off-site"]),
        ("[schedule.blackout]", &entry["properties"]["blackout"]),
        ("[schedule.grants]", grants),
        (
            "[schedule.grants.files.data]",
            &grants["properties"]["files"]["additionalProperties"],
        ),
    ];
    let limit = ("[[limit]]", &schema["properties"]["limit"]["items"]);
    let mut keys = Vec::new();
    for (header, table) in tables.into_iter().chain([limit]) {
        for (key, described) in table["properties"].as_object().unwrap() {
            keys.push((header, key.clone(), described.clone()));
        }
    }
    keys
}

/// The table of the keys of one table of the file, as the reference has it.
fn reference(header: &str, table: &Value) -> String {
    let mut text = "| key | example | meaning |\n|---|---|---|\n".to_owned();
    let required = table["required"].as_array().into_iter().flatten();
    let required: Vec<_> = required.filter_map(Value::as_str).collect();
    let mut keys: Vec<_> = table["properties"].as_object().unwrap().iter().collect();
    // The required ones first, then by name: the order of a JSON object depends on how serde_json was built.
    keys.sort_by_key(|(key, _)| (!required.contains(&key.as_str()), key.as_str()));
    for (key, described) in keys {
        let shown = described["examples"][0]
            .to_string()
            .replace("\",\"", "\", \"");
        let example = match &described["examples"][0] {
            Value::Null if key == "files" => "[schedule.grants.files.data]".to_owned(),
            Value::Null => format!("{}.{key}]", header.replace("[[", "[").trim_end_matches(']')),
            _ => format!("{key} = {shown}"),
        };
        let mut meaning = described["description"].as_str().unwrap().to_owned();
        if required.contains(&key.as_str()) {
            meaning.insert_str(0, "Required. ");
        }
        if !described["default"].is_null() {
            meaning.push_str(&format!(" Default: `{}`.", described["default"]));
        }
        text.push_str(&format!(
            "| `{key}` | `{example}` | {} |\n",
            meaning.replace('|', "\\|")
        ));
    }
    text
}

/// Replaces what stands between the marks of each table.
fn rewritten(readme: &str) -> String {
    let (file, calendar) = (json_schema(), calendar_json_schema());
    let entry = &file["properties"]["schedule"]["items"];
    let inner = &entry["properties"];
    let mut text = readme.to_owned();
    for (header, table) in [
        ("[[schedule]]", entry),
        ("[schedule.retry]", &inner["retry"]),
        ("[schedule.retention]", &inner["retention"]),
        ("[schedule.off-site]", &inner["off-site"]),
        ("[schedule.blackout]", &inner["blackout"]),
        ("[schedule.grants]", &inner["grants"]),
        (
            "[schedule.grants.files.NAME]",
            &inner["grants"]["properties"]["files"]["additionalProperties"],
        ),
        (
            "[schedule.grants.http.NAME]",
            &inner["grants"]["properties"]["http"]["additionalProperties"],
        ),
        ("[[credential]]", &file["properties"]["credential"]["items"]),
        ("[[limit]]", &file["properties"]["limit"]["items"]),
        ("[[day]]", &calendar["properties"]["day"]["items"]),
        ("[[time]]", &calendar["properties"]["time"]["items"]),
    ] {
        let begin = format!("<!-- keys of {header}, made from the schema -->\n");
        let (before, rest) = text.split_once(&begin).unwrap();
        let (_, after) = rest.split_once("<!-- end of keys -->\n").unwrap();
        text = format!(
            "{before}{begin}\n{}\n<!-- end of keys -->\n{after}",
            reference(header, table)
        );
    }
    text
}

#[test]
fn the_reference_is_made_from_the_schema() {
    let path = schedules().join("README.md");
    let kept = fs::read_to_string(&path).unwrap();
    let current = rewritten(&kept);
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(&path, &current).unwrap();
        return;
    }
    assert!(
        kept == current,
        "update it: UPDATE_CASES=1 cargo test -p strongroom-config"
    );
}

#[test]
fn every_key_of_the_schema_is_read_and_every_wrong_kind_is_reported_there() {
    for (header, key, _) in keys(&json_schema()) {
        let entry = if header == "[[limit]]" {
            ""
        } else {
            "[[schedule]]"
        };
        let text = format!("{entry}\n{header}\n{key} = [[[1]]]\n");
        let problems = parse(source(&text)).unwrap_err();
        let there = |message: &str| message.contains(&format!("`{key}` must be"));
        assert!(
            problems.iter().any(|problem| there(&problem.message)),
            "{header} {key}: {problems}"
        );
        assert!(!problems.to_string().contains("not a key"), "{problems}");
    }
}

/// A right file with one line of a key in its table.
fn with_line(header: &str, key: &str, line: &str) -> String {
    let mut entry = vec!["name = \"a\"", "plugin = \"p\"", "tenants = [\"acme\"]"];
    entry.push(match key {
        "every" | "at" | "on" | "after" => "",
        "after-outcome" => "after = \"acme-daily\"",
        _ => "cron = \"@daily\"",
    });
    if matches!(key, "shadow-of" | "succeeded-by") {
        // They have it from the schedule that they name.
        entry.truncate(2);
    }
    if key == "drill-of" {
        entry.retain(|line| !line.starts_with("plugin"));
    }
    if line == "missed = \"all\"" {
        entry.push("overlap = \"queue\"");
    }
    let table = match header {
        "[schedule.retention]" => vec!["keep-last = 1"],
        "[schedule.off-site]" => vec!["of = \"acme-daily\""],
        "[schedule.grants.files.data]" => vec!["path = \"/a\"", "access = \"read\""],
        "[[limit]]" if key == "at-once" => vec!["plugin = \"p\""],
        "[[limit]]" => vec!["at-once = 1"],
        _ => Vec::new(),
    };
    // A line of the same key gives way.
    let without = |lines: Vec<&str>| -> String {
        let other = |other: &&str| !other.starts_with(&format!("{key} ="));
        lines
            .into_iter()
            .filter(other)
            .map(|line| format!("{line}\n"))
            .collect()
    };
    let followed = "[[schedule]]\nname = \"acme-daily\"\nplugin = \"p\"\ntenants = [\"acme\", \"globex\"]\nevery = \"1h\"\n";
    // Two schedules may not have one name.
    let followed = if key == "name" { "" } else { followed };
    match header {
        "" => format!("{followed}[[schedule]]\n{}{line}\n", without(entry)),
        header => {
            let entry: String = entry.iter().map(|line| format!("{line}\n")).collect();
            format!(
                "{followed}[[schedule]]\n{entry}{header}\n{}{line}\n",
                without(table)
            )
        }
    }
}

#[test]
fn every_example_and_every_choice_of_the_schema_is_accepted() {
    for (header, key, described) in keys(&json_schema()) {
        let list = |at: &str| described[at].as_array().cloned().unwrap_or_default();
        for value in list("examples").iter().chain(&list("enum")) {
            let text = with_line(header, &key, &format!("{key} = {value}"));
            if let Err(problems) = parse(source(&text)) {
                panic!("{text}\n{problems}");
            }
        }
    }
}

fn shipped(file: &str, name: &str) -> Schedule {
    let set = load(&schedules().join(file)).unwrap();
    assert!(set.warnings.is_empty(), "{}", set.warnings);
    set.get(name).unwrap().schedule.as_ref().clone()
}

#[test]
fn every_shipped_schedule_loads_without_a_warning() {
    let set = load(&schedules()).unwrap();
    assert!(set.warnings.is_empty(), "{}", set.warnings);
    assert!(set.get("demo-daily").is_some() && set.get("segura-saas-daily").is_some());
}

#[test]
fn the_demo_reads_and_writes_below_target_only() {
    let demo = shipped("demo.toml", "demo-daily");
    let root = schedules().parent().unwrap().join("target/demo");
    let paths: BTreeSet<_> = demo
        .grants
        .files
        .values()
        .map(|tree| (tree.access, tree.path.clone()))
        .collect();
    let expected = [
        (Access::Read, root.join("data/{tenant}")),
        (Access::Write, root.join("shelf")),
    ];
    assert_eq!(paths, expected.into());
}

#[test]
fn p01_p02_the_saas_schedule_is_daily_at_03_gmt_minus_3_and_keeps_five_days() {
    let saas = shipped("segura-saas.toml", "segura-saas-daily");
    let after = "2026-01-31T12:00:00Z".parse().unwrap();
    let until = "2026-02-03T12:00:00Z".parse().unwrap();
    let due = strongroom_domain::calendar::due_between(&saas.trigger, &saas.zone, after, until);
    let due: Vec<_> = due.map(|due| due.at.to_string()).collect();
    assert_eq!(
        due,
        [
            "2026-02-01T06:00:00Z",
            "2026-02-02T06:00:00Z",
            "2026-02-03T06:00:00Z"
        ]
    );
    let retention = saas.retention().unwrap();
    assert_eq!(retention.keep_within.as_ref().unwrap().as_str(), "5d");
    assert_eq!((retention.keep_last, retention.floor), (Some(5), 2));
    assert_eq!(saas.timeout, Duration::from_secs(4 * 3600));
}

#[test]
fn p04_the_saas_schedule_is_drilled_every_week_as_it_runs() {
    let saas = shipped("segura-saas.toml", "segura-saas-daily");
    let drill = shipped("segura-saas.toml", "segura-saas-drill");
    assert_eq!(drill.drill_of(), Some(&saas.name));
    assert_eq!(
        (&drill.plugin, &drill.config, &drill.grants, &drill.tenants),
        (&saas.plugin, &saas.config, &saas.grants, &saas.tenants)
    );
    assert!(drill.retention().is_none());
}
