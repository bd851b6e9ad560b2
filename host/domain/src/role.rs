//! The roles: WIT interfaces that a plugin exports and the host calls.
//!
//! Owns: their names, and which one a schedule means. Never: their functions (`sandbox::role`) or what follows from them.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A WIT interface that the host calls; only roles that have a driver exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Snapshots => "snapshots",
            Self::Task => "task",
        }
    }

    /// The role of that name; `None`: this host has no driver for it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why it is not certain which role a schedule means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleProblem {
    /// The plugin exports several, and the schedule names none.
    Several(Vec<Role>),
    /// The schedule names one that the plugin does not export.
    NotExported {
        /// What the schedule names.
        named: Role,
        /// What there is.
        exported: Vec<Role>,
    },
}

/// The role that a schedule means: the one that it names, else the only one that its plugin exports.
///
/// # Errors
/// [`RoleProblem`]: the plugin does not export the named one, or the schedule names none of several.
pub fn resolve_role(named: Option<Role>, exported: &BTreeSet<Role>) -> Result<Role, RoleProblem> {
    let list = || exported.iter().copied().collect();
    match named {
        Some(named) if exported.contains(&named) => Ok(named),
        Some(named) => Err(RoleProblem::NotExported {
            named,
            exported: list(),
        }),
        None => match exported.first() {
            Some(only) if exported.len() == 1 => Ok(*only),
            _ => Err(RoleProblem::Several(list())),
        },
    }
}

impl RoleProblem {
    /// What a person can do.
    #[must_use]
    pub fn hint(&self) -> String {
        let (Self::Several(roles)
        | Self::NotExported {
            exported: roles, ..
        }) = self;
        match roles.first() {
            Some(first) => format!("write `role = \"{first}\"`"),
            None => "use another plugin".to_owned(),
        }
    }
}

impl fmt::Display for RoleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Several(roles) => write!(
                f,
                "exports the roles {}, and the schedule does not say which one is meant",
                listed(roles)
            ),
            Self::NotExported { named, exported } => write!(
                f,
                "does not export the role `{named}`; it exports {}",
                listed(exported)
            ),
        }
    }
}

fn listed(roles: &[Role]) -> String {
    let names: Vec<String> = roles.iter().map(|role| format!("`{role}`")).collect();
    names.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(named: Option<Role>, exported: &[Role]) -> Result<Role, String> {
        let exported = exported.iter().copied().collect();
        resolve_role(named, &exported).map_err(|problem| format!("{problem} ({})", problem.hint()))
    }

    #[test]
    fn the_only_role_needs_no_name() {
        assert_eq!(resolve(None, &[Role::Task]), Ok(Role::Task));
        assert_eq!(resolve(None, &[Role::Snapshots]), Ok(Role::Snapshots));
    }

    #[test]
    fn of_several_roles_the_schedule_names_one() {
        assert_eq!(resolve(Some(Role::Task), &Role::ALL), Ok(Role::Task));
        assert_eq!(
            resolve(None, &Role::ALL),
            Err("exports the roles `snapshots` and `task`, and the schedule does not say which one is meant (write `role = \"snapshots\"`)".into())
        );
    }

    #[test]
    fn a_role_that_the_plugin_does_not_export_is_refused() {
        assert_eq!(
            resolve(Some(Role::Snapshots), &[Role::Task]),
            Err(
                "does not export the role `snapshots`; it exports `task` (write `role = \"task\"`)"
                    .into()
            )
        );
    }
}
