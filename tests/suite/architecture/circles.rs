//! Inside a crate: which folder may name which, and no circle of files other than parent and child.
//!
//! Read from `use` lines and paths that begin with `crate`, `super` or `self`; unit tests aside.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, none, rust};

/// A module as its path from the root of its crate; the root is empty.
type Module = Vec<String>;

/// The files of one crate and what each of them names.
struct Crate {
    files: BTreeMap<Module, String>,
    names: BTreeMap<Module, BTreeSet<Module>>,
}

/// A folder (or file) of a crate, what of the same crate it may not name, and why.
const FOLDERS: &[(&str, &[&str], &str)] = &[
    (
        "host/orchestrator/src/engine",
        &["roles/snapshots", "roles/task"],
        "the engine reads as if it could schedule anything",
    ),
    (
        "host/orchestrator/src/call",
        &["roles", "engine", "planner", "activation"],
        "one call knows nobody who makes it",
    ),
    (
        "host/orchestrator/src/roles",
        &["engine", "planner", "activation"],
        "a driver does not know who drives it",
    ),
    (
        "host/orchestrator/src/planner",
        &["roles", "engine", "call"],
        "planning writes due times and calls nobody",
    ),
    (
        "host/capabilities/src/files",
        &["http", "state"],
        "a capability does not know another",
    ),
    (
        "host/capabilities/src/http",
        &["files", "state"],
        "a capability does not know another",
    ),
    (
        "host/capabilities/src/state",
        &["files", "http"],
        "a capability does not know another",
    ),
    (
        "host/config/src/raw",
        &["resolved"],
        "what is written does not know what is meant",
    ),
    (
        "host/ledger/src/audit",
        &["sqlite"],
        "the audit log stands on any engine",
    ),
];

#[test]
fn folders_name_only_what_they_may() {
    let mut offenders = Vec::new();
    for (folder, forbidden, why) in FOLDERS {
        let (home, inside) = folder.split_once("/src/").expect("a folder inside a crate");
        let inside = segments(inside);
        let found = crate_in(home);
        let own = found.files.keys().filter(|file| file.starts_with(&inside));
        assert!(
            own.clone().count() > 0,
            "{folder} holds no file: correct the table"
        );
        for file in own {
            for named in found.names.get(file).into_iter().flatten() {
                if forbidden
                    .iter()
                    .any(|other| named.starts_with(&segments(other)))
                {
                    let (path, named) = (&found.files[file], named.join("::"));
                    offenders.push(format!("{path}: names `{named}`, and {why}"));
                }
            }
        }
    }
    none("Arrows between folders go one way.", offenders);
}

#[test]
fn no_files_are_in_a_circle_other_than_parent_and_child() {
    let mut offenders = Vec::new();
    for home in homes() {
        let found = crate_in(&home);
        for circle in circles(&found.names) {
            let files: Vec<&str> = circle
                .iter()
                .map(|file| found.files[file].as_str())
                .collect();
            offenders.push(files.join(" ↔ "));
        }
    }
    none(
        "Shared definitions move down, dispatch moves up: files that know each other cannot be read one by one.",
        offenders,
    );
}

/// The folders of the crates of the host.
fn homes() -> BTreeSet<String> {
    let files = rust(&["host/"]);
    let homes = files
        .iter()
        .filter_map(|file| Some(file.path.split_once("/src/")?.0.to_owned()));
    homes.collect()
}

fn crate_in(home: &str) -> Crate {
    let prefix = format!("{home}/src/");
    let files: Vec<(Module, Source)> = rust(&[&prefix])
        .into_iter()
        .filter(|file| !file.path.contains("/tests/") && !file.path.ends_with("/tests.rs"))
        .map(|file| (module(&file.path[prefix.len()..]), file))
        .collect();
    let known: BTreeSet<Module> = files.iter().map(|(module, _)| module.clone()).collect();
    let names = files.iter().map(|(module, file)| {
        let code = file.code();
        let code = code.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        (module.clone(), named(code, module, &known))
    });
    Crate {
        names: names.collect(),
        files: files
            .iter()
            .map(|(module, file)| (module.clone(), file.path.clone()))
            .collect(),
    }
}

/// `engine/mod.rs` and `engine.rs` are `engine`; `lib.rs` and `main.rs` are the root.
fn module(path: &str) -> Module {
    let mut module = segments(path.trim_end_matches(".rs"));
    if module.last().is_some_and(|last| last == "mod") || ["lib.rs", "main.rs"].contains(&path) {
        module.pop();
    }
    module
}

fn segments(path: &str) -> Module {
    path.split('/').map(str::to_owned).collect()
}

/// The files of the same crate that this code names.
fn named(code: &str, own: &Module, known: &BTreeSet<Module>) -> BTreeSet<Module> {
    let mut found = BTreeSet::new();
    for path in paths(code) {
        let mut parts = path.split("::");
        let mut target = match parts.next() {
            Some("crate") => Module::new(),
            Some("self") => own.clone(),
            _ => own[..own.len().saturating_sub(1)].to_vec(),
        };
        for part in parts {
            if part == "super" {
                target.pop();
            } else {
                target.push(part.to_owned());
            }
        }
        while !target.is_empty() && !known.contains(&target) {
            target.pop();
        }
        if target != *own && known.contains(&target) {
            found.insert(target);
        }
    }
    found
}

/// Every path that begins with `crate`, `super` or `self`, braces taken apart.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for root in ["crate::", "super::", "self::"] {
        for (start, _) in code.match_indices(root) {
            let before = code[..start].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || before == '_' || before == ':' {
                continue;
            }
            expand(&code[start..], String::new(), &mut found);
        }
    }
    found
}

/// Reads one path, or a list of them in braces; what is left of the text.
fn expand<'a>(text: &'a str, prefix: String, found: &mut Vec<String>) -> &'a str {
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
        .unwrap_or(text.len());
    let path = format!("{prefix}{}", &text[..end]);
    let mut rest = &text[end..];
    if !(path.ends_with("::") && rest.starts_with('{')) {
        found.push(path.trim_end_matches("::").to_owned());
        return rest;
    }
    rest = rest[1..].trim_start();
    while !rest.is_empty() && !rest.starts_with('}') {
        let after = expand(rest, path.clone(), found).trim_start();
        // `x as y`, a comma, or something that is no path.
        let next = after.find([',', '}']).unwrap_or(after.len());
        rest = after[next..].trim_start_matches(',').trim_start();
    }
    rest.get(1..).unwrap_or_default()
}

/// Groups of files each of which reaches every other; parents and children count as one.
fn circles(names: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Vec<Module>> {
    let related = |a: &Module, b: &Module| a.starts_with(b) || b.starts_with(a);
    let reached = |from: &Module| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(file) = open.pop() {
            for next in names.get(&file).into_iter().flatten() {
                if !related(&file, next) && seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    let reaches: BTreeMap<&Module, BTreeSet<Module>> =
        names.keys().map(|file| (file, reached(file))).collect();
    let mut circles = Vec::new();
    let mut done = BTreeSet::new();
    for (file, all) in &reaches {
        if !all.contains(*file) || done.contains(*file) {
            continue;
        }
        let back = |other: &&Module| reaches.get(*other).is_some_and(|all| all.contains(*file));
        let circle: Vec<Module> = all.iter().filter(back).cloned().collect();
        done.extend(circle.iter().cloned());
        circles.push(circle);
    }
    circles
}

#[test]
fn paths_are_taken_apart() {
    let code = "use crate::a::{self, b::C, d};\nuse super::e as f;\nlet x = crate::g::h(1); other_crate::i();";
    assert_eq!(
        paths(code),
        [
            "crate::a::self",
            "crate::a::b::C",
            "crate::a::d",
            "crate::g::h",
            "super::e"
        ]
    );
    assert_eq!(module("engine/mod.rs"), ["engine"]);
    assert_eq!(module("lib.rs"), [""; 0]);
    let known = ["a", "a/b", "a/c", "x"].map(segments).into();
    assert_eq!(
        named(
            "use super::super::x; use self::b::C;",
            &segments("a/c"),
            &known
        ),
        [segments("x")].into()
    );
}

#[test]
fn a_circle_is_found_and_a_parent_with_its_child_is_none() {
    let of = |pairs: &[(&str, &[&str])]| {
        let module = |(file, names): &(&str, &[&str])| {
            (
                segments(file),
                names.iter().map(|name| segments(name)).collect(),
            )
        };
        circles(&pairs.iter().map(module).collect())
    };
    assert_eq!(of(&[("a", &["a/b"]), ("a/b", &["a"])]), [[[""; 0]; 0]; 0]);
    assert_eq!(
        of(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("d", &["a"])]),
        [[["a"], ["b"], ["c"]]]
    );
}
