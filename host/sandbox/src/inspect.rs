//! What a file is, read from its bytes alone: nothing is compiled or run.
//!
//! Owns: the size limit, validation with exactly the engine's features, the names a plugin imports and exports.
//! Never: what this host offers (`offers`). Read next: `load`.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use strongroom_domain::capability::Capability;
use strongroom_domain::role::Role;
use wasmparser::{Encoding, Parser, Payload, Validator};

use crate::contract::{EGRESS, Name};
use crate::engine;
use crate::error::LoadError;
use crate::offers::{capability, offered, other_role, refuse};
use crate::role;
use crate::text;

/// Largest plugin file: the largest real ones (whole language runtimes) have about 40 MiB, and reading, hashing and
/// validating this much takes well under a second.
const SIZE_LIMIT: usize = 64 * 1024 * 1024;

/// Names listed from one file: a component has tens.
const NAMES_LIMIT: usize = 1_000;

/// Names shown in one message.
const LISTED_LIMIT: usize = 20;

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
    /// Roles that this host calls among the exports.
    pub roles: BTreeSet<Role>,
}

impl Inspection {
    /// Reads, hashes and validates; answers for any valid component, also one that this host would refuse.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, LoadError> {
        if bytes.len() > SIZE_LIMIT {
            return Err(LoadError::TooLarge {
                size: bytes.len() as u64,
                limit: SIZE_LIMIT as u64,
            });
        }
        let (imports, exports) = names(bytes)?;
        Validator::new_with_features(engine::features())
            .validate_all(bytes)
            .map_err(|e| LoadError::NotAComponent {
                reason: text::one_line(&e.to_string()),
            })?;
        let roles = Role::ALL
            .into_iter()
            .filter(|role| exported(&exports, role.as_str()))
            .collect();
        Ok(Self {
            digest: hex(&Sha256::digest(bytes)),
            size: bytes.len() as u64,
            imports,
            exports,
            roles,
        })
    }

    /// Whether it publishes what it asks of the network.
    pub(crate) fn publishes_operations(&self) -> bool {
        exported(&self.exports, EGRESS)
    }

    /// What it imports of what a schedule can grant.
    pub(crate) fn capabilities(&self) -> BTreeSet<Capability> {
        let names = self.imports.iter().filter_map(|name| Name::parse(name));
        names.filter_map(|name| capability(&name)).collect()
    }

    /// Whether this host offers every import and calls at least one export.
    pub(crate) fn fits(&self) -> Result<(), LoadError> {
        let refused: Vec<(&String, Option<String>)> = self
            .imports
            .iter()
            .filter_map(|name| refuse(name).err().map(|note| (name, note)))
            .collect();
        if !refused.is_empty() {
            let notes: BTreeSet<String> = refused
                .iter()
                .filter_map(|(_, note)| note.clone())
                .collect();
            return Err(LoadError::UnknownImport {
                wanted: listed(refused.into_iter().map(|(name, _)| name.as_str())),
                notes: listed(notes.iter().map(String::as_str)),
                offered: offered(),
            });
        }
        if self.roles.is_empty() {
            return Err(LoadError::NoRole {
                notes: self
                    .exports
                    .iter()
                    .filter_map(|name| other_role(name))
                    .map(|note| shown(&note))
                    .collect(),
                offered: Role::ALL.into_iter().map(role::export).collect(),
            });
        }
        Ok(())
    }
}

fn exported(exports: &[String], interface: &str) -> bool {
    let mut names = exports.iter().filter_map(|name| Name::parse(name));
    names.any(|name| name.exports(interface))
}

/// The names at the top level of a component.
fn names(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), LoadError> {
    let broken = |e: wasmparser::BinaryReaderError| LoadError::NotAComponent {
        reason: text::one_line(&e.to_string()),
    };
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0_u32);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(broken)? {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } if depth == 0 => {
                let reason =
                    "it is a core module; a component wraps it and says what it imports".to_owned();
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

/// The first of a list from a file, and how many more there are.
fn listed<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> Vec<String> {
    let more = texts.len().saturating_sub(LISTED_LIMIT);
    let rest = (more > 0).then(|| format!("and {more} more"));
    texts.take(LISTED_LIMIT).map(shown).chain(rest).collect()
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
        assert_eq!(
            inspection.imports,
            ["wasi:cli/exit@0.2.6", "strongroom:plugin/log@0.1.0"]
        );
        assert_eq!(inspection.exports, ["strongroom:plugin/task@0.1.0"]);
        assert_eq!(inspection.roles, BTreeSet::from([Role::Task]));
        assert_eq!(inspection.capabilities(), BTreeSet::from([Capability::Log]));
        assert_eq!(inspection.digest.len(), 64);
        inspection.fits().unwrap();
    }

    #[test]
    fn what_is_not_a_component_says_so() {
        for (bytes, expected) in [
            (
                b"".to_vec(),
                "the file is not a WebAssembly component: unexpected end",
            ),
            (b"#!/bin/sh\n".to_vec(), "magic header not detected"),
            (wat("(module)"), "it is a core module"),
            (
                b"\0asm\x0d\0\x01\0\xff".to_vec(),
                "the file is not a WebAssembly component: ",
            ),
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
            let component = format!(
                "(component (core {}",
                module.trim_start_matches('(').to_owned() + ")"
            );
            let result = Inspection::read(&wat(&component));
            assert!(
                matches!(result, Err(LoadError::NotAComponent { .. })),
                "{module}: {result:?}"
            );
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
             wasi:sockets is not granted to plugins: requests go out through wasi:http/outgoing-handler"
        );
        assert!(
            error.hint().contains("strongroom:plugin/files@0.1.0"),
            "{}",
            error.hint()
        );
    }

    #[test]
    fn another_version_names_both() {
        let import = |name: &str| {
            fits(&format!(
                r#"(component (import "{name}" (instance)) {ROLE})"#
            ))
        };
        let message = import("strongroom:plugin/files@0.2.0")
            .unwrap_err()
            .to_string();
        assert!(
            message.ends_with("it wants files@0.2.0, this host offers 0.1.0"),
            "{message}"
        );
        let message = import("wasi:cli/stdin@0.3.0").unwrap_err().to_string();
        assert!(
            message.ends_with("it wants wasi:cli 0.3.0, this host offers 0.2"),
            "{message}"
        );
        assert!(import("strongroom:plugin/files@0.1.1").is_err());
        import("strongroom:plugin/state@0.1.0").unwrap();
    }

    #[test]
    fn a_role_of_another_patch_is_called() {
        let text = r#"(component (import "strongroom:plugin/types@0.1.7" (instance)) (instance $i)
            (export "strongroom:plugin/task@0.1.7" (instance $i)) (export "strongroom:plugin/egress@0.1.7" (instance $i)))"#;
        let inspection = Inspection::read(&wat(text)).unwrap();
        assert_eq!(inspection.roles, BTreeSet::from([Role::Task]));
        assert!(inspection.publishes_operations());
        inspection.fits().unwrap();
    }

    #[test]
    fn a_plugin_without_a_role_hears_which_there_are() {
        let error = fits("(component)").unwrap_err();
        assert_eq!(error.to_string(), "the plugin exports no role");
        assert!(
            error
                .hint()
                .contains("strongroom:plugin/snapshots@0.1.0, strongroom:plugin/task@0.1.0")
        );
        let other =
            r#"(component (instance $i) (export "strongroom:plugin/task@0.2.0" (instance $i)))"#;
        let message = fits(other).unwrap_err().to_string();
        assert_eq!(
            message,
            "the plugin exports no role; it exports task@0.2.0, this host calls 0.1.0"
        );
    }

    #[test]
    fn a_long_list_of_imports_is_cut() {
        let imports: String = (0..50)
            .map(|number| format!(r#"(import "acme:db/table{number}@1.0.0" (instance))"#))
            .collect();
        let message = fits(&format!("(component {imports} {ROLE})"))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("table19@1.0.0, and 30 more, which this host does not offer"),
            "{message}"
        );
    }

    #[test]
    fn a_file_beyond_the_limit_is_not_even_read() {
        let error = Inspection::read(&vec![0; SIZE_LIMIT + 1]).unwrap_err();
        assert!(matches!(error, LoadError::TooLarge { .. }));
    }
}
