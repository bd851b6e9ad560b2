//! A rehearsal judged: what the two schedules of a swap did in the same days, and what speaks against a cut-over.
//!
//! Owns: the reasons. Never: counts anything itself; what is counted comes from the record and the providers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::{Outcome, PluginName, ScheduleName, TenantName, json_time};

/// What one schedule did in the days that are compared.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    /// Its name.
    pub schedule: ScheduleName,
    /// Its plugin.
    pub plugin: PluginName,
    /// Whether it makes snapshots at all.
    pub keeps_snapshots: bool,
    /// Due times that have ended, each for one tenant.
    pub due_times: u64,
    /// The first of them.
    #[serde(with = "json_time")]
    pub first_due: Option<Timestamp>,
    /// How they ended.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// The last failure of those that did not succeed, by kind.
    pub failures: BTreeMap<String, u64>,
    /// From the first attempt to the end of those that succeeded, in milliseconds.
    pub duration_ms: Option<Middle>,
    /// Bytes of the snapshots taken in these days.
    pub size_bytes: Option<Middle>,
    /// Its shelf: snapshots by the words of the catalog.
    pub shelf: BTreeMap<String, u64>,
    /// Of these, found good by being read or restored.
    pub verified: u64,
    /// What its provider lists; `None`: it was not asked.
    pub provider: Option<Listed>,
    /// By tenant.
    pub tenants: BTreeMap<TenantName, Tenant>,
}

/// The middle and the largest of some figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Middle {
    /// Half of them are not larger.
    pub median: u64,
    /// The largest.
    pub max: u64,
}

/// What a provider lists beside what the catalog has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Snapshots listed.
    pub snapshots: u64,
    /// In the catalog, and not listed.
    pub missing: u64,
    /// Listed, and not in the catalog.
    pub unknown: u64,
    /// Why it could not be asked, for one tenant or for all.
    pub failure: Option<String>,
}

/// How a schedule did for one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tenant {
    /// Runs that succeeded in these days.
    pub succeeded: u64,
    /// How the last one ended.
    pub last: Option<Outcome>,
    /// Good snapshots on the shelf.
    pub good: u64,
}

/// One thing that speaks against a cut-over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Against {
    /// Without it the promise would be broken: only a person who says why goes on all the same.
    pub refuses: bool,
    /// A sentence without a full stop.
    pub why: String,
}

impl Middle {
    /// Of some figures; `None`: there are none.
    #[must_use]
    pub fn of(mut figures: Vec<u64>) -> Option<Self> {
        figures.sort_unstable();
        Some(Self {
            median: *figures.get(figures.len().saturating_sub(1) / 2)?,
            max: *figures.last()?,
        })
    }
}

impl Side {
    fn ended(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(&outcome).copied().unwrap_or(0)
    }

    fn on_shelf(&self, word: &str) -> u64 {
        self.shelf.get(word).copied().unwrap_or(0)
    }
}

/// What speaks against a cut-over from `old` to `new`, after `days` were compared; nothing: it is advised.
#[must_use]
pub fn against(old: &Side, new: &Side, days: u32, since: Timestamp) -> Vec<Against> {
    let mut found: Vec<Against> = (new.tenants.iter())
        .flat_map(|(tenant, did)| of_tenant(new, tenant, did, days))
        .collect();
    let said = [
        fewer(old, new),
        damaged(new),
        unverified(old, new),
        elsewhere(new),
        too_short(new, days, since),
    ];
    found.extend(said.into_iter().flatten().map(|why| Against {
        refuses: false,
        why,
    }));
    found
}

fn of_tenant(new: &Side, tenant: &TenantName, did: &Tenant, days: u32) -> Vec<Against> {
    let shadow = &new.schedule;
    let mut found = Vec::new();
    if did.succeeded == 0 {
        found.push(Against {
            refuses: true,
            why: format!("`{shadow}` has not succeeded once for `{tenant}` in {days} days"),
        });
    } else if let Some(last) = did.last.filter(|last| last.alerts()) {
        found.push(Against {
            refuses: false,
            why: format!("the last run of `{shadow}` for `{tenant}` ended as {last}"),
        });
    }
    if new.keeps_snapshots && did.good == 0 {
        found.push(Against {
            refuses: true,
            why: format!("`{shadow}` has no good snapshot of `{tenant}`"),
        });
    }
    found
}

/// As shares of their due times, without dividing.
fn fewer(old: &Side, new: &Side) -> Option<String> {
    let (theirs, ours) = (new.ended(Outcome::Succeeded), old.ended(Outcome::Succeeded));
    let fewer = theirs.saturating_mul(old.due_times) < ours.saturating_mul(new.due_times);
    fewer.then(|| {
        format!(
            "`{}` succeeded {theirs} times of {}, `{}` {ours} times of {}",
            new.schedule, new.due_times, old.schedule, old.due_times
        )
    })
}

fn damaged(new: &Side) -> Option<String> {
    let shadow = &new.schedule;
    match new.on_shelf("damaged") {
        0 => None,
        1 => Some(format!("a snapshot of `{shadow}` was found damaged")),
        count => Some(format!(
            "{count} snapshots of `{shadow}` were found damaged"
        )),
    }
}

fn unverified(old: &Side, new: &Side) -> Option<String> {
    let none = new.keeps_snapshots && new.verified == 0 && old.verified > 0;
    none.then(|| {
        format!(
            "no snapshot of `{}` was verified, {} of `{}` were",
            new.schedule, old.verified, old.schedule
        )
    })
}

fn elsewhere(new: &Side) -> Option<String> {
    let (listed, shadow) = (new.provider.as_ref()?, &new.schedule);
    if let Some(failure) = &listed.failure {
        return Some(format!(
            "the provider of `{shadow}` did not list its snapshots: {failure}"
        ));
    }
    (listed.missing > 0).then(|| {
        format!(
            "{} of the snapshots of `{shadow}` are not at its provider",
            listed.missing
        )
    })
}

fn too_short(new: &Side, days: u32, since: Timestamp) -> Option<String> {
    let day = jiff::SignedDuration::from_hours(24);
    let late = new.first_due?.duration_since(since) > day;
    late.then(|| {
        format!(
            "`{}` has not rehearsed for all of {days} days yet",
            new.schedule
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: Timestamp = Timestamp::UNIX_EPOCH;

    fn side(name: &str, succeeded: u64, failed: u64) -> Side {
        let acme = Tenant {
            succeeded,
            last: Some(Outcome::Succeeded),
            good: succeeded,
        };
        Side {
            schedule: ScheduleName::new(name).unwrap(),
            plugin: PluginName::new("p").unwrap(),
            keeps_snapshots: true,
            due_times: succeeded + failed,
            first_due: Some(SINCE),
            outcomes: [(Outcome::Succeeded, succeeded), (Outcome::Failed, failed)].into(),
            failures: BTreeMap::new(),
            duration_ms: None,
            size_bytes: None,
            shelf: [("assumed".to_owned(), succeeded)].into(),
            verified: 0,
            provider: None,
            tenants: [(TenantName::new("acme").unwrap(), acme)].into(),
        }
    }

    fn said(old: &Side, new: &Side) -> Vec<String> {
        let found = against(old, new, 7, SINCE);
        let word = |one: &Against| if one.refuses { "no: " } else { "" };
        found
            .iter()
            .map(|one| word(one).to_owned() + &one.why)
            .collect()
    }

    #[test]
    fn a_shadow_that_did_as_well_is_advised() {
        assert_eq!(said(&side("old", 7, 0), &side("new", 7, 0)), [""; 0]);
        assert_eq!(said(&side("old", 5, 2), &side("new", 6, 1)), [""; 0]);
    }

    #[test]
    fn each_thing_that_is_worse_is_said_and_nothing_made_is_refused() {
        let old = Side {
            verified: 1,
            ..side("old", 7, 0)
        };
        let none = side("new", 0, 0);
        assert_eq!(
            said(&side("old", 7, 0), &none),
            [
                "no: `new` has not succeeded once for `acme` in 7 days",
                "no: `new` has no good snapshot of `acme`"
            ]
        );
        let mut worse = side("new", 6, 1);
        worse.shelf.insert("damaged".into(), 1);
        worse.provider = Some(Listed {
            missing: 2,
            ..Listed::default()
        });
        worse.first_due = SINCE.checked_add(jiff::SignedDuration::from_hours(49)).ok();
        worse
            .tenants
            .values_mut()
            .for_each(|did| did.last = Some(Outcome::Failed));
        assert_eq!(
            said(&old, &worse),
            [
                "the last run of `new` for `acme` ended as failed",
                "`new` succeeded 6 times of 7, `old` 7 times of 7",
                "a snapshot of `new` was found damaged",
                "no snapshot of `new` was verified, 1 of `old` were",
                "2 of the snapshots of `new` are not at its provider",
                "`new` has not rehearsed for all of 7 days yet"
            ]
        );
    }

    #[test]
    fn the_middle_of_figures_is_one_of_them() {
        assert_eq!(Middle::of(Vec::new()), None);
        assert_eq!(
            Middle::of(vec![9, 1, 4, 2]),
            Some(Middle { median: 2, max: 9 })
        );
    }
}
