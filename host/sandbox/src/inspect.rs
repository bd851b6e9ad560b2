//! What a file is, read from its bytes alone: nothing is compiled or run.
//!
//! Owns: the size limit, validation with exactly the engine's features, the names a plugin imports and exports, and
//! whether this host offers them.
//! Never: the shapes behind the names (linking checks those). Read next: `load`.

use std::collections::BTreeSet;
use std::fmt;

use semver::Version;
use sha2::{Digest, Sha256};
use wasmparser::{Encoding, Parser, Payload, Validator};

use crate::engine;
use crate::error::LoadError;
use crate::text;

/// Largest plugin file: the largest real ones (whole language runtimes) have about 40 MiB, and reading, hashing and
/// validating this much takes well under a second.
const SIZE_LIMIT: usize = 64 * 1024 * 1024;

/// Names listed from one file: a component has tens.
const NAMES_LIMIT: usize = 1_000;

/// The version of `strongroom:plugin` that this host speaks.
const CONTRACT: Version = Version::new(0, 1, 0);

/// Interfaces of `strongroom:plugin` that a plugin may import.
const CAPABILITIES: [&str; 5] = ["files", "log", "progress", "state", "types"];

/// Interfaces of WASI 0.2 that are linked, with nothing behind them.
const WASI: [&str; 20] = [
    "cli/environment", "cli/exit", "cli/stdin", "cli/stdout", "cli/stderr", "cli/terminal-input",
    "cli/terminal-output", "cli/terminal-stdin", "cli/terminal-stdout", "cli/terminal-stderr",
    "clocks/monotonic-clock", "clocks/wall-clock", "filesystem/preopens", "filesystem/types", "io/error", "io/poll",
    "io/streams", "random/random", "random/insecure", "random/insecure-seed",
];

/// A WIT interface that the host calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Keeps snapshots.
    Snapshots,
    /// Runs anything else.
    Task,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 2] = [Self::Snapshots, Self::Task];

    /// The name of the interface without package and version.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Snapshots => "snapshots",
            Self::Task => "task",
        }
    }

    /// The full name under which a component exports it.
    pub(crate) fn export(self) -> String {
        format!("strongroom:plugin/{self}@{CONTRACT}")
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a file says about itself without being run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// SHA-256 of the bytes, hexadecimal.
    pub digest: String,
    /// Bytes.
    pub size: u64,
    /// Full names of everything it imports, in the file's order.
    pub imports: Vec<String>,
    /// Full names of everything it exports.
    pub exports: Vec<String>,
    /// Roles of this host's version among the exports.
    pub roles: BTreeSet<Role>,
}

impl Inspection {
    /// Reads, hashes and validates; answers for any valid component, also one that this host would refuse.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, LoadError> {
        if bytes.len() > SIZE_LIMIT {
            return Err(LoadError::TooLarge { size: bytes.len() as u64, limit: SIZE_LIMIT as u64 });
        }
        let (imports, exports) = names(bytes)?;
        Validator::new_with_features(engine::features())
            .validate_all(bytes)
            .map_err(|e| LoadError::NotAComponent { reason: text::one_line(&e.to_string()) })?;
        let roles = Role::ALL.into_iter().filter(|role| exports.contains(&role.export())).collect();
        Ok(Self { digest: hex(&Sha256::digest(bytes)), size: bytes.len() as u64, imports, exports, roles })
    }

    /// The interfaces of `strongroom:plugin` among the imports, by their short names.
    pub(crate) fn capabilities(&self) -> BTreeSet<String> {
        let ours = self.imports.iter().filter_map(|name| Name::parse(name)).filter(|name| name.package == PACKAGE);
        ours.filter(|name| name.interface != "types").map(|name| name.interface.to_owned()).collect()
    }

    /// Whether this host offers every import and calls at least one export.
    pub(crate) fn fits(&self) -> Result<(), LoadError> {
        let refused: Vec<(&String, Option<String>)> =
            self.imports.iter().filter_map(|name| refuse(name).err().map(|note| (name, note))).collect();
        if !refused.is_empty() {
            return Err(LoadError::UnknownImport {
                wanted: refused.iter().map(|(name, _)| shown(name)).collect(),
                notes: refused.into_iter().filter_map(|(_, note)| note).collect::<BTreeSet<_>>().into_iter().collect(),
                offered: offered(),
            });
        }
        if self.roles.is_empty() {
            return Err(LoadError::NoRole {
                notes: self.exports.iter().filter_map(|name| other_role(name)).collect(),
                offered: Role::ALL.into_iter().map(Role::export).collect(),
            });
        }
        Ok(())
    }
}

const PACKAGE: &str = "strongroom:plugin";

/// `package/interface@version`, taken apart.
struct Name<'a> {
    package: &'a str,
    interface: &'a str,
    version: Option<Version>,
}

impl<'a> Name<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (package, rest) = text.split_once('/')?;
        let (interface, version) = match rest.split_once('@') {
            Some((interface, version)) => (interface, Some(Version::parse(version).ok()?)),
            None => (rest, None),
        };
        Some(Self { package, interface, version })
    }
}

/// The names at the top level of a component.
fn names(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), LoadError> {
    let broken = |e: wasmparser::BinaryReaderError| LoadError::NotAComponent { reason: text::one_line(&e.to_string()) };
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0_u32);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(broken)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                let reason = "it is a core module; a component wraps it and says what it imports".to_owned();
                return Err(LoadError::NotAComponent { reason });
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import.map_err(broken)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.push(export.map_err(broken)?.name.name.to_owned());
                }
            }
            _ => {}
        }
        if imports.len() + exports.len() > NAMES_LIMIT {
            let reason = format!("it imports and exports more than {NAMES_LIMIT} names");
            return Err(LoadError::NotAComponent { reason });
        }
    }
    Ok((imports, exports))
}

/// Says no to an import that is not offered, with what is known about it.
fn refuse(import: &str) -> Result<(), Option<String>> {
    let Some(name) = Name::parse(import) else { return Err(None) };
    let Some((namespace, package)) = name.package.split_once(':') else { return Err(None) };
    if name.package == PACKAGE && CAPABILITIES.contains(&name.interface) {
        // Additions inside 0.1 raise the patch number: an older plugin fits, a newer one may want what is not here.
        return match &name.version {
            Some(wanted) if (wanted.major, wanted.minor) == (CONTRACT.major, CONTRACT.minor)
                && wanted.patch <= CONTRACT.patch && wanted.pre.is_empty() => Ok(()),
            Some(wanted) => Err(Some(format!("it wants {}@{wanted}, this host offers {CONTRACT}", name.interface))),
            None => Err(Some(format!("it wants {} without a version, this host offers {CONTRACT}", name.interface))),
        };
    }
    if namespace != "wasi" {
        return Err(None);
    }
    if package == "sockets" || package == "http" {
        return Err(Some(format!("wasi:{package} is not granted to plugins: there is no network")));
    }
    if !WASI.contains(&format!("{package}/{}", name.interface).as_str()) {
        return Err(None);
    }
    match &name.version {
        Some(version) if (version.major, version.minor) == (0, 2) && version.pre.is_empty() => Ok(()),
        Some(version) => Err(Some(format!("it wants wasi:{package} {version}, this host offers 0.2"))),
        None => Err(Some(format!("it wants wasi:{package} without a version, this host offers 0.2"))),
    }
}

/// A role of another version among the exports.
fn other_role(export: &str) -> Option<String> {
    let name = Name::parse(export).filter(|name| name.package == PACKAGE)?;
    let role = Role::ALL.into_iter().find(|role| role.as_str() == name.interface)?;
    let version = name.version.map_or_else(|| "no version".to_owned(), |version| version.to_string());
    Some(format!("it exports {role}@{version}, this host calls {CONTRACT}"))
}

fn offered() -> Vec<String> {
    let ours = CAPABILITIES.iter().map(|name| format!("{PACKAGE}/{name}@{CONTRACT}"));
    ours.chain(["wasi:cli, clocks, filesystem, io and random at 0.2, with nothing behind them".to_owned()]).collect()
}

/// A name from a file, safe to print.
fn shown(name: &str) -> String {
    text::cut(&text::line(name), 200).into_owned()
}

/// Bytes as hexadecimal text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wat(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    fn fits(text: &str) -> Result<(), LoadError> {
        Inspection::read(&wat(text)).and_then(|inspection| inspection.fits())
    }

    const ROLE: &str = r#"(instance $i) (export "strongroom:plugin/task@0.1.0" (instance $i))"#;

    #[test]
    fn a_component_is_read_without_running_it() {
        let bytes = wat(&format!(
            r#"(component (import "wasi:cli/exit@0.2.6" (instance)) (import "strongroom:plugin/log@0.1.0" (instance))
               (component (import "hidden" (instance))) {ROLE})"#
        ));
        let inspection = Inspection::read(&bytes).unwrap();
        assert_eq!(inspection.imports, ["wasi:cli/exit@0.2.6", "strongroom:plugin/log@0.1.0"]);
        assert_eq!(inspection.exports, ["strongroom:plugin/task@0.1.0"]);
        assert_eq!(inspection.roles, BTreeSet::from([Role::Task]));
        assert_eq!(inspection.capabilities(), BTreeSet::from(["log".to_owned()]));
        assert_eq!(inspection.digest.len(), 64);
        inspection.fits().unwrap();
    }

    #[test]
    fn what_is_not_a_component_says_so() {
        for (bytes, expected) in [
            (b"".to_vec(), "the file is not a WebAssembly component: unexpected end"),
            (b"#!/bin/sh\n".to_vec(), "magic header not detected"),
            (wat("(module)"), "it is a core module"),
            (b"\0asm\x0d\0\x01\0\xff".to_vec(), "the file is not a WebAssembly component: "),
        ] {
            let message = Inspection::read(&bytes).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn features_that_are_off_are_refused() {
        for module in [
            "(module (memory i64 1))",
            "(module (memory 1) (memory 1))",
            "(module (memory 1 1 shared))",
            "(module (memory 1 (pagesize 1)))",
            "(module (type (struct)))",
            "(module (tag))",
            "(module (func $f return_call $f))",
            "(module (func (param v128 v128 v128) (result v128)
               local.get 0 local.get 1 local.get 2 f32x4.relaxed_madd))",
            "(module (func (param i64 i64) (result i64 i64) local.get 0 local.get 1 i64.mul_wide_s))",
            "(module (type $f (func)) (func (param (ref $f)) local.get 0 call_ref $f))",
            "(module (type $f (func)) (type $c (cont $f)))",
        ] {
            let component = format!("(component (core {}", module.trim_start_matches('(').to_owned() + ")");
            let result = Inspection::read(&wat(&component));
            assert!(matches!(result, Err(LoadError::NotAComponent { .. })), "{module}: {result:?}");
        }
    }

    #[test]
    fn an_import_that_is_not_offered_is_named_with_what_is() {
        let error = fits(&format!(
            r#"(component (import "acme:db/sql@1.0.0" (instance)) (import "wasi:sockets/tcp@0.2.6" (instance)) {ROLE})"#
        ))
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the plugin imports acme:db/sql@1.0.0, wasi:sockets/tcp@0.2.6, which this host does not offer; \
             wasi:sockets is not granted to plugins: there is no network"
        );
        assert!(error.hint().contains("strongroom:plugin/files@0.1.0"), "{}", error.hint());
    }

    #[test]
    fn another_version_names_both() {
        let import = |name: &str| fits(&format!(r#"(component (import "{name}" (instance)) {ROLE})"#));
        let message = import("strongroom:plugin/files@0.2.0").unwrap_err().to_string();
        assert!(message.ends_with("it wants files@0.2.0, this host offers 0.1.0"), "{message}");
        let message = import("wasi:cli/stdin@0.3.0").unwrap_err().to_string();
        assert!(message.ends_with("it wants wasi:cli 0.3.0, this host offers 0.2"), "{message}");
        assert!(import("strongroom:plugin/files@0.1.1").is_err());
        import("strongroom:plugin/state@0.1.0").unwrap();
    }

    #[test]
    fn a_plugin_without_a_role_hears_which_there_are() {
        let error = fits("(component)").unwrap_err();
        assert_eq!(error.to_string(), "the plugin exports no role");
        assert!(error.hint().contains("strongroom:plugin/snapshots@0.1.0, strongroom:plugin/task@0.1.0"));
        let other = r#"(component (instance $i) (export "strongroom:plugin/task@0.2.0" (instance $i)))"#;
        let message = fits(other).unwrap_err().to_string();
        assert_eq!(message, "the plugin exports no role; it exports task@0.2.0, this host calls 0.1.0");
    }

    #[test]
    fn a_file_beyond_the_limit_is_not_even_read() {
        let error = Inspection::read(&vec![0; SIZE_LIMIT + 1]).unwrap_err();
        assert!(matches!(error, LoadError::TooLarge { .. }));
    }
}
