//! What holds across schedules: who follows whom, and the limits and credentials that several of them share.
//!
//! Owns: problems that no entry has by itself.
//! Never: reads an entry.
//! Read next: `set`.

pub(crate) mod drills;
pub(crate) mod off_site;
mod references;
pub(crate) mod swaps;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use strongroom_domain::schedule::{Limits, Trigger};
use strongroom_domain::{AccountName, CredentialName, PluginName, ScheduleName};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::located::Located;
use crate::merge::Merged;
use crate::resolved::{Declared, Limit, Limited};
use crate::source::SourceFile;
use crate::unknown::nearest;
use references::{Hints, lacking};

/// A name is compared with all others for so many hints: for each of very many it would take minutes.
const GUESSES: usize = 20;

/// Looks at every schedule that follows another one.
pub(crate) fn follow(read: &Merged, problems: &mut Diagnostics) {
    let schedules = &read.schedules;
    let followed: Vec<_> = schedules
        .iter()
        .filter_map(|located| match &located.schedule.trigger {
            // A trigger without ends stands for that of a schedule that was not found.
            Trigger::After(after) if after.outcomes.is_empty() => None,
            Trigger::After(after) => Some((located, &after.schedule)),
            _ => None,
        })
        .collect();
    if followed.is_empty() {
        return;
    }
    let known: HashMap<_, _> = schedules
        .iter()
        .map(|located| (&located.schedule.name, located))
        .collect();
    let mut hints = Hints::default();
    // One that has its trigger from another schedule says nothing of its own.
    let own = |(located, _): &&(&Located, _)| located.schedule.swap_role().other().is_none();
    for (located, name) in followed.iter().filter(own) {
        if let Some(first) = known.get(name) {
            compare(located, first, problems);
        } else if read.place(name).is_none() {
            let or = "write the `name` of a schedule of this folder";
            let hint = hints.instead(name, read, or);
            let message = format!("there is no schedule `{name}` to follow");
            problems.push(located.problem("after", message, Some(&hint)));
        }
    }
    cycles(&followed, problems);
}

/// Whether one can follow the other at all.
fn compare(located: &Located, first: &Located, problems: &mut Diagnostics) {
    let (name, followed) = (&located.schedule.name, &first.schedule.name);
    if let Some(tenants) = lacking(located, first) {
        let message = format!(
            "`{name}` can never run for {tenants}: `{followed}`, which it follows, does not"
        );
        let hint = "name the same tenants there, or remove them here";
        let problem = located.problem("tenants", message, Some(hint));
        problems.push(first.noted_at(problem, "tenants", "the tenants of the schedule it follows"));
    }
    if let Some(successor) = first.schedule.successor() {
        let message = format!("`{name}` follows `{followed}`, which makes nothing new");
        let hint = format!("`{successor}` took its place: write `after = \"{successor}\"`");
        problems.push(located.problem("after", message, Some(&hint)).as_warning());
    }
    if located.schedule.enabled && !first.schedule.enabled {
        let message = format!("`{name}` follows `{followed}`, which is not enabled");
        let hint = "it runs only when that one does";
        problems.push(located.problem("after", message, Some(hint)).as_warning());
    }
}

/// Reports every circle once, at its first schedule in the order of the files.
fn cycles(followed: &[(&Located, &ScheduleName)], problems: &mut Diagnostics) {
    let next: HashMap<_, _> = followed
        .iter()
        .map(|(located, name)| (&located.schedule.name, *name))
        .collect();
    let mut done = HashSet::new();
    for (located, _) in followed {
        let start = &located.schedule.name;
        let mut path = vec![start];
        let mut on_path = HashSet::from([start]);
        let mut at = start;
        while let Some(name) = next.get(at).filter(|_| !done.contains(at)) {
            if *name == start {
                problems.push(circle(located, &path));
                break;
            }
            if !on_path.insert(name) {
                break;
            }
            path.push(name);
            at = name;
        }
        // A circle that this one only leads into is reported at its own first schedule.
        if path
            .last()
            .is_some_and(|last| next.get(*last) == Some(&start))
            || !next.contains_key(at)
        {
            done.extend(path);
        } else {
            done.insert(start);
        }
    }
}

fn circle(located: &Located, path: &[&ScheduleName]) -> Diagnostic {
    let Some((first, others)) = path.split_first() else {
        return located.problem("after", "this schedule follows itself", None);
    };
    let message = if others.is_empty() {
        format!("`{first}` follows itself")
    } else {
        let others: Vec<_> = others.iter().map(|name| format!("`{name}`")).collect();
        format!(
            "`{first}` follows itself: after {}, after `{first}`",
            others.join(", after ")
        )
    };
    let hint = "none of them would ever run; give one of them a time of its own, as in `cron = \"0 3 * * *\"`";
    located.problem("after", message, Some(hint))
}

/// The limits of all files. One that is written twice, or of something that no schedule names, is reported.
pub(crate) fn limits(
    found: Vec<Limit>,
    schedules: &[Located],
    problems: &mut Diagnostics,
) -> Limits {
    let mut limits = Limits::default();
    let mut places: HashMap<Limited, (Arc<SourceFile>, Range<usize>)> = HashMap::new();
    if found.is_empty() {
        return limits;
    }
    let plugins: HashSet<&PluginName> = schedules.iter().map(|one| &one.schedule.plugin).collect();
    let accounts: HashSet<&AccountName> = schedules
        .iter()
        .filter_map(|one| one.schedule.account.as_ref())
        .collect();
    for limit in found {
        let problem = |message: String| Diagnostic::at(&limit.source, limit.span.clone(), message);
        if let Some((source, first)) = places.get(&limit.of) {
            let message = format!("{} has two limits", limit.of);
            let problem = problem(message).hinted("keep one of them");
            problems.push(problem.noted(source, first.clone(), "the other one"));
            continue;
        }
        let (known, near) = match &limit.of {
            Limited::Plugin(name) => {
                limits.plugins.insert(name.clone(), limit.at_once);
                let known = plugins.iter().map(|name| name.as_str());
                (plugins.contains(name), nearest(name.as_str(), known))
            }
            Limited::Account(name) => {
                limits.accounts.insert(name.clone(), limit.at_once);
                let known = accounts.iter().map(|name| name.as_str());
                (accounts.contains(name), nearest(name.as_str(), known))
            }
        };
        if !known {
            let hint = near.map_or_else(
                || "it limits nothing; remove it, or name it in a schedule".to_owned(),
                |near| format!("did you mean `\"{near}\"`?"),
            );
            let message = format!("no schedule names {}", limit.of);
            problems.push(problem(message).hinted(hint).as_warning());
        }
        places.insert(
            limit.of.clone(),
            (Arc::clone(&limit.source), limit.span.clone()),
        );
    }
    limits
}

/// The credentials of all files. One that is declared twice, or that no grant names, is reported; so is a grant that names
/// one that is not there.
pub(crate) fn credentials(
    found: Vec<Declared>,
    schedules: &[Located],
    problems: &mut Diagnostics,
) -> BTreeMap<CredentialName, Declared> {
    let mut declared: BTreeMap<CredentialName, Declared> = BTreeMap::new();
    for credential in found {
        let name = credential.credential.name.clone();
        if let Some(first) = declared.get(&name) {
            let message = format!("two credentials are named `{name}`");
            let problem =
                credential.problem("name", message, Some("give one of them another name"));
            problems.push(first.noted_at(problem, "the other one"));
        } else {
            declared.insert(name, credential);
        }
    }
    let mut used: HashSet<&CredentialName> = HashSet::new();
    let mut guesses = 0;
    for located in schedules {
        for (service, grant) in &located.schedule.grants.http {
            let Some(name) = &grant.credential else {
                continue;
            };
            if declared.contains_key(name) {
                used.insert(name);
                continue;
            }
            guesses += 1;
            let near = (guesses <= GUESSES)
                .then(|| nearest(name.as_str(), declared.keys().map(CredentialName::as_str)));
            let hint = near.flatten().map_or_else(
                || format!("declare it: `[[credential]]` with `name = \"{name}\"`, in any file of the folder"),
                |near| format!("did you mean `\"{near}\"`?"),
            );
            let message = format!("there is no credential `{name}`");
            let key = format!("grants.http.{service}.credential");
            problems.push(located.problem(&key, message, Some(&hint)));
        }
    }
    for (name, credential) in declared.iter().filter(|(name, _)| !used.contains(name)) {
        let message = format!("no grant names the credential `{name}`");
        let hint = "remove it, or name it in `[schedule.grants.http.SERVICE]`";
        problems.push(credential.problem("name", message, Some(hint)).as_warning());
    }
    declared
}
