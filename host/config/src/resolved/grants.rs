//! What a schedule lets its plugin use: folders, `state` and services.
//!
//! Owns: absolute paths, and that tenants and trees stay apart.
//! Never: looks at a disk; links are the sandbox's matter.
//! Read next: `strongroom_domain::grants`.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use strongroom_domain::TenantName;
use strongroom_domain::grants::{Access, Grants, TreeGrant};

use super::paths::absolute;
use super::services::services;
use crate::problems::{Problems, shortened};
use crate::raw::{RawGrants, RawTree};
use crate::reader::{At, RawTable};

/// The most folders of one schedule: each is an open handle in every call.
const TREES_LIMIT: usize = 64;
/// The longest name of a tree; plugins show it to people.
const NAME_LIMIT: usize = 63;

/// A grant, and where its path stands.
struct Placed {
    name: String,
    grant: TreeGrant,
    span: Range<usize>,
}

/// The grants; what is wrong is reported and left out.
pub(super) fn grants(
    raw: Option<&At<RawGrants>>,
    tenants: &[TenantName],
    problems: &mut Problems,
) -> Grants {
    let Some(raw) = raw else {
        return Grants::default();
    };
    let state = raw.state.as_ref().is_some_and(|at| at.value);
    let trees: Vec<_> = raw
        .files
        .iter()
        .flat_map(|at| &at.value)
        .filter_map(|(name, tree)| placed(name, tree, problems))
        .collect();
    if let Some(tree) = trees.get(TREES_LIMIT) {
        let message = format!("{} folders are granted", trees.len());
        problems.error(
            &tree.span,
            message,
            format!("at most {TREES_LIMIT}; grant a folder that holds them"),
        );
        return Grants::default();
    }
    for tree in &trees {
        shared_source(tree, tenants, problems);
    }
    overlapping(&trees, tenants, problems);
    let files: BTreeMap<_, _> = trees
        .into_iter()
        .map(|tree| (tree.name, tree.grant))
        .collect();
    let http = services(raw.http.as_ref(), problems);
    Grants { files, state, http }
}

fn placed(name: &str, raw: &At<RawTree>, problems: &mut Problems) -> Option<Placed> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() || name.len() > NAME_LIMIT || !name.chars().all(good) {
        let message = format!(
            "`{}` cannot be the name of a granted folder",
            shortened(name)
        );
        problems.error(
            &raw.span,
            message,
            "names are 1 to 63 lower-case letters, digits and hyphens",
        );
    }
    for key in raw.missing() {
        let what = format!("the granted folder `{}`", shortened(name));
        problems.missing(&what, key, &raw.span);
    }
    let at = raw.path.as_ref()?;
    let path = absolute(at, problems)?;
    let access = if raw.access.as_ref()?.value == "write" {
        Access::Write
    } else {
        Access::Read
    };
    if access == Access::Write && path.parent().is_none() {
        problems.error(
            &at.span,
            "the whole file system cannot be granted for writing",
            "name a folder of its own",
        );
        return None;
    }
    Some(Placed {
        name: name.to_owned(),
        grant: TreeGrant { path, access },
        span: at.span.clone(),
    })
}

/// Reports a source that several tenants would share: one of them would get the data of another.
fn shared_source(tree: &Placed, tenants: &[TenantName], problems: &mut Problems) {
    if let ([first, second, ..], Access::Read, false) =
        (tenants, tree.grant.access, tree.grant.per_tenant())
    {
        let message = format!(
            "`{}` is one folder for all tenants: `{first}` would get the data of `{second}`",
            tree.name
        );
        let hint = "write `{tenant}` where the tenant's name belongs, or write one schedule for each tenant";
        problems.error(&tree.span, message, hint);
    }
}

/// Reports trees that lie in each other, for any tenants.
fn overlapping(trees: &[Placed], tenants: &[TenantName], problems: &mut Problems) {
    for (at, one) in trees.iter().enumerate() {
        for other in trees.iter().skip(at + 1) {
            let both_read = one.grant.access == Access::Read && other.grant.access == Access::Read;
            if both_read || apart(&one.grant.path, &other.grant.path) {
                continue;
            }
            let (one_folders, other_folders) =
                (folders(&one.grant, tenants), folders(&other.grant, tenants));
            // The tree that is written to is the one to move.
            let (moved, stays) = if one.grant.access >= other.grant.access {
                (one, other)
            } else {
                (other, one)
            };
            if !one_folders.is_disjoint(&other_folders) {
                report(moved, "is the same folder as", stays, problems);
            } else if lies_in(&one_folders, &other_folders) {
                report(one, "lies inside", other, problems);
            } else if lies_in(&other_folders, &one_folders) {
                report(other, "lies inside", one, problems);
            }
        }
    }
}

/// Whether two paths part before a tenant's name stands in either of them: then no folder lies in another one.
fn apart(one: &Path, other: &Path) -> bool {
    let mut parts = one.components().zip(other.components());
    let parting = parts.find(|(one, other)| one != other || has_brace(one));
    parting.is_some_and(|(one, other)| !has_brace(&one) && !has_brace(&other))
}

/// A tenant's name may stand in it.
fn has_brace(part: &Component<'_>) -> bool {
    part.as_os_str().as_encoded_bytes().contains(&b'{')
}

fn report(inner: &Placed, relation: &str, outer: &Placed, problems: &mut Problems) {
    let message = |consequence| {
        format!(
            "`{}` {relation} `{}`: {consequence}",
            inner.name, outer.name
        )
    };
    let problem = match (inner.grant.access, outer.grant.access) {
        (Access::Write, Access::Write) => {
            let message = message("what is written to one appears in the other");
            problems
                .at(&inner.span, message, "choose a folder beside it")
                .as_warning()
        }
        (Access::Write, Access::Read) => {
            let message = message("what is written would be read again, and grow for ever");
            problems.at(
                &inner.span,
                message,
                format!("choose a folder outside `{}`", outer.grant.path.display()),
            )
        }
        _ => {
            let message = message("what is read would lie among what is written");
            problems.at(
                &inner.span,
                message,
                "choose folders that do not lie in each other",
            )
        }
    };
    let problem = problem.noted(
        &problems.source,
        outer.span.clone(),
        &format!("`{}` is this folder", outer.name),
    );
    problems.add(problem);
}

/// Whether the folder of any tenant lies in the other folder of any tenant.
fn lies_in(inner: &HashSet<PathBuf>, outer: &HashSet<PathBuf>) -> bool {
    inner
        .iter()
        .any(|folder| folder.ancestors().any(|above| outer.contains(above)))
}

fn folders(grant: &TreeGrant, tenants: &[TenantName]) -> HashSet<PathBuf> {
    let count = if grant.per_tenant() { tenants.len() } else { 1 };
    tenants
        .iter()
        .take(count)
        .map(|tenant| grant.folder(tenant))
        .collect()
}
