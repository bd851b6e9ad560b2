//! Schedules that are second shelves of others: whether the others are there and can be.
//!
//! Owns: problems of `off-site` that no entry has by itself.
//! Never: where a plugin keeps anything; whoever knows plugins compares that.
//! Read next: `references`.

use std::collections::HashMap;

use strongroom_domain::schedule::OffSite;

use super::references::{Hints, lacking};
use crate::diagnostic::Diagnostics;
use crate::located::Located;
use crate::merge::Merged;

/// Looks at every schedule that is a second shelf of another one.
pub(crate) fn look(read: &Merged, problems: &mut Diagnostics) {
    let found = |located| Some((located, Located::off_site(located)?));
    let off_site: Vec<(&Located, &OffSite)> = read.schedules.iter().filter_map(found).collect();
    if off_site.is_empty() {
        return;
    }
    let names = read.schedules.iter();
    let known: HashMap<_, _> = names.map(|one| (&one.schedule.name, one)).collect();
    let mut hints = Hints::default();
    for (located, OffSite { of, .. }) in off_site {
        let name = &located.schedule.name;
        if name == of {
            let message = format!("`{name}` is a second shelf of itself");
            let hint = "name the schedule whose snapshots lie elsewhere";
            problems.push(located.problem("off-site.of", message, Some(hint)));
        } else if let Some(first) = known.get(of) {
            compare(located, first, problems);
        } else if read.place(of).is_none() {
            let or = "write the `name` of a schedule of this folder";
            let hint = hints.instead(of, read, or);
            let message = format!("there is no schedule `{of}` to have a second shelf of");
            problems.push(located.problem("off-site.of", message, Some(&hint)));
        }
    }
}

/// Whether one can be the second shelf of the other at all.
fn compare(located: &Located, first: &Located, problems: &mut Diagnostics) {
    let (name, of) = (&located.schedule.name, &first.schedule.name);
    if let Some(beyond) = first.off_site() {
        let message = format!(
            "`{name}` is a second shelf of `{of}`, which is one of `{}` itself",
            beyond.of
        );
        let hint = "name the first shelf: a copy of a copy would hide that the first one is old";
        let problem = located.problem("off-site.of", message, Some(hint));
        problems.push(first.noted_at(problem, "off-site.of", "the other one"));
    }
    if let Some(tenants) = lacking(located, first) {
        let message = format!("`{of}` has no snapshots of {tenants}");
        let hint = "name the same tenants there, or remove them here";
        let problem = located.problem("tenants", message, Some(hint));
        problems.push(first.noted_at(problem, "tenants", "the tenants of the first shelf"));
    }
    if let Some(successor) = first.schedule.successor() {
        let message = format!(
            "`{name}` is a second shelf of `{of}`, which was succeeded by `{successor}` and makes nothing new"
        );
        let hint =
            format!("write `of = \"{successor}\"`, if its plugin can copy what that one makes");
        let problem = located.problem("off-site.of", message, Some(&hint));
        let problem = first.noted_at(problem, "succeeded-by", "here");
        problems.push(problem.as_warning());
    }
    if located.schedule.enabled && !first.schedule.enabled {
        let message = format!("`{name}` is a second shelf of `{of}`, which is not enabled");
        let hint = "nothing new comes to the first shelf";
        problems.push(
            located
                .problem("off-site.of", message, Some(hint))
                .as_warning(),
        );
    }
}
