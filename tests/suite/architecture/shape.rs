//! The shape of files: sizes, headers, what the lints cannot see.

use super::source::{Source, has_word, none, rust};

/// A file of this many lines is listed: think of splitting it.
const SOFT_LINES: usize = 300;

/// A file of more lines fails. With its unit tests; the suite and generated code aside.
const HARD_LINES: usize = 500;

/// A module header is read in one look.
const HEADER_LINES: usize = 12;

/// The only files with `unsafe`, each with its reason.
const UNSAFE: &[(&str, &str)] = &[
    (
        "host/ledger/src/backup.rs",
        "SQLite's backup interface, which the library does not wrap",
    ),
    (
        "plugins/sdk/src/arena.rs",
        "a global allocator, inside the guest only",
    ),
    (
        "host/sandbox/src/artifact.rs",
        "code from the private cache is taken as it was compiled",
    ),
    (
        "tests/guests/caller/src/lib.rs",
        "a look at all of its own memory, for a secret that must not be there",
    ),
    (
        "tests/guests/misbehaving/src/memory.rs",
        "a guest that looks for what another left behind",
    ),
];

/// The only files that may write `allow`: what a macro generates is linted differently in every plugin.
const GENERATING: &[&str] = &["plugins/sdk/src/bindings.rs", "plugins/sdk/src/register.rs"];

/// The only file that waits for real time.
const WAITING: &str = "tests/src/eventually.rs";

/// Marks of what is not finished; written apart so that this file does not contain them.
const UNFINISHED: &[&str] = &[
    concat!("todo", "!"),
    concat!("unimplemented", "!"),
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("XX", "X"),
];

#[test]
fn no_file_of_host_or_plugins_is_too_long() {
    let mut offenders = Vec::new();
    for file in rust(&["host/", "plugins/"]) {
        let lines = file.text.lines().count();
        if lines > HARD_LINES {
            offenders.push(format!("{}:{lines}", file.path));
        } else if lines > SOFT_LINES {
            println!("{}:{lines}: over the soft limit of {SOFT_LINES}", file.path);
        }
    }
    none(
        "At most 500 lines a file: split by decision, not by layer.",
        offenders,
    );
}

#[test]
fn every_file_begins_with_a_header_of_at_most_twelve_lines() {
    let mut offenders = Vec::new();
    for file in rust(&["host/", "plugins/", "tests/"]) {
        let header = file
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .count();
        if header == 0 {
            offenders.push(format!("{}:1: no `//!` header", file.path));
        } else if header > HEADER_LINES {
            offenders.push(format!(
                "{}:{header}: a header of {header} lines",
                file.path
            ));
        }
    }
    none(
        "A file says first what it owns, what it never does and what to read next.",
        offenders,
    );
}

#[test]
fn nothing_is_left_unfinished() {
    let mut offenders = Vec::new();
    for file in rust(&["host/", "plugins/", "tests/"]) {
        offenders.extend(file.lines_where(&file.text, |line| {
            UNFINISHED.iter().any(|mark| line.contains(mark))
        }));
    }
    none(
        "What is not done is not there, or is refused with a message.",
        offenders,
    );
}

#[test]
fn no_lint_is_allowed_away() {
    let allowed = |line: &str| {
        let line = line.replace(' ', "");
        line.contains("#[allow(") || line.contains("#![allow(") || line.contains(",allow(")
    };
    let mut offenders = Vec::new();
    for file in rust(&["host/", "plugins/", "tests/"]) {
        if GENERATING.contains(&file.path.as_str()) {
            continue;
        }
        offenders.extend(file.lines_where(&file.code(), allowed));
    }
    none(
        "`expect` with a reason disappears when it is no longer needed; `allow` stays for ever.",
        offenders,
    );
}

#[test]
fn every_expected_lint_has_a_reason() {
    let mut offenders = Vec::new();
    for file in rust(&["host/", "plugins/", "tests/"]) {
        offenders.extend(expectations_without_reason(&file));
    }
    none("`#[expect(lint, reason = \"…\")]`", offenders);
}

fn expectations_without_reason(file: &Source) -> Vec<String> {
    let code = file.code();
    let starts = code.match_indices("expect(").filter(|(start, _)| {
        let before = code[..*start].trim_end();
        before.ends_with("#[")
            || before.ends_with("#![")
            || (before.ends_with(',') && in_attribute(before))
    });
    starts
        .filter(|(start, _)| {
            !code[*start..]
                .split(']')
                .next()
                .unwrap_or_default()
                .contains("reason")
        })
        .map(|(start, _)| format!("{}:{}", file.path, code[..start].lines().count()))
        .collect()
}

/// Whether an attribute is still open at the end of this text: `#[cfg_attr(test, expect(…))]`.
fn in_attribute(before: &str) -> bool {
    before
        .rfind("#[")
        .is_some_and(|start| !before[start..].contains(']'))
}

#[test]
fn unsafe_stands_only_in_the_listed_files() {
    let mut offenders = Vec::new();
    let mut used = Vec::new();
    for file in rust(&["host/", "plugins/", "tests/"]) {
        let found = file.lines_where(&file.code(), |line| has_word(line, "unsafe"));
        if UNSAFE.iter().any(|(path, _)| *path == file.path) {
            used.extend((!found.is_empty()).then_some(file.path));
        } else {
            offenders.extend(found);
        }
    }
    offenders.extend(
        UNSAFE
            .iter()
            .filter(|(path, _)| !used.iter().any(|found| found == path))
            .map(|(path, _)| format!("{path}: is listed, but has none")),
    );
    none("One reviewed place for each reason.", offenders);
}

#[test]
fn no_test_waits_for_real_time() {
    let mut offenders = Vec::new();
    for file in rust(&[
        "host/",
        "plugins/",
        "tests/src/",
        "tests/suite/",
        "tests/bench/",
        "tests/xtask/",
    ]) {
        if file.path == WAITING {
            continue;
        }
        let tests = tests_of(&file);
        let paused = file.text.contains("start_paused");
        offenders.extend(file.lines_where(&tests, |line| {
            line.contains("thread::sleep")
                || line.contains("sleep_ms(")
                || (line.contains("time::sleep") && !paused)
        }));
    }
    none(
        "Tests move a clock or poll with `eventually`; a sleep is slow on good days and wrong on bad ones.",
        offenders,
    );
}

/// The code of the tests in a file, everything before them blank; host code itself waits on its `Clock`, by a lint.
fn tests_of(file: &Source) -> String {
    let code = file.code();
    let all = file.path.starts_with("tests/")
        || file.path.contains("/tests")
        || file.path.contains("/testing");
    let start = if all {
        Some(0)
    } else {
        code.find("#[cfg(test)]")
    };
    let (before, tests) = code.split_at(start.unwrap_or(code.len()));
    "\n".repeat(before.matches('\n').count()) + tests
}

#[test]
fn an_expectation_without_a_reason_is_found() {
    let file = |text: &str| Source {
        path: "a.rs".into(),
        text: text.into(),
    };
    assert_eq!(
        expectations_without_reason(&file("fn f() {}\n#[expect(dead_code)]\nfn g() {}")),
        ["a.rs:2"]
    );
    assert_eq!(
        expectations_without_reason(&file("#[expect(dead_code, reason = \"used by b\")]")),
        [""; 0]
    );
    assert_eq!(
        expectations_without_reason(&file("value.expect(\"there\")")),
        [""; 0]
    );
}
