//! Shelves of snapshots compared: a second one must lie elsewhere than the first.
//!
//! Owns: what the same place is, as far as files tell; what a plugin must offer to copy.
//! Never: asks a provider; after a run, what it says decides (`roles::snapshots::location`).

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use strongroom_config::{Diagnostic, Located, ScheduleSet};
use strongroom_domain::grants::{Access, TreeGrant, lies_within};
use strongroom_domain::role::Role;
use strongroom_domain::schedule::OffSite;
use strongroom_domain::{ScheduleName, TenantName};

use crate::call::prepared::{Prepared, RESTORE_TREE, Served};

/// The feature that lists the keys of the configuration by which a plugin is told where to keep snapshots.
const PLACE: &str = "place";

/// What is to be said of second shelves.
#[derive(Default)]
pub(super) struct Found {
    pub(super) wrong: Vec<Diagnostic>,
    pub(super) refused: Vec<Diagnostic>,
    pub(super) warnings: Vec<Diagnostic>,
}

/// A schedule where it was written, with what serves it.
type One<'a> = (&'a Located, &'a Prepared);

/// What a schedule says of snapshots although its plugin keeps none.
pub(super) fn none(located: &Located) -> Vec<Diagnostic> {
    let schedule = &located.schedule;
    let said = [
        (
            "retention",
            schedule.retention().is_some(),
            "so there is nothing to retain",
            "remove `[schedule.retention]`",
        ),
        (
            "off-site",
            schedule.off_site().is_some(),
            "so it can be no second shelf",
            "remove `[schedule.off-site]`",
        ),
        (
            "max-age",
            schedule.max_age().is_some(),
            "so nothing of it grows old",
            "remove `max-age`",
        ),
        (
            "place",
            !schedule.places().is_empty(),
            "so there is nothing that lies anywhere",
            "remove `place`",
        ),
    ];
    let said = said.into_iter().filter(|(_, said, ..)| *said);
    said.map(|(key, _, so, hint)| {
        let message = format!("plugin `{}` keeps no snapshots, {so}", schedule.plugin);
        located.problem(key, message, Some(hint))
    })
    .collect()
}

/// Compares every second shelf with its first one.
pub(super) fn compare(set: &ScheduleSet, schedules: &[Prepared]) -> Found {
    let mut found = Found::default();
    let second: Vec<&Located> = (set.schedules.iter())
        .filter(|located| located.schedule.off_site().is_some())
        .collect();
    if second.is_empty() {
        return found;
    }
    let prepared: BTreeMap<&ScheduleName, &Prepared> = (schedules.iter())
        .map(|prepared| (&prepared.schedule.name, prepared))
        .collect();
    let written: BTreeMap<&ScheduleName, &Located> = (set.schedules.iter())
        .map(|located| (&located.schedule.name, located))
        .collect();
    let one = |name: &ScheduleName| Some((*written.get(name)?, *prepared.get(name)?));
    for located in second {
        let Some(off_site) = located.schedule.off_site() else {
            continue;
        };
        // Of what does not fit by itself, that is said already.
        if let (Some(second), Some(first)) = (one(&located.schedule.name), one(&off_site.of)) {
            compare_one(off_site, second, first, &mut found);
        }
    }
    found
}

fn compare_one(off_site: &OffSite, second: One<'_>, first: One<'_>, found: &mut Found) {
    let (located, prepared) = second;
    let (name, of) = (&located.schedule.name, &off_site.of);
    if first.1.role != Role::Snapshots {
        let message = format!(
            "plugin `{}` of `{of}` keeps no snapshots",
            first.0.schedule.plugin
        );
        let hint = "name a schedule that does";
        found
            .wrong
            .push(located.problem("off-site.of", message, Some(hint)));
        return;
    }
    if prepared.role != Role::Snapshots {
        return;
    }
    let same_plugin = located.schedule.plugin == first.0.schedule.plugin;
    if off_site.copy && !same_plugin {
        let message = format!(
            "`{name}` cannot copy snapshots of `{of}`: those are made by plugin `{}`",
            first.0.schedule.plugin
        );
        let hint = "name the same plugin, or write `copy = false`: then it takes its own";
        found
            .wrong
            .push(located.problem("off-site.copy", message, Some(hint)));
    } else if off_site.copy && !prepared.offers("copy") {
        let message = format!(
            "plugin `{}` does not copy snapshots",
            located.schedule.plugin
        );
        let hint = "write `copy = false`: then it takes its own snapshot of the same data";
        found
            .wrong
            .push(located.problem("off-site.copy", message, Some(hint)));
    }
    if same_plugin && written_trees(first.0).next().is_none() {
        found.refused.extend(same_provider(second, first));
    }
    for tenant in &located.schedule.tenants {
        if folders(tenant, located, first.0, found) {
            break;
        }
    }
}

/// The same plugin that keeps its snapshots at the same provider.
fn same_provider((located, prepared): One<'_>, first: One<'_>) -> Option<Diagnostic> {
    let Served::Plugin { plugin, .. } = &prepared.served else {
        return None;
    };
    if !located
        .schedule
        .grants
        .same_services(&first.0.schedule.grants)
    {
        return None;
    }
    let keys: Vec<&str> = (plugin.description().features.get(PLACE).into_iter())
        .flat_map(|keys| keys.split(','))
        .map(str::trim)
        .filter(|key| !key.is_empty())
        .collect();
    let (ours, theirs) = (config(located), config(first.0));
    if keys
        .iter()
        .any(|key| value(&ours, key) != value(&theirs, key))
    {
        return None;
    }
    let message = format!(
        "`{}` would keep its snapshots in the same place as `{}`, of which it is a second shelf",
        located.schedule.name, first.0.schedule.name
    );
    let hint = if keys.is_empty() {
        "grant a service at another origin: the plugin has no key that says where".to_owned()
    } else {
        format!(
            "give another value to {}, or grant a service at another origin",
            keys.iter()
                .map(|key| format!("`config.{key}`"))
                .collect::<Vec<_>>()
                .join(" or ")
        )
    };
    let key = keys
        .first()
        .map_or("off-site.of".to_owned(), |key| format!("config.{key}"));
    let problem = located.problem(&key, message, Some(&hint));
    Some(first.0.noted_at(problem, &key, "the first shelf"))
}

fn config(located: &Located) -> Value {
    serde_json::from_str(&located.schedule.config).unwrap_or_default()
}

/// The value of a dotted key; what is not there is nothing.
fn value<'a>(config: &'a Value, key: &str) -> Option<&'a Value> {
    let mut parts = key.split('.');
    let found = parts.try_fold(config, |value, part| value.get(part));
    found.filter(|value| !value.is_null())
}

fn written_trees(located: &Located) -> impl Iterator<Item = (&String, &TreeGrant)> {
    let trees = located.schedule.grants.files.iter();
    // Into one, something is restored: nothing is kept there.
    trees.filter(|(name, tree)| tree.access == Access::Write && *name != RESTORE_TREE)
}

/// Compares the folders of one tenant; true: something was found.
fn folders(tenant: &TenantName, located: &Located, first: &Located, found: &mut Found) -> bool {
    for (name, ours) in written_trees(located) {
        for (other, theirs) in written_trees(first) {
            let (one, two) = (real(&ours.folder(tenant)), real(&theirs.folder(tenant)));
            let key = format!("grants.files.{name}.path");
            let noted = |problem: Diagnostic| {
                first.noted_at(
                    problem,
                    &format!("grants.files.{other}.path"),
                    "the first shelf",
                )
            };
            let (second, of) = (&located.schedule.name, &first.schedule.name);
            if lies_within(&one, &two) || lies_within(&two, &one) {
                let message = format!(
                    "`{second}` would keep snapshots of {tenant} in {}, the same place as `{of}`, of which it is a second shelf",
                    one.display()
                );
                let hint =
                    "name a folder in another place: on another machine, in another building";
                found
                    .refused
                    .push(noted(located.problem(&key, message, Some(hint))));
                return true;
            }
            if device(&one).is_some_and(|ours| Some(ours) == device(&two)) {
                let message = format!(
                    "`{second}` keeps snapshots of {tenant} on the same device as `{of}`, of which it is a second shelf"
                );
                let hint = "when the disk goes, both go: name a folder on another one";
                let problem = noted(located.problem(&key, message, Some(hint)));
                found.warnings.push(problem.as_warning());
                return true;
            }
        }
    }
    false
}

/// Where a folder is, or will be: links of what is there already are followed.
fn real(folder: &Path) -> PathBuf {
    for above in folder.ancestors() {
        if let Ok(real) = std::fs::canonicalize(above) {
            let rest = folder.strip_prefix(above).unwrap_or(Path::new(""));
            // Joined with nothing, it would end in a slash.
            return real.components().chain(rest.components()).collect();
        }
    }
    folder.to_owned()
}

/// The device that a folder is on, or will be.
fn device(folder: &Path) -> Option<u64> {
    let there = folder
        .ancestors()
        .find_map(|above| std::fs::metadata(above).ok());
    there.map(|found| found.dev())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_that_is_not_there_is_like_one_that_is_nothing() {
        let config = json!({ "region": "eu-west-1", "vault": { "pool": "a", "zone": null } });
        assert_eq!(value(&config, "region"), Some(&json!("eu-west-1")));
        assert_eq!(value(&config, "vault.pool"), Some(&json!("a")));
        assert_eq!(value(&config, "vault.zone"), None);
        assert_eq!(value(&config, "zone"), None);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_where_the_one_above_leads() {
        let folder = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(folder.path()).unwrap();
        std::fs::create_dir(root.join("real")).unwrap();
        std::os::unix::fs::symlink("real", root.join("link")).unwrap();
        assert_eq!(real(&root.join("link/a/b")), root.join("real/a/b"));
        assert_eq!(device(&root.join("x/y")), device(&root));
    }
}
