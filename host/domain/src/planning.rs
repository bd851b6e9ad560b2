//! Which due times become occurrences, and which of them are missed from the start.
//!
//! One path for a restart, an outage and ordinary running: everything after the watermark up to now is recorded.

use std::time::Duration;

use jiff::Timestamp;

use crate::calendar::due_between;
use crate::schedule::{Missed, Schedule};
use crate::{Outcome, TenantName};

/// A due time that is noticed later than this was missed: the loop wakes within milliseconds, so a minute means that
/// the host was down, asleep or far behind.
const LATE: Duration = Duration::from_secs(60);

/// An occurrence to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// For whom.
    pub tenant: TenantName,
    /// The nominal time.
    pub due: Timestamp,
    /// Set when it is not going to run, with the reason.
    pub ends: Option<(Outcome, String)>,
}

/// The due times of a schedule after `after` and up to `now`, at most `limit` of them, and the time up to which they
/// are complete: the next `after`.
#[must_use]
pub fn plan(
    schedule: &Schedule,
    after: Timestamp,
    now: Timestamp,
    limit: usize,
) -> (Vec<Planned>, Timestamp) {
    if !schedule.enabled {
        return (Vec::new(), now);
    }
    let mut dues = due_between(&schedule.trigger, &schedule.zone, after, now)
        .map(|due| due.at)
        .peekable();
    let mut planned = Vec::new();
    let mut until = now;
    for _ in 0..limit {
        let Some(due) = dues.next() else {
            until = now;
            break;
        };
        until = due;
        let ends = missed(schedule, due, dues.peek().copied(), now)
            .map(|reason| (Outcome::Missed, reason));
        for tenant in &schedule.tenants {
            planned.push(Planned {
                tenant: tenant.clone(),
                due,
                ends: ends.clone(),
            });
        }
    }
    if dues.peek().is_none() {
        until = now;
    }
    (planned, until)
}

fn missed(
    schedule: &Schedule,
    due: Timestamp,
    later: Option<Timestamp>,
    now: Timestamp,
) -> Option<String> {
    if let Some(later) = later {
        return Some(format!(
            "the host was not running then; the due time {later} took its place"
        ));
    }
    let late = Duration::try_from(now.duration_since(due)).unwrap_or_default();
    if late <= LATE {
        return None;
    }
    match schedule.missed {
        Missed::None => Some("the host was not running then, and `missed = \"none\"`".to_owned()),
        Missed::Latest if late > schedule.missed_within => Some(
            "the host was not running then, and it is longer ago than `missed-within`".to_owned(),
        ),
        Missed::Latest => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Every, Zone};
    use crate::grants::Grants;
    use crate::retry::RetryPolicy;
    use crate::schedule::{Overlap, Trigger, defaults};
    use crate::{PluginName, ScheduleName};

    fn hourly(missed: Missed) -> Schedule {
        Schedule {
            name: ScheduleName::new("hourly").unwrap(),
            plugin: PluginName::new("p").unwrap(),
            trigger: Trigger::Every(Every::parse("1h").unwrap()),
            zone: Zone::parse("UTC").unwrap(),
            tenants: vec![TenantName::new("acme").unwrap()],
            overlap: Overlap::Skip,
            missed,
            missed_within: Duration::from_secs(12 * 3600),
            timeout: defaults::TIMEOUT,
            retry: RetryPolicy::default(),
            retention: None,
            config: "{}".into(),
            grants: Grants::default(),
            memory: defaults::MEMORY,
            enabled: true,
        }
    }

    fn hour(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3600).unwrap()
    }

    fn outcomes(schedule: &Schedule, after: i64, now: Timestamp) -> Vec<bool> {
        plan(schedule, hour(after), now, 100)
            .0
            .iter()
            .map(|planned| planned.ends.is_none())
            .collect()
    }

    #[test]
    fn after_an_outage_only_the_latest_runs_and_every_due_time_is_recorded() {
        assert_eq!(
            outcomes(&hourly(Missed::Latest), 0, hour(4)),
            [false, false, false, true]
        );
    }

    #[test]
    fn nothing_missed_runs_where_none_is_wanted() {
        let now = hour(4).checked_add(Duration::from_secs(1800)).unwrap();
        assert_eq!(outcomes(&hourly(Missed::None), 0, now), [false; 4]);
        assert_eq!(
            outcomes(&hourly(Missed::Latest), 0, now),
            [false, false, false, true]
        );
    }

    #[test]
    fn what_is_too_old_is_missed() {
        let mut schedule = hourly(Missed::Latest);
        schedule.missed_within = Duration::from_secs(600);
        let now = hour(4).checked_add(Duration::from_secs(1800)).unwrap();
        assert_eq!(outcomes(&schedule, 0, now), [false; 4]);
    }

    #[test]
    fn a_long_outage_is_planned_in_pieces_without_a_hole() {
        let schedule = hourly(Missed::Latest);
        let (mut after, mut dues) = (hour(0), Vec::new());
        while after < hour(1000) {
            let (planned, until) = plan(&schedule, after, hour(1000), 64);
            dues.extend(
                planned
                    .into_iter()
                    .map(|planned| (planned.due, planned.ends.is_none())),
            );
            after = until;
        }
        assert_eq!(dues.len(), 1000);
        assert_eq!(dues.iter().filter(|(_, runs)| *runs).count(), 1);
        assert_eq!(dues.last(), Some(&(hour(1000), true)));
    }
}
