//! The versions of the contract (`wit/`) that this host speaks, and which names of a plugin agree with them.
//!
//! Owns: the rule. Inside 0.1 a new patch only adds. So a plugin may export any patch: what the host calls is there, or is
//! missed by name when it is loaded. It may import up to the host's own: of a newer one it may want what is not here.
//! A breaking change is a file beside `v0_1`, with its own bindings and what converts them into the host's types; which one
//! serves a plugin is read from its exports, and older ones stay. Never: shapes; linking and `load` check those.

pub(crate) mod v0_1;

use semver::Version;

/// The newest version that this host speaks.
pub(crate) const CONTRACT: Version = Version::new(0, 1, 0);

/// The package of the contract.
pub(crate) const PACKAGE: &str = "strongroom:plugin";

/// The interface by which a plugin publishes what it asks of the network.
pub(crate) const EGRESS: &str = "egress";

/// The interface of the types that the others share: shapes and no functions, so that every patch has the same.
pub(crate) const TYPES: &str = "types";

/// `package/interface@version`, taken apart.
pub(crate) struct Name<'a> {
    pub(crate) package: &'a str,
    pub(crate) interface: &'a str,
    pub(crate) version: Option<Version>,
}

impl<'a> Name<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (package, rest) = text.split_once('/')?;
        let (interface, version) = match rest.split_once('@') {
            Some((interface, version)) => (interface, Some(Version::parse(version).ok()?)),
            None => (rest, None),
        };
        Some(Self {
            package,
            interface,
            version,
        })
    }

    /// Whether this is the export of an interface that the host calls.
    pub(crate) fn exports(&self, interface: &str) -> bool {
        self.package == PACKAGE
            && self.interface == interface
            && self.version.as_ref().is_some_and(spoken)
    }

    /// Whether the host has everything that an import of this version can want.
    pub(crate) fn importable(&self) -> bool {
        self.version.as_ref().is_some_and(|version| {
            spoken(version) && (*version <= CONTRACT || self.interface == TYPES)
        })
    }
}

/// Whether a version is the host's own but for additions.
fn spoken(version: &Version) -> bool {
    (version.major, version.minor) == (CONTRACT.major, CONTRACT.minor) && version.pre.is_empty()
}

#[cfg(test)]
mod tests {
    use wasmtime::component::{Component, Linker};

    use super::*;

    #[test]
    fn exports_agree_up_to_the_patch_and_imports_up_to_the_hosts_own() {
        for (version, exported, imported, types) in [
            ("0.1.0", true, true, true),
            ("0.1.1", true, false, true),
            ("0.2.0", false, false, false),
            ("1.1.0", false, false, false),
            ("0.1.0-rc.1", false, false, false),
        ] {
            let name = |interface: &str| format!("strongroom:plugin/{interface}@{version}");
            let (task, files, shared) = (name("task"), name("files"), name("types"));
            let parsed = |text| Name::parse(text).unwrap();
            assert_eq!(parsed(&task).exports("task"), exported, "{version}");
            assert_eq!(parsed(&files).importable(), imported, "{version}");
            assert_eq!(parsed(&shared).importable(), types, "{version}");
        }
        assert!(
            !Name::parse("strongroom:plugin/task")
                .unwrap()
                .exports("task")
        );
        assert!(
            !Name::parse("acme:plugin/task@0.1.0")
                .unwrap()
                .exports("task")
        );
    }

    /// What makes a rule of versions enough: wasmtime itself links and finds names of another patch.
    #[test]
    fn another_patch_is_linked_and_found() {
        let engine = wasmtime::Engine::default();
        for (offered, wanted) in [("0.1.1", "0.1.0"), ("0.1.0", "0.1.1")] {
            let text = format!(
                r#"(component
                    (import "strongroom:plugin/log@{wanted}" (instance $log (export "write" (func))))
                    (core module $code (func (export "run")))
                    (core instance $code (instantiate $code))
                    (func $run (canon lift (core func $code "run")))
                    (instance $task (export "run" (func $run)))
                    (export "strongroom:plugin/task@{wanted}" (instance $task)))"#
            );
            let component = Component::new(&engine, text).unwrap();
            let mut linker = Linker::<()>::new(&engine);
            let mut log = linker
                .instance(&format!("strongroom:plugin/log@{offered}"))
                .unwrap();
            log.func_wrap("write", |_, (): ()| Ok(())).unwrap();
            linker.instantiate_pre(&component).unwrap();
            let task = format!("strongroom:plugin/task@{offered}");
            let task = component.get_export_index(None, &task).unwrap();
            assert!(component.get_export_index(Some(&task), "run").is_some());
        }
    }
}
