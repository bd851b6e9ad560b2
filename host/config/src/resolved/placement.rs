//! Where snapshots are kept and how old the newest may become: `off-site`, `max-age`, `place`.
//!
//! Owns: what can be said of them without another schedule.
//! Never: whether the other schedule is there (`cross_checks::off_site`), or where a plugin keeps anything.

use std::ops::RangeInclusive;
use std::time::Duration;

use strongroom_domain::ScheduleName;
use strongroom_domain::schedule::{OffSite, Placement, Schedule};

use super::lengths::{in_words, length};
use super::names::named;
use crate::interner::Interner;
use crate::problems::{Problems, shortened};
use crate::raw::{RawOffSite, RawSchedule};
use crate::reader::{At, RawTable};

/// Shorter, and the alarm comes while a snapshot is taken; longer, and nobody is left who is told.
const MAX_AGES: RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(3660 * 24 * 3600);
/// The places of a provider that one schedule may name: a person reads them.
const PLACES: usize = 64;
/// The longest name of a place, in bytes.
const PLACE: usize = 256;

/// What is said of all that; what is wrong is reported.
pub(super) fn placement(raw: &RawSchedule, problems: &mut Problems) -> Placement {
    let off_site = raw
        .off_site
        .as_ref()
        .and_then(|raw| off_site(raw, problems));
    let max_age = raw
        .max_age
        .as_ref()
        .map(|at| length("max-age", Some(at), *MAX_AGES.end(), MAX_AGES, problems));
    let places = raw
        .place
        .as_ref()
        .map_or_else(Vec::new, |at| places(at, problems));
    Placement {
        off_site,
        max_age,
        places,
    }
}

fn off_site(raw: &At<RawOffSite>, problems: &mut Problems) -> Option<OffSite> {
    if !raw.has("of") {
        let message = "`off-site` does not say what it is a second shelf of";
        let hint = "add a line such as `of = \"acme-daily\"`";
        problems.error(&raw.span, message, hint);
    }
    let of = raw.of.as_ref()?;
    Some(OffSite {
        of: named("a schedule", ScheduleName::new, of, problems)?,
        copy: raw.copy.as_ref().is_some_and(|at| at.value),
    })
}

fn places(raw: &At<Vec<At<String>>>, problems: &mut Problems) -> Vec<String> {
    if raw.value.is_empty() || raw.value.len() > PLACES {
        let message = match raw.value.len() {
            0 => "`place` names no place".to_owned(),
            many => format!("`place` names {many} places"),
        };
        let hint = format!("name 1 to {PLACES}, or remove the key: then any place is right");
        problems.error(&raw.span, message, hint);
    }
    let mut names: Vec<String> = Vec::new();
    for at in &raw.value {
        let text = &at.value;
        if text.trim().is_empty() || text.len() > PLACE || text.contains(char::is_control) {
            let message = format!("`{}` is not the name of a place", shortened(text));
            let hint = format!("write it as the provider does, in at most {PLACE} bytes");
            problems.error(&at.span, message, hint);
        } else if names.contains(text) {
            let message = format!("the place `{}` is named twice", shortened(text));
            problems.error(&at.span, message, "remove one of them");
        } else {
            names.push(text.clone());
        }
    }
    names.sort();
    names
}

/// Records a warning where the newest snapshot is too old before every run.
pub(super) fn look(
    schedule: &Schedule,
    raw: &RawSchedule,
    interner: &mut Interner,
    problems: &mut Problems,
) {
    let (Some(max_age), Some(at)) = (schedule.max_age(), &raw.max_age) else {
        return;
    };
    let distances = interner.distances(&schedule.trigger, &schedule.zone);
    let Some((one, next)) = distances.longest else {
        return;
    };
    let Ok(pause) = Duration::try_from(next.duration_since(one)) else {
        return;
    };
    if max_age <= pause {
        let message = format!(
            "`max-age = \"{}\"` is no longer than the time between two runs, which is up to {}",
            shortened(&at.value),
            in_words(pause)
        );
        let hint = "somebody would be told although every run succeeds; write a longer time, with room for a run";
        problems.warning(&at.span, message, hint);
    }
}
