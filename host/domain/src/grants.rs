//! What a plugin may do: what it wants and what an operator granted, never more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::TenantName;
use crate::capability::Capability;
use crate::egress::ServiceGrant;

pub use crate::access::Access;

/// The permissions an operator wrote into a schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Grants {
    /// Trees of the `files` capability, by name.
    pub files: BTreeMap<String, TreeGrant>,
    /// The `state` capability.
    pub state: bool,
    /// Services that requests may go to, by the plugin's names.
    pub http: BTreeMap<String, ServiceGrant>,
}

impl Grants {
    /// Whether both open the same services at the same places.
    #[must_use]
    pub fn same_services(&self, other: &Self) -> bool {
        let places = |grants: &Self| -> Vec<_> {
            grants
                .http
                .iter()
                .map(|(service, grant)| (service.clone(), grant.origin.clone()))
                .collect()
        };
        places(self) == places(other)
    }
}

/// A folder given to a plugin under a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TreeGrant {
    /// Absolute; `{tenant}` stands for the tenant's name.
    pub path: PathBuf,
    /// What may be done in it.
    pub access: Access,
}

impl TreeGrant {
    /// The folder for one tenant.
    #[must_use]
    pub fn folder(&self, tenant: &TenantName) -> PathBuf {
        let parts = self.path.iter().map(|part| match part.to_str() {
            Some(text) if text.contains("{tenant}") => {
                text.replace("{tenant}", tenant.as_str()).into()
            }
            _ => part.to_owned(),
        });
        parts.collect()
    }

    /// Whether every tenant has a folder of its own.
    #[must_use]
    pub fn per_tenant(&self) -> bool {
        self.path.to_string_lossy().contains("{tenant}")
    }
}

/// A permission a plugin asks for (`want` in `wit/plugin.wit`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// Which capability.
    pub capability: Capability,
    /// The name asked for; `*`: names of the operator's choice.
    pub name: String,
    /// Read or write.
    pub access: Access,
    /// The plugin cannot work without it.
    pub required: bool,
    /// One sentence for the person who grants it.
    pub reason: String,
}

/// A difference between what is wanted and what is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// Wanted and required, not granted.
    NotGranted(Want),
    /// Granted, wanted by nobody.
    NotWanted {
        /// Which capability.
        capability: Capability,
        /// The name of the tree; empty for `state`.
        name: String,
    },
    /// Granted for writing, wanted for reading only.
    TooWide {
        /// The name of the tree.
        name: String,
    },
    /// Granted for reading, wanted for writing.
    TooNarrow(Want),
}

/// Compares wants with grants; empty: they agree. Trees of a name that is wanted by name are not `*`.
#[must_use]
pub fn compare(wants: &[Want], grants: &Grants) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let trees = || {
        wants
            .iter()
            .filter(|want| want.capability == Capability::Files)
    };
    for (name, grant) in &grants.files {
        let want = trees()
            .find(|want| want.name == *name)
            .or_else(|| trees().find(|want| want.name == "*"));
        match want {
            None => found.push(Mismatch::NotWanted {
                capability: Capability::Files,
                name: name.clone(),
            }),
            Some(want) if want.access < grant.access => {
                found.push(Mismatch::TooWide { name: name.clone() })
            }
            Some(want) if want.access > grant.access => {
                found.push(Mismatch::TooNarrow(want.clone()))
            }
            Some(_) => {}
        }
    }
    for want in wants.iter().filter(|want| want.required) {
        let granted = match want.capability {
            Capability::Files if want.name == "*" => grants
                .files
                .keys()
                .any(|name| !trees().any(|want| want.name == *name)),
            Capability::Files => grants.files.contains_key(&want.name),
            Capability::State => grants.state,
            // What of the network is wanted, the operations say; the others need no grant, and none is given.
            Capability::Http | Capability::Log | Capability::Progress => false,
        };
        if !granted {
            found.push(Mismatch::NotGranted(want.clone()));
        }
    }
    if grants.state
        && !wants
            .iter()
            .any(|want| want.capability == Capability::State)
    {
        found.push(Mismatch::NotWanted {
            capability: Capability::State,
            name: String::new(),
        });
    }
    found
}

/// Whether one folder is the other or lies inside it (by name; both absolute and free of links).
#[must_use]
pub fn lies_within(inner: &Path, outer: &Path) -> bool {
    inner.starts_with(outer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(name: &str, access: Access, required: bool) -> Want {
        Want {
            capability: Capability::Files,
            name: name.into(),
            access,
            required,
            reason: String::new(),
        }
    }

    fn grants(trees: &[(&str, Access)]) -> Grants {
        let tree = |access| TreeGrant {
            path: "/srv/{tenant}".into(),
            access,
        };
        Grants {
            files: trees
                .iter()
                .map(|(n, a)| ((*n).to_owned(), tree(*a)))
                .collect(),
            state: false,
            http: BTreeMap::new(),
        }
    }

    #[test]
    fn what_is_wanted_and_granted_agrees() {
        let wants = [
            want("place", Access::Write, true),
            want("*", Access::Read, true),
        ];
        assert_eq!(
            compare(
                &wants,
                &grants(&[("place", Access::Write), ("data", Access::Read)])
            ),
            []
        );
    }

    #[test]
    fn every_difference_is_named() {
        let wants = [
            want("place", Access::Write, true),
            want("*", Access::Read, true),
        ];
        assert_eq!(
            compare(&wants, &grants(&[("place", Access::Write)])),
            [Mismatch::NotGranted(wants[1].clone())]
        );
        assert_eq!(
            compare(
                &wants,
                &grants(&[("place", Access::Read), ("data", Access::Write)])
            ),
            [
                Mismatch::TooWide {
                    name: "data".into()
                },
                Mismatch::TooNarrow(wants[0].clone())
            ]
        );
        assert_eq!(
            compare(&[], &grants(&[("data", Access::Read)])),
            [Mismatch::NotWanted {
                capability: Capability::Files,
                name: "data".into()
            }]
        );
    }

    #[test]
    fn a_tree_is_each_tenants_own() {
        let grant = TreeGrant {
            path: "/srv/{tenant}/data".into(),
            access: Access::Read,
        };
        assert_eq!(
            grant.folder(&TenantName::new("acme").unwrap()),
            PathBuf::from("/srv/acme/data")
        );
    }
}
