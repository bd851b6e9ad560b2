//! Each schedule proved to fit its plugin: grants, configuration, role, places.
//!
//! Never: a partial result; either everything fits or all problems are returned, each at its place in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strongroom_config::{Diagnostic, Diagnostics, Located, ScheduleSet};
use strongroom_domain::PluginName;
use strongroom_domain::capability::Capability;
use strongroom_domain::grants::{Access, Grants, Mismatch, compare, lies_within};
use strongroom_domain::role::{Role, resolve_role};
use strongroom_sandbox::Plugin;

use super::configs::Configs;
use super::misfit::{Found, Misfit, Unwanted};
use super::{PluginFile, PluginFolder, RefusedFile, Setup, drills, off_site, services};
use crate::call::prepared::{Credentials, Prepared, Served};

/// Fits every schedule to its plugin. `reserved` are folders no plugin may be granted (the ledger's).
///
/// # Errors
/// [`Misfit`] with all problems at once.
pub fn prepare(
    set: &ScheduleSet,
    folder: &PluginFolder,
    reserved: &[PathBuf],
    unwanted: Unwanted,
) -> Result<Setup, Misfit> {
    let mut misfit = Misfit {
        problems: Diagnostics::default(),
        refused: true,
    };
    let credentials: Arc<Credentials> = Arc::new(services::credentials(set, &mut misfit));
    let mut schedules = Vec::with_capacity(set.schedules.len());
    let mut configs = Configs::default();
    let (drills, others): (Vec<_>, Vec<_>) =
        (set.schedules.iter()).partition(|one| one.schedule.drill_of().is_some());
    for located in others {
        let mut found = Found::default();
        let prepared = fit(
            located,
            folder,
            reserved,
            unwanted,
            &credentials,
            &mut configs,
            &mut found,
        );
        schedules.extend(prepared);
        misfit.refused &= found.wrong.is_empty();
        misfit
            .problems
            .extend(found.wrong.into_iter().chain(found.refused));
    }
    let found = off_site::compare(set, &schedules);
    misfit.refused &= found.wrong.is_empty();
    misfit
        .problems
        .extend(found.wrong.into_iter().chain(found.refused));
    fit_drills(&drills, &mut schedules, &mut misfit);
    if misfit.problems.is_empty() {
        let mut setup = Setup::new(schedules, set.limits.clone());
        setup.warnings.extend(found.warnings);
        Ok(setup)
    } else {
        Err(misfit)
    }
}

fn fit_drills(drills: &[&Located], schedules: &mut Vec<Prepared>, misfit: &mut Misfit) {
    if drills.is_empty() {
        return;
    }
    let wanted: BTreeSet<_> = drills
        .iter()
        .filter_map(|one| one.schedule.drill_of())
        .collect();
    let drilled: BTreeMap<_, _> = (schedules.iter())
        .filter(|one| wanted.contains(&one.schedule.name))
        .map(|one| (one.schedule.name.clone(), one.clone()))
        .collect();
    for located in drills {
        let (prepared, problem) = drills::fit(located, &drilled);
        schedules.extend(prepared);
        misfit.refused &= problem.is_none();
        misfit.problems.extend(problem);
    }
}

fn fit<'a>(
    located: &'a Located,
    folder: &'a PluginFolder,
    reserved: &[PathBuf],
    unwanted: Unwanted,
    credentials: &Arc<Credentials>,
    configs: &mut Configs<'a>,
    found: &mut Found,
) -> Option<Prepared> {
    let schedule = &located.schedule;
    let mut given = Arc::clone(schedule);
    let Some(PluginFile { file, size, plugin }) = folder.plugins.get(&schedule.plugin) else {
        found.wrong.push(missing_plugin(located, folder));
        return None;
    };
    let role = role(located, plugin, found);
    if role == Some(Role::Task) {
        found.wrong.extend(off_site::none(located));
    }
    let idle = match unwanted {
        Unwanted::Refuse => idle_grants(&schedule.grants, plugin),
        Unwanted::Withhold => Vec::new(),
    };
    let explained = idle.iter().map(|one| never_imported(located, file, *one));
    found.refused.extend(explained);
    for mismatch in compare(&plugin.description().wants, &schedule.grants) {
        if let Mismatch::NotWanted { capability, .. } = &mismatch
            && idle.contains(capability)
        {
            continue;
        }
        if unwanted == Unwanted::Refuse
            || !withhold(
                Arc::make_mut(&mut Arc::make_mut(&mut given).grants),
                &mismatch,
            )
        {
            let problem = explain_mismatch(located, file, &mismatch);
            found.refused.push(problem);
        }
    }
    services::fit(located, plugin, unwanted, credentials, &mut given, found);
    check_places(located, reserved, found);
    found.wrong.extend(configs.check(located, plugin));
    Some(Prepared {
        schedule: given,
        served: Served::Plugin {
            plugin: plugin.clone(),
            size: *size,
            credentials: credentials.clone(),
        },
        role: role?,
    })
}

/// What is granted and never imported: nothing can come of it.
fn idle_grants(grants: &Grants, plugin: &Plugin) -> Vec<Capability> {
    let granted = |capability: &Capability| match capability {
        Capability::Files => !grants.files.is_empty(),
        Capability::State => grants.state,
        Capability::Http => !grants.http.is_empty(),
        Capability::Log | Capability::Progress => false,
    };
    let idle = |capability: &Capability| granted(capability) && !plugin.imports(*capability);
    Capability::ALL.into_iter().filter(idle).collect()
}

fn never_imported(located: &Located, file: &Path, capability: Capability) -> Diagnostic {
    let plugin = file.file_name().unwrap_or_default().to_string_lossy();
    located.problem(
        &format!("grants.{capability}"),
        format!("`{capability}` is granted, but {plugin} never imports it"),
        Some("remove the grant: nothing is given that is not used"),
    )
}

/// The role that the host calls, or what is wrong.
fn role(located: &Located, plugin: &Plugin, found: &mut Found) -> Option<Role> {
    let schedule = &located.schedule;
    match resolve_role(schedule.role, plugin.roles()) {
        Ok(role) => Some(role),
        Err(problem) => {
            let key = if schedule.role.is_some() {
                "role"
            } else {
                "plugin"
            };
            let message = format!("plugin `{}` {problem}", schedule.plugin);
            let hint = problem.hint();
            found.wrong.push(located.problem(key, message, Some(&hint)));
            None
        }
    }
}

/// Takes back what is granted and not wanted; false: the mismatch is something else.
fn withhold(grants: &mut Grants, mismatch: &Mismatch) -> bool {
    match mismatch {
        Mismatch::NotWanted { capability, name } => match capability {
            Capability::Files => grants.files.remove(name).is_some(),
            Capability::State => std::mem::take(&mut grants.state),
            // Services are compared by `services`; the others are never granted.
            Capability::Http | Capability::Log | Capability::Progress => false,
        },
        Mismatch::TooWide { name } => match grants.files.get_mut(name) {
            Some(tree) => {
                tree.access = Access::Read;
                true
            }
            None => false,
        },
        Mismatch::NotGranted(_) | Mismatch::TooNarrow(_) => false,
    }
}

fn missing_plugin(located: &Located, folder: &PluginFolder) -> Diagnostic {
    let name = &located.schedule.plugin;
    let refused = folder.refused.iter().find(|refused| {
        refused
            .file
            .file_stem()
            .is_some_and(|stem| *stem == *name.as_str())
    });
    if let Some(RefusedFile { file, reason, hint }) = refused {
        return located.problem(
            "plugin",
            format!("{} cannot be used: {reason}", file.display()),
            hint.as_deref(),
        );
    }
    let known: Vec<&str> = folder.plugins.keys().map(PluginName::as_str).collect();
    let hint = if known.is_empty() {
        "the plugins folder holds no usable plugin; put the `.wasm` file there or name another folder with `--plugins`".to_owned()
    } else {
        format!("the plugins folder holds: {}", known.join(", "))
    };
    located.problem(
        "plugin",
        format!("there is no plugin `{name}`"),
        Some(&hint),
    )
}

fn explain_mismatch(located: &Located, file: &Path, mismatch: &Mismatch) -> Diagnostic {
    let plugin = file.file_name().unwrap_or_default().to_string_lossy();
    let access = |access: Access| {
        if access == Access::Read {
            "read"
        } else {
            "write"
        }
    };
    match mismatch {
        Mismatch::NotGranted(want) if want.capability == Capability::Files => {
            let (what, name) = match want.name.as_str() {
                "*" => ("at least one tree".to_owned(), "NAME"),
                name => (format!("tree `{name}`"), name),
            };
            let message = format!(
                "{plugin} wants {what} to {} ({}), and it is not granted",
                access(want.access),
                want.reason
            );
            let hint = format!(
                "add `[schedule.grants.files.{name}]` with `path` and `access = \"{}\"`",
                access(want.access)
            );
            located.problem("grants", message, Some(&hint))
        }
        Mismatch::NotGranted(want) => located.problem(
            "grants",
            format!(
                "{plugin} wants `{}` ({}), and it is not granted",
                want.capability, want.reason
            ),
            Some(&format!(
                "add `{} = true` under `[schedule.grants]`",
                want.capability
            )),
        ),
        Mismatch::NotWanted {
            capability: Capability::Files,
            name,
        } => located.problem(
            &format!("grants.files.{name}"),
            format!("tree `{name}` is granted, but {plugin} does not want it"),
            Some("remove the grant: nothing is given that is not used"),
        ),
        Mismatch::NotWanted { capability, .. } => located.problem(
            &format!("grants.{capability}"),
            format!("`{capability}` is granted, but {plugin} does not want it"),
            Some("remove the grant: nothing is given that is not used"),
        ),
        Mismatch::TooWide { name } => located.problem(
            &format!("grants.files.{name}"),
            format!("tree `{name}` is granted for writing, but {plugin} only reads it"),
            Some("write `access = \"read\"`"),
        ),
        Mismatch::TooNarrow(want) => located.problem(
            &format!("grants.files.{}", want.name),
            format!(
                "{plugin} wants to write tree `{}` ({}), and the grant is for reading",
                want.name, want.reason
            ),
            Some("write `access = \"write\"`"),
        ),
    }
}

/// A granted tree must not hold the ledger, and a written tree must not touch a read one, links resolved.
fn check_places(located: &Located, reserved: &[PathBuf], found: &mut Found) {
    let grants = &located.schedule.grants.files;
    for tenant in &located.schedule.tenants {
        let real = |path: PathBuf| std::fs::canonicalize(&path).unwrap_or(path);
        let trees: Vec<_> = grants
            .iter()
            .map(|(name, grant)| (name, grant.access, real(grant.folder(tenant))))
            .collect();
        for (name, _, folder) in &trees {
            if let Some(taken) = reserved
                .iter()
                .find(|taken| lies_within(taken, folder) || lies_within(folder, taken))
            {
                found.refused.push(located.problem(
                    &format!("grants.files.{name}"),
                    format!(
                        "tree `{name}` of {tenant} and the host's own folder {} overlap",
                        taken.display()
                    ),
                    Some("no plugin is given the ledger: move one of the two"),
                ));
            }
        }
        for (place, _, written) in trees
            .iter()
            .filter(|(_, access, _)| *access == Access::Write)
        {
            for (source, _, read) in trees
                .iter()
                .filter(|(_, access, _)| *access == Access::Read)
            {
                if lies_within(written, read) || lies_within(read, written) {
                    found.refused.push(located.problem(&format!("grants.files.{place}"),
                        format!("tree `{place}` ({}) and its source `{source}` ({}) overlap", written.display(), read.display()),
                        Some("a snapshot inside its own source would hold itself: choose another place"),
                    ));
                }
            }
        }
    }
}
