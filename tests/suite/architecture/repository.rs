//! The rest of the repository: the root, the lock file, the README.

use std::fs;
use std::process::Command;

use strongroom_tests::strongroom;

use super::source::{everything, none, root};

/// Only what tools insist on stands at the root.
const ROOT: &[&str] = &[
    ".cargo",
    ".ci",
    ".git",
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "clippy.toml",
    "deny.toml",
    "host",
    "plugins",
    "rust-toolchain.toml",
    "schedules",
    "target",
    "tests",
    "wit",
];

/// Where packages come from; written apart so that this file does not contain them.
const REGISTRIES: &[&str] = &[
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("npmjs", "."),
    concat!("docker", ".io"),
    concat!("ghcr", ".io"),
    concat!("quay", ".io"),
    concat!("golang", ".org"),
    concat!("artifac", "tory"),
    concat!("deb.", "debian"),
    concat!("static.", "rust-lang"),
];

/// The only source that the lock file may name: cargo's own default.
const LOCKED: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");

/// Commands that have commands of their own.
const GROUPS: &[&str] = &["snapshots", "plugin", "audit", "swap"];

#[test]
fn only_what_tools_insist_on_stands_at_the_root() {
    let found = fs::read_dir(root())
        .expect("the root")
        .map(|entry| entry.expect("an entry").file_name());
    let names = found.map(|name| name.to_string_lossy().into_owned());
    let offenders = names
        .filter(|name| !ROOT.contains(&name.as_str()) && !name.ends_with(".profraw"))
        .collect();
    none("The root is the table of contents.", offenders);
}

#[test]
fn no_file_names_a_registry() {
    let mut offenders = Vec::new();
    for file in everything() {
        // The fuzz targets are a workspace of their own.
        let locked = ["Cargo.lock", "tests/fuzz/Cargo.lock"].contains(&file.path.as_str());
        offenders.extend(file.lines_where(&file.text, |line| {
            let line = if locked {
                line.replace(LOCKED, "")
            } else {
                line.to_lowercase()
            };
            REGISTRIES.iter().any(|registry| line.contains(registry))
                || (locked && line.contains("://"))
        }));
    }
    none(
        "Where packages come from is a matter of each machine's own configuration.",
        offenders,
    );
}

#[test]
fn the_check_of_every_change_is_the_command_of_the_readme() {
    let run = fs::read_to_string(root().join(".ci/run")).expect(".ci/run");
    let commands: Vec<&str> = run
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("cd "))
        .collect();
    assert_eq!(
        commands,
        ["set -euo pipefail", "cargo xtask test"],
        ".ci/run does something that the README does not say"
    );
    assert!(
        readme().contains("cargo xtask test"),
        "README.md does not name `cargo xtask test`"
    );
}

#[test]
fn every_command_in_the_readme_exists() {
    let tasks = fs::read_to_string(root().join("tests/xtask/src/main.rs")).expect("tests/xtask");
    let mut offenders = Vec::new();
    let mut seen = 0;
    for (number, line) in readme().lines().enumerate() {
        for words in commands(line) {
            seen += 1;
            let wrong = match words.first().map(String::as_str) {
                Some("xtask") => {
                    let task = words.get(1).cloned().unwrap_or_default();
                    (!tasks.contains(&format!("\n        \"{task}\" => ")))
                        .then(|| format!("there is no task `{task}`"))
                }
                _ => wrong_in(&words[1..]),
            };
            offenders.extend(
                wrong.map(|wrong| format!("README.md:{}: {wrong}: {}", number + 1, line.trim())),
            );
        }
    }
    assert!(seen >= 2, "README.md shows no commands");
    none("A newcomer types what the README says.", offenders);
}

/// The commands of a line: from `strongroom` or `cargo xtask` to the end of the command, as words. A line of a table
/// that begins with code is a command of `strongroom`.
fn commands(line: &str) -> Vec<Vec<String>> {
    if let Some((code, _)) = line
        .strip_prefix("| `")
        .and_then(|rest| rest.split_once('`'))
    {
        return vec![
            std::iter::once("strongroom")
                .chain(code.split_whitespace())
                .map(str::to_owned)
                .collect(),
        ];
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let word = word.trim_start_matches(['`', '$', '(']);
        let before = index.checked_sub(1).map(|before| words[before]);
        let begins_code =
            words[index].starts_with('`') || before.is_none_or(|before| before == "$");
        let xtask = word == "cargo"
            && words
                .get(index + 1)
                .is_some_and(|next| next.trim_end_matches('`') == "xtask");
        let name = if xtask { "xtask" } else { "strongroom" };
        let ours = begins_code && word.rsplit('/').next() == Some("strongroom");
        if !xtask && !ours {
            continue;
        }
        let mut command = vec![name.to_owned()];
        for part in words.iter().skip(index + 1 + usize::from(xtask)) {
            if part.starts_with(['#', '|', '>', '&', '·', '→', '—']) {
                break;
            }
            let text = part.trim_matches(['`', '[', ']', ',', '.', ')', ';', ':']);
            if !text.is_empty() {
                command.push(text.to_owned());
            }
            if part.contains('`') {
                break;
            }
        }
        if command.len() > 1 {
            found.push(command);
        }
    }
    found
}

/// What is wrong with the words after `strongroom`: an unknown command or option.
fn wrong_in(words: &[String]) -> Option<String> {
    let words = without_global_options(words);
    let is_name = |word: &&String| {
        !word.starts_with('-') && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    };
    let first = words.first().filter(is_name)?;
    let mut help = Command::new(strongroom());
    help.arg(first);
    if GROUPS.contains(&first.as_str()) {
        help.args(words.get(1).filter(is_name));
    }
    let output = help
        .arg("--help")
        .output()
        .expect("strongroom can be started");
    if !output.status.success() {
        return Some(format!("there is no command `{}`", words.join(" ")));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let options = words
        .iter()
        .filter(|word| word.starts_with("--") && word.len() > 2);
    options
        .map(|option| option.split('=').next().unwrap_or_default())
        .find(|option| !text.contains(option))
        .map(|option| format!("`strongroom {first}` has no option `{option}`"))
}

/// The words from the command on: options before it are those that every command has.
fn without_global_options(words: &[String]) -> &[String] {
    match words {
        [option, _, rest @ ..]
            if ["--schedules", "--plugins", "--state"].contains(&option.as_str()) =>
        {
            without_global_options(rest)
        }
        [option, rest @ ..] if option == "--json" => without_global_options(rest),
        _ => words,
    }
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("README.md")
}

#[test]
fn commands_are_found_in_text_and_in_code() {
    assert_eq!(
        commands("Then `cargo xtask demo` and more."),
        [["xtask", "demo"]]
    );
    assert_eq!(
        commands("$ strongroom next -n 3   # soon"),
        [["strongroom", "next", "-n", "3"]]
    );
    assert_eq!(
        commands("strongroom restore ID --to DIR [--path P]"),
        [["strongroom", "restore", "ID", "--to", "DIR", "--path", "P"]]
    );
    assert!(commands("The strongroom is a room.").is_empty());
    assert_eq!(
        commands("| `once SCHEDULE` | runs it now |"),
        [["strongroom", "once", "SCHEDULE"]]
    );
    let words = ["--schedules", "a.toml", "--json", "check"].map(str::to_owned);
    assert_eq!(without_global_options(&words), ["check"]);
}
