//! What this host offers to plugins, by name, and what it says to one that wants something else.
//!
//! Owns: the lists of capabilities and of WASI's interfaces, and which versions of WASI fit.
//! Never: the shapes behind the names (linking checks those). Read next: `inspect`, `capability`.

use strongroom_domain::capability::Capability;
use strongroom_domain::role::Role;

use crate::contract::{CONTRACT, Name, PACKAGE, TYPES};

/// Interfaces of WASI 0.2 that are linked; but for `http`, there is nothing behind them.
const WASI: [&str; 22] = [
    "cli/environment",
    "cli/exit",
    "cli/stdin",
    "cli/stdout",
    "cli/stderr",
    "cli/terminal-input",
    "cli/terminal-output",
    "cli/terminal-stdin",
    "cli/terminal-stdout",
    "cli/terminal-stderr",
    "clocks/monotonic-clock",
    "clocks/wall-clock",
    "filesystem/preopens",
    "filesystem/types",
    "http/outgoing-handler",
    "http/types",
    "io/error",
    "io/poll",
    "io/streams",
    "random/random",
    "random/insecure",
    "random/insecure-seed",
];

/// What an import of this name asks for.
pub(crate) fn capability(name: &Name<'_>) -> Option<Capability> {
    match name.package {
        PACKAGE => Capability::ALL
            .into_iter()
            .find(|one| *one != Capability::Http && one.as_str() == name.interface),
        "wasi:http" => Some(Capability::Http),
        _ => None,
    }
}

/// Says no to an import that is not offered, with what is known about it.
pub(crate) fn refuse(import: &str) -> Result<(), Option<String>> {
    let Some(name) = Name::parse(import) else {
        return Err(None);
    };
    let Some((namespace, package)) = name.package.split_once(':') else {
        return Err(None);
    };
    if name.package == PACKAGE && (name.interface == TYPES || capability(&name).is_some()) {
        return match &name.version {
            _ if name.importable() => Ok(()),
            Some(wanted) => Err(Some(format!(
                "it wants {}@{wanted}, this host offers {CONTRACT}",
                name.interface
            ))),
            None => Err(Some(format!(
                "it wants {} without a version, this host offers {CONTRACT}",
                name.interface
            ))),
        };
    }
    if namespace != "wasi" {
        return Err(None);
    }
    if package == "sockets" {
        return Err(Some(
            "wasi:sockets is not granted to plugins: requests go out through wasi:http/outgoing-handler".to_owned(),
        ));
    }
    if !WASI.contains(&format!("{package}/{}", name.interface).as_str()) {
        return Err(None);
    }
    match &name.version {
        Some(version) if (version.major, version.minor) == (0, 2) && version.pre.is_empty() => {
            Ok(())
        }
        Some(version) => Err(Some(format!(
            "it wants wasi:{package} {version}, this host offers 0.2"
        ))),
        None => Err(Some(format!(
            "it wants wasi:{package} without a version, this host offers 0.2"
        ))),
    }
}

/// A role of another version among the exports.
pub(crate) fn other_role(export: &str) -> Option<String> {
    let name = Name::parse(export).filter(|name| name.package == PACKAGE)?;
    let role = Role::ALL
        .into_iter()
        .find(|role| role.as_str() == name.interface)?;
    let version = name
        .version
        .map_or_else(|| "no version".to_owned(), |version| version.to_string());
    Some(format!(
        "it exports {role}@{version}, this host calls {CONTRACT}"
    ))
}

/// Everything that may be imported, for a person.
pub(crate) fn offered() -> Vec<String> {
    let ours = Capability::ALL
        .into_iter()
        .filter(|one| *one != Capability::Http)
        .map(|one| format!("{PACKAGE}/{one}@{CONTRACT}"));
    ours.chain([
        format!("{PACKAGE}/types@{CONTRACT}"),
        "wasi:cli, clocks, filesystem, io and random at 0.2, with nothing behind them".to_owned(),
        "wasi:http/outgoing-handler at 0.2, for the operations that a plugin publishes and a schedule grants".to_owned(),
    ])
    .collect()
}
