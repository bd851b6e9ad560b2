//! Names: none that collect code, no vendor in the host.

use std::path::Path;

use super::source::{identifiers, none, rust, words};

/// Words that say nothing, so that everything ends up there.
const EMPTY_WORDS: &[&str] = &[
    "util",
    "utils",
    "helper",
    "helpers",
    "manager",
    "handler",
    "processor",
    "common",
    "core",
    "misc",
    "imp",
    "job",
];

/// Cloud vendors, their products and customers of ours: never in the host, neither in code nor in comments.
const VENDORS: &[&str] = &[
    "aws",
    "amazon",
    "ec2",
    "ebs",
    "gcp",
    "gce",
    "google",
    "azure",
    "openstack",
    "cinder",
    "lxd",
    "incus",
    "ovh",
    "hetzner",
    "digitalocean",
    "segura",
    "senhasegura",
];

/// The one folder where vendors' names are names of authentication schemes.
const AUTHENTICATION_SCHEMES: &str = "host/egress/src/auth";

#[test]
fn no_module_or_type_has_a_name_that_says_nothing() {
    let empty = |name: &str| {
        words(name)
            .iter()
            .any(|word| EMPTY_WORDS.contains(&word.as_str()))
    };
    let mut offenders = Vec::new();
    for file in rust(&["host/", "plugins/", "tests/"]) {
        for part in Path::new(&file.path)
            .with_extension("")
            .iter()
            .map(|part| part.to_string_lossy())
        {
            if empty(&part) {
                offenders.push(format!(
                    "{}:1: the name of the file or its folder",
                    file.path
                ));
            }
        }
        let code = file.code();
        offenders.extend(file.lines_where(&code, |line| declared(line).is_some_and(empty)));
    }
    none(
        "A name says what a thing is; these words fit everything, so everything collects there.",
        offenders,
    );
}

/// The name of the module or type that is declared in the line.
fn declared(line: &str) -> Option<&str> {
    let mut rest = identifiers(line);
    rest.find(|word| ["mod", "struct", "enum", "trait", "type", "union"].contains(word))?;
    rest.next()
}

#[test]
fn no_vendor_is_named_in_the_host() {
    let mut offenders = Vec::new();
    for file in rust(&["host/"]) {
        // Tests read the schedules that are shipped, and these are some customer's.
        if file.path.starts_with(AUTHENTICATION_SCHEMES) || file.path.contains("/tests/") {
            continue;
        }
        let named = |line: &str| {
            identifiers(line)
                .flat_map(words)
                .any(|word| VENDORS.contains(&word.as_str()))
        };
        offenders.extend(file.lines_where(&file.text, named));
    }
    none(
        "The host is neutral: what belongs to one vendor belongs into that vendor's plugin.",
        offenders,
    );
}

#[test]
fn declarations_are_recognised() {
    assert_eq!(
        declared("pub(crate) struct MailHandler<'a> {"),
        Some("MailHandler")
    );
    assert_eq!(declared("mod misc;"), Some("misc"));
    assert_eq!(declared("let module = 1;"), None);
}
