//! The contract (`wit/`): its files, the room in it to grow, and that its shape changes only together with its version.
//!
//! Owns: `tests/released/digests.txt`, one line for each version: `VERSION STATUS DIGEST`.
//! Read next: `wit/types.wit` (how it grows), `tests/released/README.md`.

use std::collections::BTreeMap;
use std::fs;

use sha2::{Digest, Sha256};

use super::source::{Source, everything, none, root};

/// Where each version's digest stands.
const DIGESTS: &str = "tests/released/digests.txt";

/// Records without `extra` of their own: parts of records that have it, and one whose `features` are open.
const PARTS: &[&str] = &["metadata", "time", "description"];

/// What stands behind a gate of its own.
const GATED: &[&str] = &[
    "export",
    "import",
    "include",
    "interface",
    "record",
    "resource",
    "type",
    "use",
    "variant",
    "world",
];

fn contract() -> Vec<Source> {
    let ours = |file: &Source| {
        file.path.starts_with("wit/")
            && file.path.ends_with(".wit")
            && !file.path.starts_with("wit/deps/")
    };
    let found: Vec<Source> = everything().into_iter().filter(ours).collect();
    assert!(found.len() >= 9, "only {} files in wit/", found.len());
    found
}

/// The lines without comments, each with its number.
fn lines(file: &Source) -> impl Iterator<Item = (usize, &str)> {
    let lines = file.text.lines().map(str::trim).enumerate();
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with("//"))
        .map(|(index, line)| (index + 1, line))
}

/// The package's version, which `types.wit` declares.
fn version(files: &[Source]) -> String {
    let declared = files
        .iter()
        .flat_map(|file| file.text.lines())
        .find_map(|line| line.strip_prefix("package strongroom:plugin@"));
    declared
        .expect("wit/types.wit names the package")
        .trim_end_matches(';')
        .to_owned()
}

/// The digest of every shape: comments, blank lines and indentation do not count.
fn digest(files: &[Source]) -> String {
    let mut digest = Sha256::new();
    for file in files {
        for (_, line) in lines(file) {
            digest.update(line);
            digest.update("\n");
        }
    }
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn the_contract_changes_only_together_with_its_version() {
    let files = contract();
    let (version, digest) = (version(&files), digest(&files));
    let text = fs::read_to_string(root().join(DIGESTS)).expect(DIGESTS);
    let known: BTreeMap<&str, (&str, &str)> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, (words.next()?, words.next()?)))
        })
        .collect();
    let line = format!("{version} unreleased {digest}");
    match known.get(version.as_str()) {
        Some((_, known)) if *known == digest => {}
        Some(("unreleased", _)) => panic!(
            "The shape of wit/ changed. {version} is not released yet, so it may: write this line into {DIGESTS}, and build \
             the plugins of tests/released/{version}/ anew as its README says.\n{line}"
        ),
        Some(_) => panic!(
            "The shape of wit/ changed, and {version} is released: plugins that nobody can build anew rely on it. Take back \
             what changed or went away. What was added is an addition: raise the patch version in wit/types.wit, put \
             `@since(version = NEW)` on each addition, write a line for the new version into {DIGESTS}, and add plugins of it \
             in tests/released/NEW/. Never change the line or the plugins of a released version.\n{line}"
        ),
        None => panic!("{DIGESTS} does not know {version}. Add this line.\n{line}"),
    }
    for version in known.keys() {
        let folder = root().join("tests/released").join(version);
        assert!(
            folder.is_dir(),
            "{} is missing: old plugins are kept for ever",
            folder.display()
        );
    }
}

/// `1.2.3` as numbers that compare.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let parts = version.split('.').map(|part| part.parse().ok());
    parts
        .collect::<Option<Vec<u64>>>()
        .filter(|parts| parts.len() == 3)
}

#[test]
fn everything_in_the_contract_says_since_when() {
    let files = contract();
    let package = numbers(&version(&files));
    let mut offenders = Vec::new();
    for file in &files {
        let mut before = "";
        for (at, line) in lines(file) {
            let first = line.split([' ', ':']).next().unwrap_or_default();
            let function = line.contains(": func(") || line.contains(": static func(");
            let since = before
                .strip_prefix("@since(version = ")
                .and_then(|rest| numbers(rest.trim_end_matches(')')));
            let gated = since.is_some() && since <= package;
            if (GATED.contains(&first) || function) && !gated {
                offenders.push(format!("{}:{at}: {line}", file.path));
            }
            before = line;
        }
    }
    none(
        "Each item has a gate `@since(version = …)` of this version or an older one.",
        offenders,
    );
}

#[test]
fn everything_in_the_contract_has_room_to_grow() {
    let mut offenders = Vec::new();
    for file in &contract() {
        let mut open: Option<(usize, &str, bool)> = None;
        for (at, line) in lines(file) {
            match line.split_once(' ') {
                Some(("enum" | "flags", _)) => {
                    offenders.push(format!("{}:{at}: {line}", file.path));
                }
                Some(("record" | "variant", rest)) => {
                    let name = rest.trim_end_matches([' ', '{']);
                    open = Some((at, name, PARTS.contains(&name)));
                }
                _ => {}
            }
            if let Some((_, _, grows)) = &mut open {
                *grows |= line == "extra: extra," || line.starts_with("other(");
            }
            if line == "}"
                && let Some((at, name, false)) = open.take()
            {
                offenders.push(format!("{}:{at}: {name}", file.path));
            }
        }
    }
    none(
        "A record has `extra`, a variant has `other`, and enums cannot grow.",
        offenders,
    );
}

#[test]
fn each_file_of_the_contract_is_one_interface_named_like_it() {
    let mut offenders = Vec::new();
    for file in &contract() {
        let stem = file
            .path
            .trim_start_matches("wit/")
            .trim_end_matches(".wit");
        let declared = lines(file).filter_map(|(_, line)| line.strip_prefix("interface "));
        let names: Vec<&str> = declared
            .map(|rest| rest.trim_end_matches([' ', '{']))
            .collect();
        let expected: &[&str] = if stem == "worlds" { &[] } else { &[stem] };
        if names != expected {
            offenders.push(format!(
                "{}:1: declares {names:?}, expected {expected:?}",
                file.path
            ));
        }
    }
    none("One file, one interface, one name.", offenders);
}

#[test]
fn every_interface_of_the_contract_is_explained() {
    let mut offenders = Vec::new();
    for file in &contract() {
        let mut before = "";
        for (index, line) in file.text.lines().enumerate() {
            let begins = line.starts_with("interface ") || line.starts_with("world ");
            if begins && !before.starts_with("///") {
                offenders.push(format!("{}:{}: {line}", file.path, index + 1));
            }
            if !line.starts_with('@') {
                before = line;
            }
        }
    }
    none("The comments are the contract.", offenders);
}
