//! Who may know whom: cli → app → {orchestrator, conformance} → capabilities → {sandbox, egress, ledger, config} → domain, and who may name which library.

use std::process::Command;

use serde_json::Value;

use super::source::{none, root, rust};

/// Each host crate and the host crates that it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("strongroom-domain", &[]),
    ("strongroom-config", &["strongroom-domain"]),
    ("strongroom-ledger", &["strongroom-domain"]),
    ("strongroom-egress", &["strongroom-domain"]),
    ("strongroom-sandbox", &["strongroom-domain"]),
    ("strongroom-capabilities", LOWER),
    ("strongroom-orchestrator", ABOVE_CAPABILITIES),
    ("strongroom-conformance", BESIDE_ORCHESTRATOR),
    ("strongroom-app", ABOVE_ORCHESTRATOR),
    ("strongroom", &["strongroom-app", "strongroom-domain"]),
];

/// The four that never know each other, and what they stand on.
const LOWER: &[&str] = &[
    "strongroom-sandbox",
    "strongroom-egress",
    "strongroom-ledger",
    "strongroom-config",
    "strongroom-domain",
];

const ABOVE_CAPABILITIES: &[&str] = &[
    "strongroom-capabilities",
    "strongroom-sandbox",
    "strongroom-egress",
    "strongroom-ledger",
    "strongroom-config",
    "strongroom-domain",
];

const ABOVE_ORCHESTRATOR: &[&str] = &[
    "strongroom-conformance",
    "strongroom-orchestrator",
    "strongroom-capabilities",
    "strongroom-sandbox",
    "strongroom-egress",
    "strongroom-ledger",
    "strongroom-config",
    "strongroom-domain",
];

const BESIDE_ORCHESTRATOR: &[&str] = &[
    "strongroom-orchestrator",
    "strongroom-capabilities",
    "strongroom-sandbox",
    "strongroom-egress",
    "strongroom-ledger",
    "strongroom-config",
    "strongroom-domain",
];

/// Libraries that belong to one crate each: how their names begin, and whose they are.
const OWNED: &[(&str, &str)] = &[
    ("wasmtime", "strongroom-sandbox"),
    ("hyper", "strongroom-egress"),
    ("rustls", "strongroom-egress"),
    ("tokio-rustls", "strongroom-egress"),
    ("ring", "strongroom-egress"),
    ("wasmparser", "strongroom-sandbox"),
    ("sqlx", "strongroom-ledger"),
    ("rusqlite", "nobody"),
    ("cron", "strongroom-domain"),
    ("croner", "strongroom-domain"),
    ("chrono", "strongroom-domain"),
    ("toml", "strongroom-config"),
    ("clap", "strongroom"),
];

/// How the names of cloud vendors' own crates begin.
const VENDOR_CRATES: &[&str] = &[
    "aws-sdk",
    "aws-config",
    "rusoto",
    "google-cloud",
    "gcp",
    "gcloud",
    "azure",
    "openstack",
    "oci-sdk",
    "lxd",
];

struct Package {
    name: String,
    folder: String,
    /// Names with kinds: `normal`, `dev` or `build`.
    dependencies: Vec<(String, String)>,
}

#[test]
fn the_arrows_between_host_crates_only_go_down() {
    let mut offenders = Vec::new();
    for package in packages()
        .iter()
        .filter(|package| package.folder.starts_with("host/"))
    {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name) else {
            offenders.push(format!(
                "{}/Cargo.toml: `{}` has no place among the arrows",
                package.folder, package.name
            ));
            continue;
        };
        for (name, kind) in package
            .dependencies
            .iter()
            .filter(|(name, _)| name.starts_with("strongroom"))
        {
            if !allowed.contains(&name.as_str()) {
                offenders.push(format!(
                    "{}/Cargo.toml: {kind} dependency on `{name}`",
                    package.folder
                ));
            }
        }
    }
    none("A host crate knows only what is below it.", offenders);
}

#[test]
fn a_plugin_knows_of_strongroom_only_the_guest_sdk() {
    let mut offenders = Vec::new();
    let guests = |package: &&Package| {
        package.folder.starts_with("plugins/") || package.folder.contains("/guests/")
    };
    for package in packages().iter().filter(guests) {
        let ours = package
            .dependencies
            .iter()
            .filter(|(name, _)| name.starts_with("strongroom"));
        for (name, kind) in ours.filter(|(name, _)| name != "strongroom-plugin") {
            offenders.push(format!(
                "{}/Cargo.toml: {kind} dependency on `{name}`",
                package.folder
            ));
        }
    }
    none(
        "A plugin is written against the SDK, which is written against `wit/`, and nothing else.",
        offenders,
    );
}

#[test]
fn the_repository_tasks_need_nothing_but_the_standard_library() {
    let packages = packages();
    let xtask = packages
        .iter()
        .find(|package| package.name == "xtask")
        .expect("tests/xtask");
    let offenders = xtask
        .dependencies
        .iter()
        .map(|(name, _)| format!("tests/xtask/Cargo.toml: `{name}`"))
        .collect();
    none(
        "`cargo xtask` starts within a second on a fresh clone.",
        offenders,
    );
}

#[test]
fn each_engine_is_known_to_one_crate_only() {
    let mut offenders = Vec::new();
    for package in packages()
        .iter()
        .filter(|package| package.folder.starts_with("host/"))
    {
        for (name, kind) in package
            .dependencies
            .iter()
            .filter(|(_, kind)| kind != "dev")
        {
            let owner = OWNED
                .iter()
                .find(|(library, _)| name == library || name.starts_with(&format!("{library}-")));
            if let Some((library, owner)) = owner.filter(|(_, owner)| *owner != package.name) {
                offenders.push(format!(
                    "{}/Cargo.toml: {kind} dependency on {library} ({owner}'s)",
                    package.folder
                ));
            }
        }
    }
    for file in rust(&["host/"]) {
        let ours = |owner: &str| {
            file.path.starts_with(&format!(
                "host/{}/",
                owner.trim_start_matches("strongroom-")
            ))
        };
        let foreign: Vec<&str> = ["wasmtime", "sqlx"]
            .into_iter()
            .filter(|library| {
                OWNED
                    .iter()
                    .any(|(owned, owner)| owned == library && !ours(owner))
            })
            .collect();
        let code = file.code();
        offenders.extend(file.lines_where(&code, |line| {
            foreign.iter().any(|library| names_crate(line, library))
        }));
    }
    none(
        "wasmtime belongs to the sandbox, sqlx to the ledger, cron to the domain, TOML to config.",
        offenders,
    );
}

#[test]
fn only_the_calendar_names_cron_and_chrono() {
    let mut offenders = Vec::new();
    for file in rust(&["host/"]) {
        let oracle = file.path.starts_with("host/domain/tests/");
        if oracle || file.path.starts_with("host/domain/src/calendar") {
            continue;
        }
        let code = file.code();
        let named = |line: &str| {
            ["cron", "chrono", "croner"]
                .iter()
                .any(|library| names_crate(line, library))
        };
        offenders.extend(file.lines_where(&code, named));
    }
    none(
        "Cron and chrono end at `domain::calendar`; everything else speaks jiff.",
        offenders,
    );
}

#[test]
fn no_cloud_vendors_crate_is_in_the_host() {
    let mut offenders = Vec::new();
    for package in packages()
        .iter()
        .filter(|package| package.folder.starts_with("host/"))
    {
        for (name, _) in &package.dependencies {
            if VENDOR_CRATES
                .iter()
                .any(|vendor| name.replace('_', "-").starts_with(vendor))
            {
                offenders.push(format!("{}/Cargo.toml: `{name}`", package.folder));
            }
        }
    }
    none("A provider is a plugin; the host knows none.", offenders);
}

#[test]
fn only_the_conformance_suite_lets_requests_go_wrong() {
    let mut offenders = Vec::new();
    for file in rust(&["host/"]) {
        let own = ["host/egress/", "host/conformance/"];
        if own.iter().any(|own| file.path.starts_with(own)) {
            continue;
        }
        let code = file.code();
        offenders.extend(file.lines_where(&code, |line| line.contains(".with_faults(")));
    }
    none(
        "A run has no fault injector: nothing but a test of a plugin loses a reply on purpose.",
        offenders,
    );
}

/// Whether the line names a crate in a path: `x::…` with nothing before it, `use x`, `extern crate x`.
fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(start, _)| {
        let before = line[..start].trim_end();
        let after = &line[start + name.len()..];
        let whole = !line[..start]
            .ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '.');
        whole
            && (after.starts_with("::")
                || ((before.ends_with("use") || before.ends_with("crate"))
                    && after.starts_with(';')))
    })
}

fn packages() -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--offline",
            "--no-deps",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .expect("cargo can be started");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value =
        serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages: Vec<Package> = metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(package)
        .collect();
    assert!(
        packages.len() > 5,
        "cargo metadata lists {} packages",
        packages.len()
    );
    packages
}

fn package(value: &Value) -> Package {
    let text = |value: &Value| value.as_str().expect("a text in cargo metadata").to_owned();
    let manifest = text(&value["manifest_path"]);
    let root = format!("{}/", root().canonicalize().expect("the root").display());
    let folder = manifest
        .trim_start_matches(&root)
        .trim_end_matches("/Cargo.toml")
        .to_owned();
    let dependencies = value["dependencies"]
        .as_array()
        .expect("dependencies")
        .iter();
    let dependencies = dependencies.map(|dependency| {
        (
            text(&dependency["name"]),
            dependency["kind"].as_str().unwrap_or("normal").to_owned(),
        )
    });
    Package {
        name: text(&value["name"]),
        folder,
        dependencies: dependencies.collect(),
    }
}

#[test]
fn a_crate_is_named_by_a_path_and_not_by_a_word() {
    for line in [
        "use wasmtime::Store;",
        "let x = wasmtime::Store::new();",
        "use sqlx;",
        "extern crate sqlx;",
    ] {
        assert!(
            names_crate(line, "wasmtime") || names_crate(line, "sqlx"),
            "{line}"
        );
    }
    for line in [
        "self::cron::Cron",
        "calendar::cron::parse(text)",
        "Trigger::Cron { cron, gap }",
        "cron: Cron,",
    ] {
        assert!(!names_crate(line, "cron"), "{line}");
    }
}
