//! Which runs an edit of schedule files adds, removes and moves, and what else it changes.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use strongroom_config::{Diagnostics, ScheduleSet};
use strongroom_domain::preview::{Horizon, Preview, preview};
use strongroom_domain::schedule::Schedule;
use strongroom_orchestrator::{Clock, SystemClock};

use crate::{Error, lookup};

/// Every difference between two sets of schedule files.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// The differences.
    #[serde(flatten)]
    pub preview: Preview,
    /// What is allowed but probably not meant, in the new files.
    pub file_warnings: Diagnostics,
}

/// Compares the schedule files of two paths over so many days; of each kind of change at most `examples` are listed.
pub fn plan(
    old: &Path,
    new: &Path,
    from: Option<Timestamp>,
    days: u32,
    examples: usize,
) -> Result<Plan, Error> {
    let from = from.unwrap_or_else(|| SystemClock.now());
    let (old, new) = (load("OLD", old, from)?, load("NEW", new, from)?);
    let days = SignedDuration::from_hours(24 * i64::from(days));
    let until = from.checked_add(days).unwrap_or(Timestamp::MAX);
    let schedules = |set| lookup::schedules(set).collect::<Vec<&Schedule>>();
    let horizon = Horizon { from, until };
    Ok(Plan {
        preview: preview(&schedules(&old), &schedules(&new), horizon, examples),
        file_warnings: new.warnings,
    })
}

/// Reads one of the two; its problems say which of them it is.
fn load(which: &str, path: &Path, now: Timestamp) -> Result<ScheduleSet, Error> {
    strongroom_config::load(path, now).map_err(|problems| {
        let path = path.display();
        let hint = format!("the problems are in {which}, {path}; nothing was compared");
        Error::from(problems).hint(hint)
    })
}
